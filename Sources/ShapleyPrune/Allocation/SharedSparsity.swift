import Transformer

/// Patterns for all linears of a model, with the record of how they came about.
struct SharedSparsity {
  let patterns: [BlockPattern]
  var record: AllocationRecord
  /// The mean of the sparsities of players, weighted by parameters; nil for one pattern for all.
  let mean: Double?
}

extension SharedSparsity {
  /// The same pattern for every linear.
  static func uniform(_ pattern: SparsityPattern, _ model: any CausalLM) -> SharedSparsity {
    var record = AllocationRecord()
    record.rule = Allocation.uniform.name
    record.sparsities = AllocationTable(blocks: model.blocks.map { _ in pattern.sparsity })
    return SharedSparsity(patterns: model.blocks.map { _ in BlockPattern(pattern) }, record: record, mean: nil)
  }

  private init(
    _ rule: String, _ allocation: SparsityAllocation, _ granularity: Granularity, _ model: any CausalLM
  ) throws {
    let players = granularity.cut(model)
    var record = AllocationRecord()
    record.rule = rule
    record.sparsities = AllocationTable(allocation, for: players, granularity)
    self.init(
      patterns: allocation.patterns(for: players, blockCount: model.blocks.count), record: record,
      mean: try allocation.weightedMean(parameters: players.map(\.parameters)))
  }

  /// OWL's map of outlier ratios.
  ///
  /// Where the published map would leave [0, 1] or miss the mean, the sparsities are clamped and the rest
  /// redistributed.
  static func owl(
    ratios: [Double], _ model: any CausalLM, target: Double, spread: Double = OWL.usualSpread
  ) throws -> SharedSparsity {
    let allocation = try SparsityAllocation.proportional(
      importances: ratios, parameters: model.blocks.map(\.prunableParameters), target: target, spread: spread,
      scaling: .linear)
    var shared = try SharedSparsity(Allocation.owl().name, allocation, .blocks, model)
    shared.record.spread = spread
    shared.record.outlierRatios = ratios
    return shared
  }

  /// Shapley values, mapped to sparsities whose mean, weighted by parameters, is the target.
  static func shapley(
    _ values: ShapleyRecord, _ model: any CausalLM, target: Double, _ map: ImportanceMap, spread: Double? = nil
  ) throws -> SharedSparsity {
    let granularity = values.settings.granularity
    let parameters = granularity.cut(model).map(\.parameters)
    let spread = spread ?? map.scaling.usualSpread
    let allocation = try SparsityAllocation.proportional(
      importances: SparsityAllocation.perWeight(values.values.values, parameters: parameters), parameters: parameters,
      target: target, spread: spread, scaling: map.scaling, floor: map.floor, ceiling: map.ceiling)
    var shared = try SharedSparsity(Allocation.shapley().name, allocation, granularity, model)
    shared.record.spread = spread
    shared.record.scaling = map.scaling
    shared.record.shapley = values
    return shared
  }

  /// The sparsities of a file.
  static func given(_ file: AllocationFile, _ model: any CausalLM) throws -> SharedSparsity {
    let allocation = try file.allocation(for: file.granularity.cut(model))
    return try SharedSparsity(file.source, allocation, file.granularity, model)
  }
}
