import ShapleyPrune
import Support
import Transformer

/// How a budget was shared among the parts of a model, with what it was derived from.
struct AllocationPlan {
  let rule: String
  let patterns: [BlockPattern]
  /// Who has a sparsity of its own, and which; nil where one pattern goes for all.
  var budgets: Budgets?
  var spread: Double?
  var scaling: ImportanceScaling?
  var outlierRatios: [Double]?
  var shapley: ShapleyReport?
  /// What was tried to find the spread.
  var tries: [SpreadSearch.Try]?

  /// A sparsity for each player.
  struct Budgets {
    let kind: Granularity
    let players: [Player]
    let allocation: SparsityAllocation

    init(_ allocation: SparsityAllocation, _ kind: Granularity, _ model: any CausalLM) {
      self.kind = kind
      players = kind.cut(model)
      self.allocation = allocation
    }
  }

  /// The same pattern for every linear.
  static func uniform(_ pattern: SparsityPattern, _ model: any CausalLM) -> AllocationPlan {
    AllocationPlan(rule: "uniform", patterns: model.blocks.map { _ in BlockPattern(pattern) })
  }

  private init(rule: String, patterns: [BlockPattern]) {
    self.rule = rule
    self.patterns = patterns
  }

  private init(rule: String, _ budgets: Budgets, _ model: any CausalLM) {
    self.rule = rule
    self.budgets = budgets
    patterns = budgets.allocation.patterns(for: budgets.players, blockCount: model.blocks.count)
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
    var plan = AllocationPlan(rule: "owl", Budgets(allocation, .blocks, model), model)
    plan.spread = spread
    plan.outlierRatios = ratios
    return plan
  }

  /// Shapley values, mapped to sparsities whose mean, weighted by parameters, is the target.
  static func shapley(
    _ report: ShapleyReport, _ model: any CausalLM, target: Double, _ rule: AllocationRule, spread: Double
  ) throws -> AllocationPlan {
    let kind = report.settings.players
    let parameters = kind.cut(model).map(\.parameters)
    let allocation = try SparsityAllocation.proportional(
      importances: SparsityAllocation.perWeight(report.values.values, parameters: parameters), parameters: parameters,
      target: target, spread: spread, scaling: rule.scaling, floor: rule.floor, ceiling: rule.ceiling)
    var plan = AllocationPlan(rule: "shapley", Budgets(allocation, kind, model), model)
    plan.spread = spread
    plan.scaling = rule.scaling
    plan.shapley = report
    return plan
  }

  /// Budgets that a file gave.
  static func file(_ file: AllocationFile, _ model: any CausalLM) throws -> AllocationPlan {
    let allocation = try file.allocation(for: file.players.cut(model))
    return AllocationPlan(rule: file.source, Budgets(allocation, file.players, model), model)
  }

  /// The mean of the sparsities, weighted by parameters.
  func mean() throws -> Double? {
    try budgets.map { try $0.allocation.weightedMean(parameters: $0.players.map(\.parameters)) }
  }

  var json: JSON {
    var members: [(String, JSON)] = [
      ("rule", JSON(rule)), ("spread", spread.map { JSON($0) } ?? .null),
      ("scaling", scaling.map { JSON($0.rawValue) } ?? .null),
    ]
    if let budgets {
      members += budgets.allocation.json(for: budgets.players, of: budgets.kind).objectMembers
    } else {
      members.append(("blocks", JSON(patterns.map(\.common.sparsity))))
    }
    members += [
      ("outlierRatios", outlierRatios.map { JSON($0) } ?? .null), ("shapley", shapley?.json ?? .null),
      ("tries", tries.map { .array($0.map(\.json)) } ?? .null),
    ]
    return JSON(members: members)
  }
}

/// What turns Shapley values into sparsities, apart from the spread.
struct AllocationRule: Sendable {
  var scaling = ImportanceScaling.exponential
  var floor = 0.0
  var ceiling = 1.0

  /// The spread where none is asked for; Documentation/Allocation.md has the measurements behind it.
  var usualSpread: Double { scaling == .exponential ? 0.09 : 0.16 }

  /// Spreads that a search tries, ascending; none is the uniform allocation.
  var candidateSpreads: [Double] {
    scaling == .exponential
      ? [0, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.16] : [0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3]
  }
}
