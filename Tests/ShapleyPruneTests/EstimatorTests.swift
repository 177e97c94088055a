import ShapleyPrune
import Support
import TestSupport
import Testing

/// Properties with closed forms, for every estimator.
@Suite struct EstimatorTests {
  /// Every estimator that runs on a game of n players.
  static func estimators(_ players: Int) -> [any ShapleyEstimator] {
    var all: [any ShapleyEstimator] = [ExactShapley(), PermutationShapley(budget: 4 * players, seed: 1)]
    for length in 1...players + 1 {
      for placement in WindowPlacement.allCases {
        for surroundings in Surroundings.allCases {
          all.append(SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings))
        }
      }
    }
    return all
  }

  @Test("Additive games: every estimator gives the weights", arguments: 1...9)
  func additive(players: Int) throws {
    var generator = SeededGenerator(seed: UInt64(players))
    let weights = (0..<players).map { _ in generator.normal() }
    for estimator in Self.estimators(players) {
      let result = try estimator.estimate(of: AdditiveGame(weights: weights, constant: 3))
      #expect(distance(result.values, weights) < 1e-12, "\(result.estimator)")
      #expect(abs(result.efficiencyGap) < 1e-12)
      #expect(result.emptyValue == 3)
      #expect(abs(result.grandValue - weights.reduce(3, +)) < 1e-12)
      #expect(result.standardErrors?.allSatisfy { $0 < 1e-12 } ?? true)
    }
  }

  @Test("Sums of unanimity games: the exact values are the coefficients shared among the carriers", arguments: 1...9)
  func unanimity(players: Int) throws {
    var generator = SeededGenerator(seed: 100 + UInt64(players))
    let game = UnanimityGame.random(playerCount: players, terms: 12, using: &generator)
    let result = try ExactShapley().estimate(of: game)
    #expect(distance(result.values, game.shapleyValues) < 1e-12)
    #expect(abs(result.efficiencyGap) < 1e-12)
  }

  @Test("A unanimity game in a window: the carrier's players that the window holds share all of it")
  func unanimityInWindow() throws {
    let carrier: Set<Int> = [2, 3, 6]
    let game = UnanimityGame(playerCount: 9, terms: [.init(carrier: carrier, coefficient: 6)])
    for length in 1...9 {
      let result = try SlidingWindowShapley(length: length, placement: .centred).estimate(of: game)
      let expected = (0..<9).map { player in
        let start = min(max(player - (length - 1) / 2, 0), 9 - length)
        let shared = carrier.filter { (start..<start + length).contains($0) }
        return carrier.contains(player) ? 6 / Double(shared.count) : 0
      }
      #expect(distance(result.values, expected) < 1e-12, "length \(length)")
    }
  }

  @Test("A carrier wider than the window is invisible where the surroundings are absent")
  func unanimityInAbsentSurroundings() throws {
    let game = UnanimityGame(playerCount: 7, terms: [.init(carrier: [1, 4], coefficient: 2)])
    for placement in WindowPlacement.allCases {
      let result = try SlidingWindowShapley(length: 3, placement: placement, surroundings: .absent).estimate(of: game)
      #expect(result.values == [Double](repeating: 0, count: 7))
      #expect(result.efficiencyGap == 2)
    }
  }

  @Test("Symmetric games: all players of the exact values are equal", arguments: 1...8)
  func symmetric(players: Int) throws {
    var generator = SeededGenerator(seed: 200 + UInt64(players))
    let game = SymmetricGame(valueBySize: (0...players).map { _ in generator.normal() })
    let share = (game.valueBySize[players] - game.valueBySize[0]) / Double(players)
    let result = try ExactShapley().estimate(of: game)
    #expect(distance(result.values, [Double](repeating: share, count: players)) < 1e-12)
    for length in 1...players {
      for surroundings in Surroundings.allCases {
        let window = try SlidingWindowShapley(length: length, placement: .averaged, surroundings: surroundings)
          .estimate(of: game)
        let first = surroundings == .intact ? players - length : 0
        let shareOfWindow = (game.valueBySize[first + length] - game.valueBySize[first]) / Double(length)
        #expect(distance(window.values, [Double](repeating: shareOfWindow, count: players)) < 1e-12)
      }
    }
  }

  @Test("A null player gets nothing from any estimator", arguments: 2...8)
  func nullPlayer(players: Int) throws {
    var generator = SeededGenerator(seed: 300 + UInt64(players))
    let null = players / 2
    var game = UnanimityGame.random(playerCount: players, terms: 10, using: &generator)
    game.terms.removeAll { $0.carrier.contains(null) }
    game.terms.append(.init(carrier: [(null + 1) % players], coefficient: 1))
    for estimator in Self.estimators(players) {
      #expect(try abs(estimator.estimate(of: game).values[null]) < 1e-12)
    }
  }

  @Test("Estimates are linear in the game", arguments: [1, 2, 5, 7])
  func linearity(players: Int) throws {
    var generator = SeededGenerator(seed: 400 + UInt64(players))
    let left = TableGame.random(playerCount: players, using: &generator)
    let right = TableGame.random(playerCount: players, using: &generator)
    let combined = TableGame(playerCount: players, table: zip(left.table, right.table).map { 2 * $0 - 3 * $1 })
    for estimator in Self.estimators(players) {
      let expected = zip(try estimator.estimate(of: left).values, try estimator.estimate(of: right).values)
        .map { 2 * $0 - 3 * $1 }
      #expect(try distance(estimator.estimate(of: combined).values, expected) < 1e-11)
    }
  }

  @Test("A window of all players, or more, is exact to the bit for both placements", arguments: 1...9)
  func widestWindow(players: Int) throws {
    var generator = SeededGenerator(seed: 500 + UInt64(players))
    let game = TableGame.random(playerCount: players, using: &generator)
    let exact = try ExactShapley().estimate(of: game)
    for length in [players, players + 1, Int.max] {
      for placement in WindowPlacement.allCases {
        for surroundings in Surroundings.allCases {
          let window = try SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings)
            .estimate(of: game)
          #expect(window.values == exact.values)
          #expect(window.evaluations == exact.evaluations)
          #expect(window.additionalEvaluations == 0)
          let told = try #require(window.estimator as? SlidingWindowShapley)
          #expect(told.length == players && told.placement == placement && told.surroundings == surroundings)
        }
      }
    }
  }

  @Test("Leave-one-out is a window of one player")
  func leaveOneOut() throws {
    var generator = SeededGenerator(seed: 9)
    let game = TableGame.random(playerCount: 6, using: &generator)
    for placement in WindowPlacement.allCases {
      let out = try SlidingWindowShapley(length: 1, placement: placement).estimate(of: game)
      #expect(out.values == (0..<6).map { game.table[63] - game.table[63 ^ (1 << $0)] })
      let alone = try SlidingWindowShapley(length: 1, placement: placement, surroundings: .absent).estimate(of: game)
      #expect(alone.values == (0..<6).map { game.table[1 << $0] - game.table[0] })
    }
  }

  @Test("What cannot be estimated is refused before anything is evaluated")
  func refusals() {
    var game = MemoisedGame(RecordingGame(SymmetricGame(valueBySize: [Double](repeating: 0, count: 25))))
    #expect(throws: EstimatorError.tooManyPlayers(24, limit: 20)) { try ExactShapley().estimate(&game) }
    #expect(throws: EstimatorError.windowTooShort(0)) { try SlidingWindowShapley(length: 0).estimate(&game) }
    #expect(throws: EstimatorError.windowTooShort(.min)) { try SlidingWindowShapley(length: .min).estimate(&game) }
    #expect(throws: EstimatorError.windowTooLong(21, limit: 20)) {
      try SlidingWindowShapley(length: 21).estimate(&game)
    }
    #expect(throws: EstimatorError.windowTooLong(24, limit: 20)) {
      try SlidingWindowShapley(length: .max).estimate(&game)
    }
    #expect(throws: EstimatorError.budgetTooSmall(47, minimum: 48)) {
      try PermutationShapley(budget: 47, seed: 0).estimate(&game)
    }
    #expect(game.game.batches.isEmpty)
    var nobody = MemoisedGame(AdditiveGame(weights: []))
    for estimator in Self.estimators(1) {
      #expect(throws: EstimatorError.noPlayers) { try estimator.estimate(&nobody) }
    }
  }

  @Test("The refusal of too many players states the cost")
  func refusalStatesCost() {
    let message = EstimatorError.tooManyPlayers(24, limit: 20).description
    #expect(message.contains("2^24 = 16777216 evaluations"))
    #expect(EstimatorError.tooManyPlayers(80, limit: 20).description.contains("2^80 evaluations"))
    #expect(EstimatorError.noPlayers.failureKind == .invalidSetting)
  }

  @Test("Every estimator asks for its coalitions in one batch and passes the game's error on", arguments: 1...5)
  func oneBatch(players: Int) throws {
    for estimator in Self.estimators(players) {
      var game = MemoisedGame(RecordingGame(AdditiveGame(weights: [Double](repeating: 1, count: players))))
      let result = try estimator.estimate(&game)
      #expect(game.game.batches.count == 1)
      #expect(game.evaluatedCount == result.evaluations + result.additionalEvaluations)
      var faulty = MemoisedGame(FaultyGame(playerCount: players, behaviour: .throwing))
      #expect(throws: FaultyGame.Fault()) { try estimator.estimate(&faulty) }
    }
  }
}
