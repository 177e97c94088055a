import Support

/// A cooperative game: a number for every coalition of its players.
///
/// Coalitions are valued in batches, so that a game can do their common work once; the value of a coalition must not
/// depend on its batch.
///
///     struct Airport: Game {
///       let costs: [Double]  // of a runway that is long enough for each
///       var playerCount: Int { costs.count }
///       func values(of coalitions: [Coalition]) -> [Double] {
///         coalitions.map { $0.presentPlayers().map { costs[$0] }.max() ?? 0 }
///       }
///     }
public protocol Game {
  /// How many players the game has; they are numbered from 0.
  var playerCount: Int { get }

  /// The values of the coalitions, in their order; estimators pass on the errors that it throws.
  mutating func values(of coalitions: [Coalition]) throws -> [Double]

  /// The derivatives of the game's extension on its diagonal: for each presence x, ∂f/∂x_i (x, …, x) for every player i; nil for
  /// a game of whole coalitions only.
  ///
  /// - Parameter presences: from 0, nobody is there, to 1.
  mutating func derivatives(at presences: [Double]) throws -> [[Double]]?
}

extension Game {
  /// Most games are of whole coalitions only.
  public func derivatives(at presences: [Double]) -> [[Double]]? { nil }
}

/// A game that broke its contract.
public enum GameError: Error, Equatable, Sendable {
  /// The batch and the answer differ in length.
  case valueCount(asked: Int, received: Int)
  /// A value is NaN or infinite.
  case notFinite(Coalition, value: Double)
  /// A derivative is NaN or infinite.
  case derivativeNotFinite(presence: Double)
  /// A coalition of another number of players was asked for.
  case playerCount(expected: Int, received: Int)
}

extension GameError: Diagnostic {
  /// What the game did, and what to try.
  public var description: String {
    switch self {
    case .valueCount(let asked, let received): "the game answered \(received) values for \(asked) coalitions"
    case .notFinite(let coalition, let value):
      "the value of coalition \(coalition) is \(value); negative log-likelihood stays finite where perplexity does not"
    case .derivativeNotFinite(let presence): "a derivative at presence \(presence.fixed(3)) is not finite"
    case .playerCount(let expected, let received):
      "a coalition of \(received) players was asked for in a game of \(expected)"
    }
  }

  package var failureKind: FailureKind { .badData }
}
