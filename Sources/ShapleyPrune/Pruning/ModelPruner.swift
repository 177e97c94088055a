import Tensor
import Transformer

/// What became of one linear.
public struct LinearReport: Sendable {
  /// What the linear does in its block.
  public let role: LinearRole
  /// The weight's name in the checkpoint.
  public let name: TensorName
  /// The pattern that was asked for.
  public let pattern: SparsityPattern
  /// Weights.
  public let count: Int
  /// Zeros among them.
  public let zeros: Int
  /// What the pruner did.
  public let outcome: PruningOutcome

  /// The fraction of zeros.
  public var sparsity: Double { Double(zeros) / Double(count) }
}

/// What became of one block.
public struct BlockReport: Sendable {
  /// Its linears, in the order of the modules.
  public let linears: [LinearReport]

  /// The sparsity that was asked for: the mean over its weights.
  public var target: Double {
    linears.reduce(0) { $0 + $1.pattern.sparsity * Double($1.count) } / Double(count)
  }

  /// Weights of the block's linears.
  public var count: Int { linears.reduce(0) { $0 + $1.count } }
  /// Zeros among them.
  public var zeros: Int { linears.reduce(0) { $0 + $1.zeros } }
  /// The fraction of zeros.
  public var sparsity: Double { Double(zeros) / Double(count) }
}

/// Prunes a model block by block.
///
/// All linears of a block, or one group with the same inputs after the other, are pruned with statistics of one pass of the
/// calibration samples through the block as it is; then the samples pass the block again as it has become, so that later blocks
/// see the inputs they will have.
///
///     let pruner = ModelPruner(.sparseGPT())
///     let reports = try pruner.prune(&model, patterns: patterns, calibration: samples)
public struct ModelPruner: Sendable {
  /// What the samples pass on their way to the next block.
  public enum Propagation: Sendable {
    /// The pruned block: the next one adapts to what it will see. The rule of SparseGPT and Wanda.
    case pruned
    /// The dense block, as if no other were pruned: for weights that are mixed freely with dense ones afterwards.
    case dense
  }

  /// What the weights that remain are to give.
  public enum Targets: String, Sendable, CaseIterable {
    /// The outputs of the same linear before it was pruned, for the inputs that it will see. The rule of SparseGPT.
    case own
    /// Half the way to the outputs that it has in the dense model: the weights first make up for what was pruned in front.
    case dense
  }

  /// What is pruned at a time, with statistics of its own.
  public enum Sequencing: String, Sendable, CaseIterable {
    /// All linears of a block.
    case block
    /// Linears with the same inputs, those in front of them in the block being pruned.
    case stage
  }

  /// What an error in an output counts where weights of several rows compete for being kept.
  public enum Weighting: String, Sendable, CaseIterable {
    /// The same in every output.
    case equal
    /// What it does to the loss: `OutputSensitivity`.
    case gradient
  }

  /// The criterion.
  public var pruner: any Pruner
  /// What the samples pass.
  public var propagation: Propagation
  /// What the weights that remain are to give, where samples pass the pruned blocks.
  public var targets = Targets.own
  /// What is pruned at a time, where samples pass the pruned blocks.
  public var sequencing = Sequencing.block
  /// What an error in each output counts, where weights of several rows compete; nil where all count the same.
  public var sensitivity: OutputSensitivity?
  /// How much of the calibration samples is in the model at a time, and how the rest is stored.
  public var memory: WorkingMemory
  /// The type that pruned weights are rounded to; nil keeps each one's own.
  package var storedType: ElementType?

  /// A model pruner with a criterion.
  public init(
    _ pruner: any Pruner, propagation: Propagation = .pruned, memory: WorkingMemory = WorkingMemory()
  ) {
    self.pruner = pruner
    self.propagation = propagation
    self.memory = memory
  }

  /// Throws unless every linear of the model can have its block's pattern.
  public func check(_ model: any CausalLM, patterns: [BlockPattern]) throws(PruningError) {
    guard patterns.count == model.blocks.count else {
      throw .wrongBlockCount(expected: model.blocks.count, found: patterns.count)
    }
    for (block, patterns) in zip(model.blocks, patterns) {
      for role in block.roles {
        try patterns[role].check(columns: block[role].weight.columns, name: "\(block[role].name)")
        try pruner.check(patterns[role])
      }
    }
  }

  /// Prunes a model in place, all linears of a block by one pattern.
  ///
  /// Throws `PruningError`; the model is then partly pruned.
  public func prune(
    _ model: inout any CausalLM, patterns: [SparsityPattern], calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) -> [BlockReport] {
    try prune(&model, patterns: patterns.map { BlockPattern($0) }, calibration: calibration, progress: progress)
  }

  /// Prunes a model in place.
  ///
  /// Throws `PruningError`; the model is then partly pruned.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - patterns: one a block.
  ///   - calibration: the samples; a pruner without statistics does not look at them.
  ///   - progress: is told the blocks done and their number.
  public func prune(
    _ model: inout any CausalLM, patterns: [BlockPattern], calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) -> [BlockReport] {
    try prune(&model, patterns: patterns, calibration: calibration, progress: progress) { _, _ in }
  }

  /// Prunes a model in place, and hands over every block when the samples have passed it; what `finished` leaves there
  /// stays.
  package func prune(
    _ model: inout any CausalLM, patterns: [BlockPattern], calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)?,
    finished: (_ index: Int, _ block: inout any TransformerBlock) -> Void
  ) throws(PruningError) -> [BlockReport] {
    try check(model, patterns: patterns)
    let kind = statisticsKind
    // Two streams of hidden states: those of the model as it becomes and, for dense targets, those of the model as it was.
    var walk = kind > .none ? CalibrationWalk(calibration, through: model, memory: memory) : nil
    var denseWalk = hasDenseTargets ? walk : nil
    // Until something is pruned, the two are one.
    var differ = false
    var reports: [BlockReport] = []
    for (index, pattern) in patterns.enumerated() {
      // Where nobody asks for it, nothing holds on to the dense block: its weights go while they are replaced.
      let original = denseWalk == nil ? nil : model.blocks[index]
      var outcomes: [LinearRole: PruningOutcome] = [:]
      let parts = parts(of: model.blocks[index])
      for (number, part) in parts.enumerated() {
        for stage in part.stages {
          let statistics = MemoryPool.shared.phase {
            switch propagation {
            case .pruned:
              walk?.statistics(
                of: model.blocks[index], stage, in: part.sublayers, kind: kind,
                towards: differ ? denseWalk.flatMap { walk in original.map { (walk, $0) } } : nil)
            case .dense: walk?.advance(through: model.blocks[index], collecting: kind)
            }
          }
          let pruned = try MemoryPool.shared.phase { () throws(PruningError) in
            try prune(
              &model.blocks[index], stage, to: pattern, given: statistics ?? BlockStatistics(.none),
              scales: sensitivity?.scales[index], mayLackInputs: !outcomes.isEmpty)
          }
          outcomes.merge(pruned) { $1 }
          differ = differ || !pruned.isEmpty
        }
        // Behind the last linear nobody looks at the states.
        let isLast = index + 1 == patterns.count && number + 1 == parts.count
        if propagation == .pruned, !isLast {
          walk?.advance(through: model.blocks[index], in: part.sublayers)
          if let original { denseWalk?.advance(through: original, in: part.sublayers) }
        }
      }
      reports.append(BlockReport(model.blocks[index], pattern, outcomes))
      finished(index, &model.blocks[index])
      progress?(index + 1, patterns.count)
    }
    return reports
  }

  /// Whether samples pass the pruned blocks and weights make up for them.
  private var hasDenseTargets: Bool { propagation == .pruned && targets == .dense }

  /// Whether it looks at the samples at all.
  var looksAtSamples: Bool { statisticsKind > .none }

  /// What is summed up over the inputs.
  private var statisticsKind: StatisticsKind { hasDenseTargets ? .gram : pruner.statistics }

  /// The halves of a block that samples pass when their linears are pruned, and the linears that are pruned at a time.
  private func parts(of block: any TransformerBlock) -> [(sublayers: [Sublayer], stages: [[LinearRole]])] {
    guard propagation == .pruned, sequencing == .stage else { return [(Sublayer.allCases, [block.roles])] }
    return Sublayer.allCases.map { sublayer in
      ([sublayer], block.groups.filter { $0.first?.sublayer == sublayer })
    }
  }

  /// What pruning a model on so many samples holds: while they pass a block, and while a linear is pruned.
  ///
  /// - Parameter weighting: what an error in an output will count.
  package func footprint(
    _ forecast: MemoryForecast, _ samples: BatchShape?, weighting: Weighting = .equal
  ) -> [Footprint] {
    // A scaled weight lies beside the weight.
    let weights = weighting == .equal ? 1.0 : 2
    let linear = Footprint.Part(
      "a linear", forecast.shape.linears.map { footprint(forecast, $0, weights: weights) }.max() ?? 0)
    let kind = statisticsKind
    guard let samples, kind > .none else { return [Footprint("pruning", [forecast.weights, linear])] }
    var held = CalibrationWalk.footprint(forecast, samples, kind)
    if hasDenseTargets { held += CalibrationWalk.targetFootprint(forecast, samples) }
    let copies = propagation == .pruned || forecast.memory.calibrationStates != .float32
    var block = CalibrationWalk.footprint(ofBlock: forecast, samples, kind, copies: copies)
    // The inputs in the dense model wait for those in the pruned one.
    if hasDenseTargets { block += forecast.block(samples) }
    return [Footprint("calibration", held + block), Footprint("pruning", held + [linear])]
  }

  /// Bytes of a linear in so many copies in Float and as it will be stored, and of what decides about its weights.
  private func footprint(_ forecast: MemoryForecast, _ linear: ModelShape.LinearShape, weights: Double) -> Double {
    linear.count * (4 * weights + Double(forecast.shape.storedByteCount))
      + pruner.footprint(outputs: linear.outputs, inputs: linear.inputs)
  }

  /// Prunes some linears of a block, those with the same inputs by one criterion.
  ///
  /// - Parameters:
  ///   - scales: what the rows of each linear are multiplied by while its weights compete.
  ///   - mayLackInputs: whether linears in front were pruned, which may have left nothing: magnitudes decide then.
  /// - Returns: what became of those for which there was something to do.
  package func prune(
    _ block: inout any TransformerBlock, _ roles: [LinearRole], to patterns: BlockPattern,
    given statistics: BlockStatistics, scales: [LinearRole: [Double]]? = nil, mayLackInputs: Bool = false
  ) throws(PruningError) -> [LinearRole: PruningOutcome] {
    var outcomes: [LinearRole: PruningOutcome] = [:]
    // Where nothing is to be cleared the weights keep every bit, whatever the method would do to them.
    let cleared = roles.filter { patterns[$0].clearsAny(of: block[$0].weight.count) }
    for group in statistics.groups(of: cleared) {
      guard let first = group.roles.first else { continue }
      let name = "\(block[first].name)"
      let isSilent = mayLackInputs && group.statistics.isSilent
      let fit =
        try isSilent
        ? nil : group.targets.map { (targets) throws(PruningError) in try targets.fit(group.statistics, linear: name) }
      // Held by this group alone: SparseGPT's factor is as large as the products of all inputs.
      let criterion: any PruningCriterion =
        try isSilent ? MagnitudeCriterion(rule: .exact) : pruner.criterion(for: group.statistics, linear: name)
      for role in group.roles {
        outcomes[role] = try prune(&block[role], to: patterns[role], after: fit, scales: scales?[role], by: criterion)
      }
    }
    return outcomes
  }

  private func prune(
    _ linear: inout Linear, to pattern: SparsityPattern, after fit: TargetFit?, scales: [Double]?,
    by criterion: any PruningCriterion
  ) throws(PruningError) -> PruningOutcome {
    var weight = linear.weight.widened()
    fit?.apply(to: &weight)
    let outcome = try prune(&weight, to: pattern, scales: scales, by: criterion, linear: "\(linear.name)")
    let stored = StoredMatrix(weight, as: storedType ?? linear.weight.elementType)
    // An update may carry a weight beyond the largest number of its type.
    if let index = stored.firstNonFiniteIndex {
      throw .weightOutOfRange(linear: "\(linear.name)", index: index, type: stored.elementType)
    }
    linear.weight = stored
    return outcome
  }

  /// Prunes a weight whose rows are multiplied by their scales meanwhile, where they compete.
  private func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, scales: [Double]?, by criterion: any PruningCriterion,
    linear: String
  ) throws(PruningError) -> PruningOutcome {
    guard let scales, pruner.choosesAcrossRows, case .unstructured = pattern else {
      return try criterion.prune(&weight, to: pattern, linear: linear)
    }
    var scaled = weight
    scaled.scaleRows(by: scales)
    let outcome = try criterion.prune(&scaled, to: pattern, linear: linear)
    if pruner.updatesWeights {
      scaled.scaleRows(by: scales.map { 1 / $0 })
      weight = scaled
    } else {
      // The weights that stay keep every bit.
      ZeroPositions(of: scaled)?.clear(&weight)
    }
    return outcome
  }
}

extension BlockReport {
  /// What became of a block's linears; those without an outcome were left as they are.
  init(_ block: any TransformerBlock, _ patterns: BlockPattern, _ outcomes: [LinearRole: PruningOutcome]) {
    linears = block.roles.map { role in
      let linear = block[role]
      return LinearReport(
        role: role, name: linear.name, pattern: patterns[role], count: linear.weight.count,
        zeros: linear.weight.zeroCount, outcome: outcomes[role] ?? PruningOutcome())
    }
  }
}
