import ShapleyPrune
import Support
import Testing

/// Windows against a direct computation, and what they cost.
@Suite struct SlidingWindowTests {
  /// phi of one player in one window, straight from the formula, over sets of players.
  private func direct(
    _ game: TableGame, player: Int, window: Range<Int>, surroundings: Surroundings
  ) -> Double {
    let outside = (0..<game.playerCount).filter { !window.contains($0) && surroundings == .intact }
    let others = window.filter { $0 != player }
    func value(_ players: [Int]) -> Double { game.table[(players + outside).reduce(0) { $0 | 1 << $1 }] }
    var sum = 0.0
    for mask in 0..<1 << others.count {
      let present = others.indices.filter { mask >> $0 & 1 == 1 }.map { others[$0] }
      let weight =
        factorial(present.count) * factorial(window.count - present.count - 1) / factorial(window.count)
      sum += weight * (value(present + [player]) - value(present))
    }
    return sum
  }

  @Test("Windows agree with a direct computation", arguments: 1...8)
  func bruteForce(players: Int) throws {
    var generator = SeededGenerator(seed: UInt64(players))
    let game = TableGame.random(playerCount: players, using: &generator)
    for length in 1...players {
      for surroundings in Surroundings.allCases {
        let centred = (0..<players).map { player in
          let start = min(max(player - (length - 1) / 2, 0), players - length)
          return direct(game, player: player, window: start..<start + length, surroundings: surroundings)
        }
        let averaged = (0..<players).map { player in
          let windows = (0...players - length).map { $0..<$0 + length }.filter { $0.contains(player) }
          return windows.reduce(0) {
            $0 + direct(game, player: player, window: $1, surroundings: surroundings)
          } / Double(windows.count)
        }
        for (placement, expected) in [(WindowPlacement.centred, centred), (.averaged, averaged)] {
          let result = try SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings)
            .estimate(of: game)
          #expect(distance(result.values, expected) < 1e-12, "w = \(length), \(placement), \(surroundings)")
        }
      }
    }
  }

  @Test("Evaluations are (n - w) 2^(w-1) + 2^w for all n up to 14", arguments: 1...14)
  func evaluations(players: Int) throws {
    let symmetric = SymmetricGame(valueBySize: (0...players).map { Double($0 * $0) })
    for length in 1...players {
      for placement in WindowPlacement.allCases {
        for surroundings in Surroundings.allCases {
          var game = MemoisedGame(symmetric)
          let result = try SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings)
            .estimate(&game)
          #expect(result.evaluations == (players - length) << (length - 1) + 1 << length)
          #expect(result.additionalEvaluations == (length < players ? 1 : 0))
          #expect(game.evaluatedCount == result.evaluations + result.additionalEvaluations)
          #expect(result.emptyValue == 0)
          #expect(result.grandValue == Double(players * players))
        }
      }
    }
  }

  @Test(
    "The counts of the design: 12 players and 32", arguments: [(12, 1, 13), (12, 3, 44), (12, 5, 144), (32, 5, 464)])
  func knownCounts(players: Int, length: Int, expected: Int) throws {
    let result = try SlidingWindowShapley(length: length, placement: .centred)
      .estimate(of: AdditiveGame(weights: [Double](repeating: 1, count: players)))
    #expect(result.evaluations == expected)
    #expect(result.coalitionsAsked == players << length)
  }

  @Test("Absent players of every coalition span no more than the window")
  func absentSpan() throws {
    var game = MemoisedGame(RecordingGame(AdditiveGame(weights: [Double](repeating: 1, count: 100))))
    _ = try SlidingWindowShapley(length: 4).estimate(&game)
    for coalition in game.game.batches[0] where !coalition.isEmpty {
      let absent = coalition.absentPlayers()
      if let first = absent.first, let last = absent.last { #expect(last - first < 4) }
    }
  }
}
