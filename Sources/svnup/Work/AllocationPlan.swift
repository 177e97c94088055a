import ShapleyPrune
import Support
import Transformer

/// How a budget was shared among the blocks, with what it was derived from.
struct AllocationPlan {
  let rule: String
  let patterns: [SparsityPattern]
  var spread: Double?
  var scaling: ImportanceScaling?
  var outlierRatios: [Double]?
  var shapley: ShapleyRun?

  /// The same pattern for every block.
  static func uniform(_ pattern: SparsityPattern, _ model: any CausalLM) -> AllocationPlan {
    AllocationPlan(rule: "uniform", patterns: model.blocks.map { _ in pattern })
  }

  /// OWL's map of outlier ratios, with λ 0.08 as published.
  ///
  /// Where the published map would leave [0, 1], or replace a sparsity by another without restoring the mean, the sparsities are
  /// clamped and the rest redistributed, so that the model is pruned to the target in every case.
  static func owl(
    ratios: [Double], _ model: any CausalLM, target: Double, spread: Double = 0.08
  ) throws -> AllocationPlan {
    let allocation = try SparsityAllocation.proportional(
      importances: ratios, parameters: model.blocks.map(\.prunableParameters), target: target, spread: spread)
    return AllocationPlan(rule: "owl", patterns: patterns(allocation), spread: spread, outlierRatios: ratios)
  }

  /// Shapley values, mapped to sparsities whose mean, weighted by parameters, is the target.
  static func shapley(
    _ run: ShapleyRun, _ model: any CausalLM, target: Double, spread: Double = 0.16,
    scaling: ImportanceScaling = .linear
  ) throws -> AllocationPlan {
    let allocation = try SparsityAllocation.proportional(
      importances: run.values.values, parameters: model.blocks.map(\.prunableParameters), target: target,
      spread: spread, scaling: scaling)
    return AllocationPlan(
      rule: "shapley", patterns: patterns(allocation), spread: spread, scaling: scaling, shapley: run)
  }

  /// Budgets that a file gave.
  static func file(_ path: String, _ budgets: SparsityAllocation) -> AllocationPlan {
    AllocationPlan(rule: path, patterns: patterns(budgets))
  }

  /// Reads `{"blocks": [s0, s1, …]}`.
  static func budgets(_ path: String, blockCount: Int) throws -> SparsityAllocation {
    try SparsityAllocation(parsing: try File.contents(of: path, limit: 1 << 24), source: path, blockCount: blockCount)
  }

  private static func patterns(_ allocation: SparsityAllocation) -> [SparsityPattern] {
    allocation.sparsities.map { .unstructured($0) }
  }

  var json: JSON {
    JSON(members: [
      ("rule", JSON(rule)), ("spread", spread.map { JSON($0) } ?? .null),
      ("scaling", scaling.map { JSON($0.rawValue) } ?? .null), ("blocks", JSON(patterns.map(\.sparsity))),
      ("outlierRatios", outlierRatios.map { JSON($0) } ?? .null), ("shapley", shapley?.json ?? .null),
    ])
  }
}
