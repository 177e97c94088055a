import ShapleyPrune
import Testing

@Suite struct MemoisedGameTests {
  let additive = AdditiveGame(weights: [1, 10, 100])

  private func coalitions(_ texts: String...) -> [Coalition] { texts.compactMap { Coalition($0) } }

  @Test("Each distinct coalition is evaluated once, in ascending order, in one call a batch")
  func evaluatesOnce() throws {
    var game = MemoisedGame(RecordingGame(additive))
    #expect(try game.values(of: coalitions("110", "001", "110", "000")) == [11, 100, 11, 0])
    #expect(try game.values(of: coalitions("001", "111", "000", "010")) == [100, 111, 0, 10])
    #expect(try game.values(of: coalitions("111")) == [111])
    #expect(try game.values(of: []) == [])
    #expect(game.game.batches == [coalitions("000", "001", "110"), coalitions("010", "111")])
    #expect(game.askedCount == 9)
    #expect(game.evaluatedCount == 5)
    #expect(game.restoredCount == 0)
    #expect(game.knownCoalitions() == coalitions("000", "001", "010", "110", "111"))
  }

  @Test("A restored value is used and not evaluated; a known value stays")
  func restores() throws {
    var game = MemoisedGame(RecordingGame(additive))
    try game.restore(5, of: .full(3))
    try game.restore(6, of: .full(3))
    #expect(try game.values(of: coalitions("111", "100")) == [5, 1])
    #expect(game.game.batches == [coalitions("100")])
    #expect(game.restoredCount == 1)
    #expect(game.knownValue(of: .full(3)) == 5)
    #expect(game.knownValue(of: .empty(3)) == nil)
  }

  @Test("A restored value must be finite and of this game")
  func refusesBadRestore() {
    var game = MemoisedGame(additive)
    #expect(throws: GameError.notFinite(.empty(3), value: .infinity)) { try game.restore(.infinity, of: .empty(3)) }
    #expect(throws: GameError.playerCount(expected: 3, received: 2)) { try game.restore(0, of: .empty(2)) }
  }

  @Test("A coalition of another game is refused before anything is evaluated")
  func refusesForeignCoalition() {
    var game = MemoisedGame(RecordingGame(additive))
    #expect(throws: GameError.playerCount(expected: 3, received: 4)) { try game.values(of: [.full(3), .full(4)]) }
    #expect(game.game.batches.isEmpty)
    #expect(game.askedCount == 0)
  }

  @Test("The game's own error passes unchanged; broken contracts are errors of ours")
  func errors() {
    var throwing = MemoisedGame(FaultyGame(playerCount: 2, behaviour: .throwing))
    #expect(throws: FaultyGame.Fault()) { try throwing.values(of: [.full(2)]) }
    var short = MemoisedGame(FaultyGame(playerCount: 2, behaviour: .short))
    #expect(throws: GameError.valueCount(asked: 2, received: 1)) { try short.values(of: [.full(2), .empty(2)]) }
    var infinite = MemoisedGame(FaultyGame(playerCount: 2, behaviour: .notFinite))
    #expect(throws: GameError.notFinite(.full(2), value: -.infinity)) {
      try infinite.values(of: [.empty(2), .full(2)])
    }
    #expect(infinite.knownCoalitions().isEmpty)
  }

  @Test("Two estimators on one memory share evaluations and still report what each needs")
  func sharedMemory() throws {
    var game = MemoisedGame(AdditiveGame(weights: [1, 2, 3, 4, 5, 6]))
    let window = try SlidingWindowShapley(length: 3).estimate(&game)
    let exact = try ExactShapley().estimate(&game)
    #expect(window.evaluations == 3 * 4 + 8)
    #expect(exact.evaluations == 64)
    #expect(game.evaluatedCount == 64)
  }
}
