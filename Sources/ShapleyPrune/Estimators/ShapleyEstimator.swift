import Support

/// A way to compute or to estimate the Shapley values of a game's players.
///
/// An estimator asks the game for the coalitions that it needs in one batch, or in rounds where it may stop early, and
/// sums in a fixed order in double precision.
///
///     var game = MemoisedGame(LayerGame(model, windows: windows, absence: absence))
///     let values = try SlidingWindowShapley(length: 3).estimate(&game)
public protocol ShapleyEstimator: Configurable {
  /// Throws where the estimator cannot work on a game of so many players.
  func check(playerCount: Int) throws(EstimatorError)

  /// The distinct coalitions that an estimate evaluates, ascending, v(empty) and v(N) included.
  ///
  /// Throws what `check` throws.
  ///
  /// - Returns: nil where the coalitions depend on values, because the estimator may stop early.
  func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]?

  /// The presences at which an estimate asks the game for derivatives, ascending; only pruned absence has them.
  var presences: [Double] { get }

  /// The most consecutive players that are partly present in one coalition; a walk keeps a state for about each of
  /// them.
  func span(playerCount: Int) -> Int

  /// One value a player; throws what `check` throws, before anything is evaluated, and what the game throws.
  func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues
}

extension ShapleyEstimator {
  /// Most estimators ask for coalitions only.
  public var presences: [Double] { [] }

  /// Whether it asks for derivatives.
  public var usesDerivatives: Bool { !presences.isEmpty }

  /// All players.
  public func span(playerCount: Int) -> Int { playerCount }
}

/// Why an estimator does not start.
public enum EstimatorError: Error, Equatable, Sendable {
  /// The game has no player.
  case noPlayers
  /// The exact values of so many players cost more than is offered.
  case tooManyPlayers(Int, limit: Int)
  /// A window must hold at least one player.
  case windowTooShort(Int)
  /// The subsets of so long a window cost more than is offered.
  case windowTooLong(Int, limit: Int)
  /// The subsets of all windows together cost more than is offered.
  case windowsTooCostly(length: Int, playerCount: Int, evaluations: Int, limit: Int)
  /// The evaluations allowed do not suffice for one pair of permutations.
  case budgetTooSmall(Int, minimum: Int)
  /// A standard error that cannot be reached.
  case tolerance(Double)
  /// A number of nodes that is not offered.
  case nodeCount(Int, limit: Int)
  /// A game that is defined for whole coalitions only.
  case noDerivatives
  /// What else an estimator finds, such as one of a program's own.
  case other(String)
}

extension EstimatorError: Diagnostic {
  /// What is wrong and what to do about it.
  public var description: String {
    switch self {
    case .noPlayers: "the game has no players"
    case .tooManyPlayers(let players, let limit):
      "exact Shapley values of \(players) players take \(Self.powerOfTwo(players)) evaluations; at most \(limit) players are "
        + "accepted: use a sliding window"
    case .windowTooShort(let length): "a window of \(length) players is empty; it must hold at least 1"
    case .windowTooLong(let length, let limit):
      "a window of \(length) players has \(Self.powerOfTwo(length)) coalitions; at most \(limit) players are accepted"
    case .windowsTooCostly(let length, let players, let evaluations, let limit):
      "a window of \(length) players takes \(evaluations) evaluations for \(players) players; at most \(limit) are "
        + "offered: take a shorter window"
    case .budgetTooSmall(let budget, let minimum):
      "\(budget) evaluations do not suffice for one pair of permutations; at least \(minimum) are needed"
    case .tolerance(let tolerance): "a standard error of \(tolerance) cannot be reached; it must be above 0"
    case .nodeCount(let count, let limit): "\(count) nodes: there must be 1 to \(limit)"
    case .other(let reason): reason
    case .noDerivatives: "the game has no derivatives; the diagonal takes one in which absent players are pruned"
    }
  }

  package var failureKind: FailureKind { .invalidSetting }

  /// 2^exponent in digits where it fits a machine word, as a power where it does not.
  private static func powerOfTwo(_ exponent: Int) -> String {
    exponent < 63 ? "2^\(exponent) = \(1 << exponent)" : "2^\(exponent)"
  }
}
