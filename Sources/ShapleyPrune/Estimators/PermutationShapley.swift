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

  /// Makes an estimator.
  ///
  /// A budget that cannot be used is refused by `estimate`.
  public init(budget: Int, seed: UInt64) {
    self.budget = budget
    self.seed = seed
  }

  /// The estimated values; with standard errors where the budget allows at least two pairs.
  ///
  /// Pairs are drawn while the budget covers a pair whose coalitions are all new, so that whether a pair counts does not depend
  /// on the pair. Coalitions drawn again cost nothing; a game with few coalitions ends after `budget` pairs.
  ///
  /// Throws `EstimatorError` for a game without players and for a budget below one pair, and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    guard players > 0 else { throw EstimatorError.noPlayers }
    guard budget >= 2 * players else { throw EstimatorError.budgetTooSmall(budget, minimum: 2 * players) }

    var generator = SeededGenerator(seed: seed)
    var needed: Set<Coalition> = [.empty(players), .full(players)]
    var orders: [[Int]] = []
    while needed.count + 2 * (players - 1) <= budget, orders.count < 2 * budget {
      let order = Self.permutation(of: players, using: &generator)
      for order in [order, order.reversed()] {
        needed.formUnion(Self.prefixes(of: order))
        orders.append(order)
      }
    }

    let prefixes = orders.flatMap(Self.prefixes)
    let values = try game.values(of: prefixes)
    var pairs = [[Double]](repeating: [], count: players)
    for first in stride(from: 0, to: orders.count, by: 2) {
      var sums = [Double](repeating: 0, count: players)
      for index in [first, first + 1] {
        let start = index * (players + 1)
        for (position, player) in orders[index].enumerated() {
          sums[player] += values[start + position + 1] - values[start + position]
        }
      }
      for player in 0..<players { pairs[player].append(sums[player] / 2) }
    }

    let means = pairs.map { $0.reduce(0, +) / Double($0.count) }
    return ShapleyValues(
      values: means,
      standardErrors: orders.count < 4 ? nil : zip(pairs, means).map { Self.standardError(of: $0, mean: $1) },
      emptyValue: values[0],
      grandValue: values[players],
      evaluations: needed.count,
      coalitionsAsked: prefixes.count,
      estimator: .permutation(budget: budget, seed: seed))
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

  /// sqrt( sum (x - mean)^2 / (k (k - 1)) ) over k independent pairs.
  private static func standardError(of samples: [Double], mean: Double) -> Double {
    let squares = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(samples.count * (samples.count - 1))).squareRoot()
  }
}
