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

  init(
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

  /// The published linear map of importances, one a block.
  ///
  /// Where it would leave [0, 1] or miss the mean, the sparsities are clamped and the rest redistributed.
  private static func linear(
    _ rule: Allocation, _ importances: [Double], _ model: any CausalLM, target: Double, spread: Double
  ) throws -> SharedSparsity {
    let allocation = try SparsityAllocation.proportional(
      importances: importances, parameters: model.blocks.map(\.prunableParameters), target: target, spread: spread,
      scaling: .linear)
    var shared = try SharedSparsity(rule.name, allocation, .blocks, model)
    shared.record.spread = spread
    return shared
  }

  /// OWL's map of outlier ratios.
  static func owl(
    ratios: [Double], _ model: any CausalLM, target: Double, spread: Double
  ) throws -> SharedSparsity {
    var shared = try linear(.owl(), ratios, model, target: target, spread: spread)
    shared.record.outlierRatios = ratios
    return shared
  }

  /// DLP's map of the medians of scores.
  static func dlp(
    medians: [Double], _ model: any CausalLM, target: Double, spread: Double
  ) throws -> SharedSparsity {
    let importances = try DLP.relativeImportances(medians)
    var shared = try linear(.dlp(), importances, model, target: target, spread: spread)
    shared.record.relativeImportances = importances
    return shared
  }

  /// AlphaPruning's map of exponents.
  static func alphaPruning(
    exponents: [Double], _ tail: SpectrumTail, _ model: any CausalLM, target: Double, spread: Double
  ) throws -> SharedSparsity {
    let allocation = try SparsityAllocation.alphaPruning(
      exponents: exponents, parameters: model.blocks.map(\.prunableParameters), target: target, spread: spread)
    var shared = try SharedSparsity(Allocation.alphaPruning().name, allocation, .blocks, model)
    shared.record.spread = spread
    shared.record.hillExponents = exponents
    shared.record.tail = tail
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
