import Tensor

/// What pruning one linear did.
public struct PruningOutcome: Sendable, Equatable {
  /// Weights that were made zero on purpose; the weight may hold more zeros that were there before.
  public var prunedCount = 0
  /// The squared error of the outputs of a sequence on average, weighted where they are, as far as the method looks at pairs of inputs;
  /// nil where it does not.
  public var loss: Double?
  /// The dampening that was needed, or nil where the method has none.
  public var dampening: Double?
  /// Inputs that were zero on the whole calibration text; nil where the method looks at no inputs.
  public var deadInputs: Int?

  /// What a pruner reports.
  public init(prunedCount: Int = 0, loss: Double? = nil, dampening: Double? = nil, deadInputs: Int? = nil) {
    self.prunedCount = prunedCount
    self.loss = loss
    self.dampening = dampening
    self.deadInputs = deadInputs
  }
}

/// A method of pruning with its settings.
///
///     let pruner = SparseGPTPruner(dampening: 0.02)
///     let outcome = try pruner.prune(&weight, given: statistics, to: .unstructured(0.5), linear: "fc1")
///
/// Pruning has two steps, since several linears of a block see the same inputs: `criterion` computes once what follows
/// from the inputs, and what it returns prunes each of those linears.
public protocol Pruner: Configurable {
  /// What it needs to know about the inputs.
  var statistics: StatisticsKind { get }

  /// Whether weights that are not cleared change too, so that a mask does not tell what became of a weight.
  var updatesWeights: Bool { get }

  /// Whether weights of several rows, one an output, compete for being kept under an unstructured pattern.
  var choosesAcrossRows: Bool { get }

  /// What goes with the method where nobody says otherwise.
  var recipe: PruneRecipe { get }

  /// Bytes that a criterion for linears of so many outputs and inputs holds at most, while it is made and while it prunes,
  /// beside the statistics and the weight.
  func footprint(outputs: Int, inputs: Int) -> Double

  /// Throws `PruningError` where its own settings do not go with a pattern.
  func check(_ pattern: SparsityPattern) throws(PruningError)

  /// What decides about the weights of linears that see the given inputs.
  ///
  /// Throws `PruningError` where the statistics are of no use; `linear` names the first of the linears there.
  func criterion(for statistics: InputStatistics, linear: String) throws(PruningError) -> any PruningCriterion
}

/// A method of pruning that has seen the inputs.
public protocol PruningCriterion: Sendable {
  /// Prunes a weight, (outputs, inputs), in place, with or without an update of the weights that remain.
  ///
  /// Throws `PruningError` where the pattern does not fit, or the inputs are not as many as the weight has; `linear` names the weight
  /// there.
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome
}

extension Pruner {
  /// Most methods only clear weights.
  public var updatesWeights: Bool { false }

  /// Most methods look at several rows at once.
  public var choosesAcrossRows: Bool { true }

  /// As others are published: every linear for itself, and one sparsity for all.
  public var recipe: PruneRecipe { .published }

  /// A number an input is not worth counting.
  public func footprint(outputs: Int, inputs: Int) -> Double { 0 }

  /// Without settings there is nothing to refuse.
  public func check(_ pattern: SparsityPattern) throws(PruningError) {}

  /// Prunes one weight, (outputs, inputs), in place.
  ///
  /// Throws `PruningError` where the pattern does not fit or the statistics are of no use; the weight is then
  /// unchanged.
  public func prune(
    _ weight: inout Matrix, given statistics: InputStatistics, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    try check(pattern)
    return try criterion(for: statistics, linear: linear).prune(&weight, to: pattern, linear: linear)
  }
}

extension Matrix {
  /// Throws unless a weight, (outputs, inputs), has as many inputs as what decides about it has seen.
  func check(inputs: Int, linear: String) throws(PruningError) {
    guard columns == inputs else { throw .wrongInputCount(linear: linear, expected: columns, found: inputs) }
  }
}
