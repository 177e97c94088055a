import ShapleyPrune
import Support
import Transformer

/// `svnup prune` from validated arguments: everything it reads is read and checked before anything is computed.
struct PruningRun {
  private let pruner: any Pruner
  private let pattern: SparsityPattern?
  private let allocation: AllocationChoice
  private let spread: Double?
  private let scaling: ImportanceScaling
  private let game: GameSettings
  private let gameWindows: Int
  private let seed: Int
  private let calibration: TokenBatch?
  private let evaluation: TokenBatch?
  private let hashes: [(String, JSON)]

  init(_ arguments: Arguments, _ source: ModelSource) throws {
    let (dampening, blockSize) = (arguments[PruneCommand.dampening], arguments[PruneCommand.blockSize])
    pruner = try arguments.required(PruneCommand.method).pruner(dampening: dampening, blockSize: blockSize)
    allocation = arguments[PruneCommand.allocation]
    spread = arguments[PruneCommand.spread]
    scaling = ImportanceScaling(arguments[PruneCommand.scaling])
    let sparsity = arguments[PruneCommand.sparsity]
    pattern =
      arguments[PruneCommand.pattern].map { .structured(keep: $0.kept, of: $0.group) }
      ?? sparsity.map { .unstructured($0) }
    let probe = arguments[GameOptions.probeMethod].pruner(dampening: dampening, blockSize: blockSize)
    game = GameSettings(
      arguments, probe: probe, probeSparsity: arguments[PruneCommand.probeSparsity] ?? sparsity ?? 0)
    if allocation == .shapley { try game.check(blockCount: source.model.blocks.count) }
    gameWindows = arguments[PruneCommand.windows]
    let seed = arguments[InputOptions.seed]
    self.seed = seed
    let length = arguments[InputOptions.sequenceLength]
    calibration = try arguments[InputOptions.calibration].map {
      try Corpus($0, for: source).samples(count: arguments[InputOptions.samples], length: length, seed: seed)
    }
    evaluation = try arguments[PruneCommand.data].map { try Corpus($0, for: source).windows(length: length) }
    if let pattern { try ModelPruner(pruner).check(source.model, patterns: source.model.blocks.map { _ in pattern }) }
    hashes = try PruningRecord.hashes(
      source,
      texts: [("calibration", arguments[InputOptions.calibration]), ("data", arguments[PruneCommand.data])])
  }

  /// Measures, allocates, prunes, measures again.
  func run(_ source: ModelSource, console: Console) throws -> (model: any CausalLM, record: PruningRecord) {
    let plan = try plan(source.model, console: console)
    try ModelPruner(pruner).check(source.model, patterns: plan.patterns)
    let dense = evaluation.map { source.model.perplexity($0, console: console, label: "dense perplexity") }
    var model = source.model
    let reports = try Self.prune(&model, by: pruner, plan, calibration, console: console)
    let pruned = evaluation.map { model.perplexity($0, console: console, label: "pruned perplexity") }
    let record = PruningRecord(
      command: ["svnup"] + CommandLine.arguments.dropFirst(), method: pruner, allocation: plan, seed: seed,
      calibration: calibration, blocks: reports, dense: dense, pruned: pruned, hashes: hashes)
    return (model, record)
  }

  /// Prunes a model as planned, with progress on the console.
  static func prune(
    _ model: inout any CausalLM, by pruner: any Pruner, _ plan: AllocationPlan, _ calibration: TokenBatch?,
    console: Console
  ) throws -> [BlockReport] {
    let progress = console.progress(pruner.name, unit: "blocks")
    defer { progress.finish() }
    // A pruner that takes no statistics looks at no samples.
    let samples = calibration ?? TokenBatch(tokens: [], length: 0)
    return try ModelPruner(pruner).prune(
      &model, patterns: plan.patterns, calibration: samples, progress: progress.update)
  }

  private func plan(_ model: any CausalLM, console: Console) throws -> AllocationPlan {
    let target = pattern?.sparsity ?? 0
    switch allocation {
    case .uniform:
      return .uniform(pattern ?? .unstructured(0), model)
    case .owl:
      let progress = console.progress("outlier ratios", unit: "blocks")
      let ratios = try outlierRatios(
        of: model, calibration: calibration ?? TokenBatch(tokens: [], length: 0), progress: progress.update)
      progress.finish()
      return try .owl(ratios: ratios, model, target: target, spread: spread ?? 0.08)
    case .shapley:
      let samples = calibration ?? TokenBatch(tokens: [], length: 0)
      let run = try game.estimate(model, windows: samples.first(gameWindows), calibration: samples, console: console)
      return try .shapley(run, model, target: target, spread: spread ?? 0.16, scaling: scaling)
    case .file(let path):
      let plan = try AllocationPlan.file(path, model)
      guard let pattern else { return plan }
      let allocation = try SparsityAllocation(plan.patterns.map(\.sparsity))
      let mean = try allocation.weightedMean(parameters: model.blocks.map(\.prunableParameters))
      guard abs(mean - pattern.sparsity) <= 0.0005 else {
        throw UsageError("--sparsity \(pattern.sparsity): the allocation in \(path) comes to \(mean.fixed(4))")
      }
      return plan
    }
  }
}

extension ImportanceScaling {
  init(_ choice: ScalingChoice) {
    switch choice {
    case .linear: self = .linear
    case .rank: self = .rank
    case .log: self = .log
    }
  }
}
