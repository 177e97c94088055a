import Support

/// A Monte Carlo estimate: the mean marginal contribution over random orders of the players.
///
/// Orders come in antithetic pairs, an order and its reverse, whose errors partly cancel (Castro, Gomez and Tejada,
/// "Polynomial calculation of the Shapley value based on sampling", 2009; Mitchell et al., "Sampling Permutations for Shapley
/// Value Estimation", 2022). For a given number of pairs the estimate is unbiased; its values sum to v(N) - v(empty).
public struct PermutationShapley: ShapleyEstimator {
  /// The most coalitions that may be evaluated, v(empty) and v(N) included.
  public var budget: Int
  /// The same seed gives the same orders on every platform.
  public var seed: UInt64
  /// The standard error at which no more orders are drawn; nil spends the budget.
  public var tolerance: Double?

  /// Pairs that are drawn before standard errors are looked at for the first time: the error of fewer says little.
  private static let firstRound = 8

  /// The most pairs of a game whose coalitions are few, so that orders cost nothing: the error of so many is below that of any
  /// game that is measured.
  private static let pairLimit = 1 << 16

  /// Makes an estimator.
  ///
  /// A budget or a tolerance that cannot be used is refused by `estimate`.
  public init(budget: Int, seed: UInt64, tolerance: Double? = nil) {
    self.budget = budget
    self.seed = seed
    self.tolerance = tolerance
  }

  /// The estimated values; with standard errors where the budget allows at least two pairs.
  ///
  /// Pairs are drawn while the budget covers a pair whose coalitions are all new, so that whether a pair counts does not depend
  /// on the pair. Coalitions drawn again cost nothing; a game with few coalitions ends after `budget` pairs, or 65,536. With a tolerance
  /// they are drawn in rounds, each as large as all before it, until every standard error is at most that.
  ///
  /// Throws `EstimatorError` for a game without players, for a budget below one pair and for a tolerance that is not positive,
  /// and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    guard players > 0 else { throw EstimatorError.noPlayers }
    guard budget >= 2 * players else { throw EstimatorError.budgetTooSmall(budget, minimum: 2 * players) }
    if let tolerance, !(tolerance > 0 && tolerance.isFinite) { throw EstimatorError.tolerance(tolerance) }

    var generator = SeededGenerator(seed: seed)
    var needed: Set<Coalition> = [.empty(players), .full(players)]
    var contributions = [[Double]](repeating: [], count: players)
    var asked = 0
    let pairs = min(budget, Self.pairLimit)
    var round = tolerance == nil ? Int.max : Self.firstRound
    while true {
      var orders: [[Int]] = []
      let drawn = contributions[0].count
      while needed.count + 2 * (players - 1) <= budget, drawn + orders.count / 2 < pairs, orders.count / 2 < round {
        let order = Self.permutation(of: players, using: &generator)
        for order in [order, order.reversed()] {
          needed.formUnion(Self.prefixes(of: order))
          orders.append(order)
        }
      }
      if orders.isEmpty { break }
      asked += orders.count * (players + 1)
      try Self.add(orders, to: &contributions, in: &game)
      round = contributions[0].count
      if let tolerance, Self.standardErrors(contributions).allSatisfy({ $0 <= tolerance }) { break }
    }
    let ends = try game.values(of: [.empty(players), .full(players)])
    return ShapleyValues(
      values: contributions.map(Self.mean),
      standardErrors: contributions[0].count < 2 ? nil : Self.standardErrors(contributions),
      emptyValue: ends[0],
      grandValue: ends[1],
      evaluations: needed.count,
      coalitionsAsked: asked,
      estimator: .permutation(budget: budget, seed: seed, tolerance: tolerance))
  }

  /// Plays the orders, which come in pairs, and appends each player's mean contribution to a pair.
  private static func add<G: Game>(
    _ orders: [[Int]], to contributions: inout [[Double]], in game: inout MemoisedGame<G>
  ) throws {
    let players = contributions.count
    let values = try game.values(of: orders.flatMap(prefixes))
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

  /// A uniformly random order (Fisher and Yates).
  private static func permutation(of players: Int, using generator: inout SeededGenerator) -> [Int] {
    var order = Array(0..<players)
    for last in stride(from: players - 1, to: 0, by: -1) { order.swapAt(last, generator.below(last + 1)) }
    return order
  }

  /// The coalitions that grow by one player at a time, from the empty one to the grand one: n + 1.
  private static func prefixes(of order: [Int]) -> [Coalition] {
    var coalition = Coalition.empty(order.count)
    return [coalition]
      + order.map { player in
        coalition.insert(player)
        return coalition
      }
  }

  private static func mean(_ samples: [Double]) -> Double { samples.reduce(0, +) / Double(samples.count) }

  /// sqrt( sum (x - mean)^2 / (k (k - 1)) ) over k independent pairs, for each player; infinite for one pair.
  private static func standardErrors(_ contributions: [[Double]]) -> [Double] {
    contributions.map { samples in
      let mean = mean(samples)
      let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      guard samples.count > 1 else { return .infinity }
      return (squares / Double(samples.count * (samples.count - 1))).squareRoot()
    }
  }
}
