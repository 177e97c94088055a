import Tensor

/// What pruning one linear did.
public struct PruningOutcome: Sendable, Equatable {
  /// Weights that were made zero on purpose; the weight may hold more zeros that were there before.
  public var prunedCount = 0
  /// SparseGPT's estimate of the squared error of the outputs, or nil where the method makes none.
  public var loss: Double?
  /// The dampening that was needed, or nil where the method has none.
  public var dampening: Double?
  /// Inputs that were zero on the whole calibration text, so that their weights were zeroed.
  public var deadInputs = 0

  /// What a pruner reports.
  public init(prunedCount: Int = 0, loss: Double? = nil, dampening: Double? = nil, deadInputs: Int = 0) {
    self.prunedCount = prunedCount
    self.loss = loss
    self.dampening = dampening
    self.deadInputs = deadInputs
  }
}

/// A criterion for pruning a linear, with or without an update of the weights that remain.
public protocol Pruner: Sendable {
  /// Its name on the command line and in reports.
  var name: String { get }
  /// What it needs to know about the inputs.
  var statistics: StatisticsKind { get }

  /// Throws `PruningError` where its own settings do not go with a pattern.
  func check(_ pattern: SparsityPattern) throws(PruningError)

  /// What the criterion needs of some inputs, computed once for all linears that share them.
  ///
  /// Throws `PruningError` where the statistics are of no use; `linear` names the first of the weights there.
  func prepared(for statistics: InputStatistics, linear: String) throws(PruningError) -> any PreparedPruner
}

/// A criterion that knows the inputs of a linear.
public protocol PreparedPruner {
  /// Prunes a weight, (outputs, inputs), in place.
  ///
  /// Throws `PruningError`; `linear` names the weight there.
  ///
  /// - Precondition: the pattern was checked.
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome
}

extension Pruner {
  /// Without settings there is nothing to refuse.
  public func check(_ pattern: SparsityPattern) throws(PruningError) {}

  /// Throws `PruningError` where a weight cannot have a pattern by this method.
  func check(_ pattern: SparsityPattern, columns: Int, linear: String) throws(PruningError) {
    try pattern.check(columns: columns, name: linear)
    try check(pattern)
  }

  /// Prunes one weight, (outputs, inputs), in place.
  ///
  /// Throws `PruningError` where the pattern does not fit or the statistics are of no use; `linear` names the weight there.
  public func prune(
    _ weight: inout Matrix, given statistics: InputStatistics, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try check(pattern, columns: weight.columns, linear: linear)
    return try prepared(for: statistics, linear: linear).prune(&weight, to: pattern, linear: linear)
  }
}
