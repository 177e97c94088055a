/// A game that evaluates no coalition twice.
///
/// The unknown coalitions of a batch go to the wrapped game in one call, each once, in ascending order.
///
///     var game = MemoisedGame(Airport(costs: [1, 2, 4]))
///     let values = try ExactShapley().estimate(&game)  // evaluates eight coalitions
///     let again = try SlidingWindowShapley(length: 2).estimate(&game)  // none
public struct MemoisedGame<Wrapped: Game> {
  /// The game that computes the values.
  public private(set) var game: Wrapped
  /// Coalitions asked for, repetitions included.
  public private(set) var askedCount = 0
  /// Coalitions that the wrapped game evaluated.
  public private(set) var evaluatedCount = 0
  /// Coalitions whose values were restored and never evaluated here.
  public private(set) var restoredCount = 0

  private var known: [Coalition: Double] = [:]

  /// Wraps a game; nothing is evaluated yet.
  public init(_ game: Wrapped) { self.game = game }

  /// How many players the game has.
  public var playerCount: Int { game.playerCount }

  /// The value of a coalition where it is known already.
  public func knownValue(of coalition: Coalition) -> Double? { known[coalition] }

  /// Every coalition with a known value, ascending.
  public func knownCoalitions() -> [Coalition] { known.keys.sorted() }

  /// Takes over a value that was computed before, by a journal or by another process.
  ///
  /// A value that is known stays. Throws `GameError` for a coalition of another game, and for a value that is not
  /// finite.
  public mutating func restore(_ value: Double, of coalition: Coalition) throws(GameError) {
    try check(coalition)
    guard value.isFinite else { throw .notFinite(coalition, value: value) }
    guard known[coalition] == nil else { return }
    known[coalition] = value
    restoredCount += 1
  }

  /// The values of the coalitions, in their order.
  ///
  /// Throws what the wrapped game throws, and `GameError` where its answer has a wrong length or a value that is not
  /// finite.
  public mutating func values(of coalitions: [Coalition]) throws -> [Double] {
    for coalition in coalitions { try check(coalition) }
    askedCount += coalitions.count
    let missing = Set(coalitions.filter { known[$0] == nil }).sorted()
    if !missing.isEmpty {
      let values = try game.values(of: missing)
      guard values.count == missing.count else {
        throw GameError.valueCount(asked: missing.count, received: values.count)
      }
      for (coalition, value) in zip(missing, values) where !value.isFinite {
        throw GameError.notFinite(coalition, value: value)
      }
      for (coalition, value) in zip(missing, values) { known[coalition] = value }
      evaluatedCount += missing.count
    }
    return coalitions.compactMap { known[$0] }
  }

  /// The derivatives of the wrapped game.
  ///
  /// Throws what that throws, and `GameError` where its answer has a wrong length or a number that is not finite.
  public mutating func derivatives(at presences: [Double]) throws -> [[Double]]? {
    guard let derivatives = try game.derivatives(at: presences) else { return nil }
    guard derivatives.count == presences.count else {
      throw GameError.valueCount(asked: presences.count, received: derivatives.count)
    }
    for (presence, derivatives) in zip(presences, derivatives) {
      guard derivatives.count == playerCount else {
        throw GameError.valueCount(asked: playerCount, received: derivatives.count)
      }
      guard derivatives.allSatisfy(\.isFinite) else { throw GameError.derivativeNotFinite(presence: presence) }
    }
    return derivatives
  }

  private func check(_ coalition: Coalition) throws(GameError) {
    guard coalition.playerCount == playerCount else {
      throw .playerCount(expected: playerCount, received: coalition.playerCount)
    }
  }
}

extension MemoisedGame: Sendable where Wrapped: Sendable {}
