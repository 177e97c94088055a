import ShapleyPrune
import Testing

/// What an estimator says before it estimates: the coalitions that it needs, and whether it can work at all.
@Suite struct CoalitionListTests {
  private static let estimators: [any ShapleyEstimator] = {
    var all: [any ShapleyEstimator] = [ExactShapley(), SlidingWindowShapley(), PermutationShapley()]
    for length in [1, 2, 3, 7, 8, 20] {
      for placement in WindowPlacement.allCases {
        for surroundings in Surroundings.allCases {
          all.append(SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings))
        }
      }
    }
    for seed in 0..<5 as Range<UInt64> {
      for budget in [14, 15, 40, 60] { all.append(PermutationShapley(budget: budget, seed: seed)) }
    }
    return all
  }()

  @Test("The list is what an estimate asks a game for", arguments: [1, 2, 3, 6, 7])
  func listsAreWhatIsEvaluated(players: Int) throws {
    for estimator in Self.estimators {
      var game = MemoisedGame(RecordingGame(AdditiveGame(weights: (0..<players).map(Double.init))))
      _ = try estimator.estimate(&game)
      let asked = game.game.batches.flatMap(\.self)
      let listed = try #require(try estimator.coalitions(playerCount: players))
      #expect(listed == asked.sorted(), "\(estimator)")
      #expect(Set(listed).count == listed.count)
      #expect(listed.contains(.empty(players)) && listed.contains(.full(players)))
    }
  }

  @Test("Exact values list every coalition once, ascending")
  func allCoalitions() throws {
    let all = try #require(try ExactShapley().coalitions(playerCount: 10))
    #expect(all.count == 1024)
    #expect(zip(all, all.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("Where an estimate may stop early, nothing is listed")
  func toleranceListsNothing() throws {
    let estimator = PermutationShapley(budget: 60, seed: 4, tolerance: 1)
    #expect(try estimator.coalitions(playerCount: 6) == nil)
    #expect(throws: EstimatorError.budgetTooSmall(60, minimum: 62)) { try estimator.coalitions(playerCount: 31) }
  }

  @Test("A check and a list refuse what an estimate refuses")
  func checks() {
    let refused: [(any ShapleyEstimator, Int, EstimatorError)] = [
      (ExactShapley(), 0, .noPlayers), (SlidingWindowShapley(), 0, .noPlayers), (PermutationShapley(), 0, .noPlayers),
      (ExactShapley(), 21, .tooManyPlayers(21, limit: 20)),
      (SlidingWindowShapley(length: 0), 5, .windowTooShort(0)),
      (SlidingWindowShapley(length: 21), 30, .windowTooLong(21, limit: 20)),
      (
        SlidingWindowShapley(length: 20), 21,
        .windowsTooCostly(length: 20, playerCount: 21, evaluations: 1_572_864, limit: 1_048_576)
      ),
      (
        SlidingWindowShapley(length: 20), .max,
        .windowsTooCostly(length: 20, playerCount: .max, evaluations: .max, limit: 1_048_576)
      ),
      (PermutationShapley(budget: 9), 5, .budgetTooSmall(9, minimum: 10)),
      (PermutationShapley(tolerance: 0), 5, .tolerance(0)),
    ]
    for (estimator, players, error) in refused {
      #expect(throws: error) { try estimator.check(playerCount: players) }
      #expect(throws: error) { try estimator.coalitions(playerCount: players) }
      guard players < 100 else { continue }
      var game = MemoisedGame(RecordingGame(AdditiveGame(weights: [Double](repeating: 0, count: players))))
      #expect(throws: error) { try estimator.estimate(&game) }
      #expect(game.game.batches.isEmpty)
    }
    let accepted: [(any ShapleyEstimator, Int)] = [
      (ExactShapley(), 20), (SlidingWindowShapley(length: .max), 20), (SlidingWindowShapley(length: 16), 32),
      (PermutationShapley(budget: 10), 5),
    ]
    for (estimator, players) in accepted {
      #expect(throws: Never.self) { try estimator.check(playerCount: players) }
    }
  }

  @Test("The refusal of costly windows states the cost")
  func refusalStatesCost() {
    let error = EstimatorError.windowsTooCostly(length: 20, playerCount: 40, evaluations: 11_534_336, limit: 1_048_576)
    #expect(
      error.description == "a window of 20 players takes 11534336 evaluations for 40 players; at most 1048576 are "
        + "offered: take a shorter window")
    #expect(error.failureKind == .invalidSetting)
  }
}
