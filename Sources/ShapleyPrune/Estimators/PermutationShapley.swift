import Support

/// A Monte Carlo estimate: the mean marginal contribution over random orders of the players.
///
/// Orders come in antithetic pairs, an order and its reverse, whose errors partly cancel (Castro, Gomez and Tejada,
/// "Polynomial calculation of the Shapley value based on sampling", 2009; Mitchell et al., "Sampling Permutations for
/// Shapley Value Estimation", 2022). For a given number of pairs the estimate is unbiased and efficient. Where the orders
/// cover all coalitions, the values are exact and their standard errors 0.
///
///     let values = try PermutationShapley(budget: 5000, tolerance: 0.002).estimate(&game)
public struct PermutationShapley: ShapleyEstimator {
  /// The most coalitions that may be evaluated, v(empty) and v(N) included.
  public var budget = 1000
  /// The same seed gives the same orders on every platform.
  public var seed: UInt64 = 0
  /// The standard error at which no more orders are drawn; nil spends the budget.
  public var tolerance: Double?

  /// Pairs of the first round of an estimate with a tolerance; standard errors of fewer pairs say little.
  private static let firstRound = 8

  /// The estimator's name.
  public static let name = "permutation"
  /// Budget, seed and tolerance.
  public static let settings: [Setting<PermutationShapley>] = [
    .integer("budget", \.budget), .seed("seed", \.seed),
    .number("tolerance", \.tolerance, in: 0...Double.greatestFiniteMagnitude),
  ]

  /// The usual estimator: a thousand evaluations.
  public init() {}

  /// Makes an estimator; `check` refuses a budget or a tolerance that cannot be used.
  public init(budget: Int = Self().budget, seed: UInt64 = Self().seed, tolerance: Double? = nil) {
    self.budget = budget
    self.seed = seed
    self.tolerance = tolerance
  }

  /// Throws for a game without players, for a budget below one pair, and for a tolerance that is not positive.
  public func check(playerCount: Int) throws(EstimatorError) {
    guard playerCount > 0 else { throw .noPlayers }
    guard budget >= 2 * playerCount else { throw .budgetTooSmall(budget, minimum: 2 * playerCount) }
    if let tolerance, !(tolerance > 0 && tolerance.isFinite) { throw .tolerance(tolerance) }
  }

  /// The coalitions of all orders that the budget covers, ascending; nil with a tolerance.
  ///
  /// Throws what `check` throws.
  public func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]? {
    try check(playerCount: playerCount)
    guard tolerance == nil else { return nil }
    var pairs = AntitheticPairs(playerCount: playerCount, budget: budget, seed: seed)
    _ = pairs.draw(atMost: .max)
    return pairs.coalitions.sorted()
  }

  /// The estimated values; with standard errors where the budget allows at least two pairs.
  ///
  /// Without a tolerance the orders are evaluated in one batch; with one, in rounds that are each as large as all
  /// before, until every standard error is at most the tolerance. Throws what `check` throws, and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    try check(playerCount: players)
    var pairs = AntitheticPairs(playerCount: players, budget: budget, seed: seed)
    var contributions = [[Double]](repeating: [], count: players)
    var round = tolerance == nil ? Int.max : Self.firstRound
    while true {
      let orders = pairs.draw(atMost: round)
      if orders.isEmpty { break }
      try Self.add(orders, to: &contributions, in: &game)
      round = pairs.count
      if let tolerance, Self.standardErrors(contributions).allSatisfy({ $0 <= tolerance }) { break }
    }
    let ends = try game.values(of: [.empty(players), .full(players)])
    var values = contributions.map(\.mean)
    var errors = contributions[0].count < 2 ? nil : Self.standardErrors(contributions)
    // Where every coalition has been drawn, the definition itself can be computed.
    if players <= ExactShapley.playerLimit, pairs.coalitions.count == 1 << players {
      values = try ExactShapley().estimate(&game).values
      errors = Array(repeating: 0, count: players)
    }
    return ShapleyValues(
      values: values, standardErrors: errors,
      emptyValue: ends[0], grandValue: ends[1], evaluations: pairs.coalitions.count,
      coalitionsAsked: 2 * pairs.count * (players + 1), estimator: self)
  }

  /// Evaluates the orders, which come in pairs, and appends each player's mean contribution to a pair.
  private static func add<G: Game>(
    _ orders: [[Int]], to contributions: inout [[Double]], in game: inout MemoisedGame<G>
  ) throws {
    let players = contributions.count
    let values = try game.values(of: orders.flatMap(AntitheticPairs.prefixes))
    for first in stride(from: 0, to: orders.count, by: 2) {
      var sums = [Double](repeating: 0, count: players)
      for index in [first, first + 1] {
        let start = index * (players + 1)
        for (position, player) in orders[index].enumerated() {
          sums[player] += values[start + position + 1] - values[start + position]
        }
      }
      for player in 0..<players { contributions[player].append(sums[player] / 2) }
    }
  }

  /// Of each player's mean over independent pairs; infinite for one pair.
  private static func standardErrors(_ contributions: [[Double]]) -> [Double] {
    contributions.map { $0.standardErrorOfMean ?? .infinity }
  }
}
