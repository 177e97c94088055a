import Support

/// Random orders of the players in antithetic pairs, an order and its reverse, drawn within a budget of evaluations.
///
/// A pair is drawn while the budget covers one whose coalitions are all new, so that whether a pair counts does not
/// depend on the pair. Coalitions that were drawn before cost nothing, so there are at most `budget` pairs, and at most
/// 65,536.
struct AntitheticPairs {
  /// The coalitions of the orders drawn so far, with the empty one and the grand one.
  private(set) var coalitions: Set<Coalition>
  private(set) var count = 0

  private let playerCount: Int
  private let budget: Int
  private var generator: SeededGenerator

  /// The most pairs, for games of so few coalitions that orders cost nothing.
  private static let limit = 1 << 16

  init(playerCount: Int, budget: Int, seed: UInt64) {
    self.playerCount = playerCount
    self.budget = budget
    generator = SeededGenerator(seed: seed)
    coalitions = [.empty(playerCount), .full(playerCount)]
  }

  /// The orders of the next pairs, the reverse behind its order; empty where the budget is spent.
  mutating func draw(atMost pairs: Int) -> [[Int]] {
    var orders: [[Int]] = []
    while coalitions.count + 2 * (playerCount - 1) <= budget, count < min(budget, Self.limit), orders.count / 2 < pairs
    {
      let order = randomOrder()
      for order in [order, order.reversed()] {
        coalitions.formUnion(Self.prefixes(of: order))
        orders.append(order)
      }
      count += 1
    }
    return orders
  }

  /// The coalitions that grow by one player at a time, from the empty one to the grand one: n + 1.
  static func prefixes(of order: [Int]) -> [Coalition] {
    order.reduce(into: [.empty(order.count)]) { prefixes, player in
      prefixes.append(prefixes[prefixes.count - 1].inserting(player))
    }
  }

  /// A uniformly random order (Fisher and Yates).
  private mutating func randomOrder() -> [Int] {
    var order = Array(0..<playerCount)
    for last in stride(from: playerCount - 1, to: 0, by: -1) { order.swapAt(last, generator.below(last + 1)) }
    return order
  }
}
