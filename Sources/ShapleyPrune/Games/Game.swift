import Support

/// A cooperative game: a number for every coalition of its players.
///
/// Coalitions are valued in batches, so that a game whose coalitions have work in common can do that work once. The value of a
/// coalition must not depend on the batch it is asked in.
public protocol Game {
  /// How many players the game has; they are numbered from 0.
  var playerCount: Int { get }

  /// The values of the coalitions, in their order. Throws an error of the game's own, which estimators pass on as it is.
  mutating func values(of coalitions: [Coalition]) throws -> [Double]
}

/// A game that broke its contract.
public enum GameError: Error, Equatable, Sendable {
  /// The batch and the answer differ in length.
  case valueCount(asked: Int, received: Int)
  /// A value is NaN or infinite.
  case notFinite(Coalition, value: Double)
  /// A coalition of another number of players was asked for.
  case playerCount(expected: Int, received: Int)
}

extension GameError: Diagnostic {
  /// What the game did, and what to try.
  public var description: String {
    switch self {
    case .valueCount(let asked, let received):
      "the game answered \(received) values for \(asked) coalitions"
    case .notFinite(let coalition, let value):
      "the value of coalition \(coalition) is \(value); negative log-likelihood stays finite where perplexity does not"
    case .playerCount(let expected, let received):
      "a coalition of \(received) players was asked for in a game of \(expected)"
    }
  }

  package var failureKind: FailureKind { .badData }
}
