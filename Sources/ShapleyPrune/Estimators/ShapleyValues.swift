/// How Shapley values were obtained.
public enum EstimatorDescription: Hashable, Sendable {
  /// From all coalitions.
  case exact
  /// In windows of so many players.
  case window(length: Int, placement: WindowPlacement, surroundings: Surroundings)
  /// From random orders, with at most so many evaluations; fewer where the standard errors are small enough before.
  case permutation(budget: Int, seed: UInt64, tolerance: Double? = nil)

  /// The estimator's name in files and on the command line.
  public var name: String {
    switch self {
    case .exact: "exact"
    case .window: "window"
    case .permutation: "permutation"
    }
  }

  /// The estimator that is described.
  public var estimator: any ShapleyEstimator {
    switch self {
    case .exact: ExactShapley()
    case .window(let length, let placement, let surroundings):
      SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings)
    case .permutation(let budget, let seed, let tolerance):
      PermutationShapley(budget: budget, seed: seed, tolerance: tolerance)
    }
  }
}

/// One number a player, with what it took to get them.
public struct ShapleyValues: Equatable, Sendable {
  /// The value of each player, in the unit of the game.
  public let values: [Double]

  /// The standard error of each value; nil where the estimator does not sample, or too little.
  public let standardErrors: [Double]?

  /// v(empty): the game without players.
  public let emptyValue: Double

  /// v(N): the game with every player.
  public let grandValue: Double

  /// Distinct coalitions the values were computed from.
  public let evaluations: Int

  /// Coalitions evaluated only to report `emptyValue` and `grandValue`: 0, 1 or 2; not contained in `evaluations`.
  public let additionalEvaluations: Int

  /// Coalitions that the estimator's formula names, counted anew for each player, window and order: the evaluations of a run
  /// without memory.
  public let coalitionsAsked: Int

  /// How the values were obtained.
  public let estimator: EstimatorDescription

  /// v(N) - v(empty) - sum of the values: 0 up to rounding for an efficient estimator, and for a window what it does not see.
  public let efficiencyGap: Double

  /// Puts a result together; estimators do.
  public init(
    values: [Double], standardErrors: [Double]? = nil, emptyValue: Double, grandValue: Double, evaluations: Int,
    additionalEvaluations: Int = 0, coalitionsAsked: Int, estimator: EstimatorDescription
  ) {
    self.values = values
    self.standardErrors = standardErrors
    self.emptyValue = emptyValue
    self.grandValue = grandValue
    self.evaluations = evaluations
    self.additionalEvaluations = additionalEvaluations
    self.coalitionsAsked = coalitionsAsked
    self.estimator = estimator
    efficiencyGap = grandValue - emptyValue - values.reduce(0, +)
  }
}
