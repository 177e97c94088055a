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
  private let fileBudgets: SparsityAllocation?
  private let evaluation: TokenBatch?
  private let hashes: [(String, JSON)]
  /// What the run will hold in memory.
  let memory: MemoryPlan

  init(_ arguments: Arguments, _ source: ModelSource, console: Console) throws {
    let (dampening, blockSize) = (arguments[PruneCommand.dampening], arguments[PruneCommand.blockSize])
    pruner = try arguments.required(PruneCommand.method).pruner(dampening: dampening, blockSize: blockSize)
    allocation = arguments[PruneCommand.allocation]
    spread = arguments[PruneCommand.spread]
    scaling = arguments[PruneCommand.scaling]
    let sparsity = arguments[PruneCommand.sparsity]
    pattern =
      arguments[PruneCommand.pattern].map { .structured(keep: $0.kept, of: $0.group) }
      ?? sparsity.map { .unstructured($0) }
    let probe = arguments[GameOptions.probeMethod].pruner(dampening: dampening, blockSize: blockSize)
    game = GameSettings(
      arguments, probe: probe, probeSparsity: arguments[PruneCommand.probeSparsity] ?? sparsity ?? 0)
    if allocation == .shapley { try game.check(blockCount: source.directory.blockCount) }
    gameWindows = arguments[PruneCommand.windows]
    let seed = arguments[InputOptions.seed]
    self.seed = seed
    let length = arguments[InputOptions.sequenceLength]
    calibration = try arguments[InputOptions.calibration].map {
      try Corpus($0, for: source).samples(count: arguments[InputOptions.samples], length: length, seed: seed)
    }
    evaluation = try arguments[PruneCommand.data].map { try Corpus($0, for: source).windows(length: length) }
    var texts = [("calibration", arguments[InputOptions.calibration]), ("data", arguments[PruneCommand.data])]
    if case .file(let path) = allocation {
      fileBudgets = try AllocationPlan.budgets(path, blockCount: source.directory.blockCount)
      texts.append(("allocation", path))
    } else {
      fileBudgets = nil
    }
    memory = try MemoryPlan(
      source, limit: arguments[ResourceOptions.memory], length: max(calibration?.length ?? 0, evaluation?.length ?? 0),
      storesStates: calibration != nil
    ) { [pruner, allocation, game, gameWindows, calibration, evaluation] estimate in
      let samples = calibration.map(Samples.init)
      var phases = evaluation.map { [estimate.perplexity(Samples($0))] } ?? []
      switch (allocation, samples) {
      case (.owl, let samples?): phases.append(estimate.outliers(samples))
      case (.shapley, let samples?):
        let windows = Samples(count: min(samples.count, gameWindows), length: samples.length)
        phases += estimate.game(game, windows: windows, calibration: samples)
      default: break
      }
      return phases + estimate.pruning(pruner, samples) + [estimate.saving]
    }
    hashes = try PruningRecord.hashes(source, texts: texts, console: console)
  }

  /// Measures, allocates, prunes the model in place, measures again.
  func run(_ model: inout any CausalLM, console: Console) throws -> PruningRecord {
    // What cannot be pruned as asked is told before anything is computed.
    if let pattern { try ModelPruner(pruner).check(model, patterns: model.blocks.map { _ in pattern }) }
    let dense = try evaluation.map {
      try model.perplexity($0, memory: memory.memory, console: console, label: "dense perplexity")
    }
    let plan = try plan(model, console: console)
    let reports = try Self.prune(&model, by: pruner, plan, calibration, memory: memory.memory, console: console)
    let pruned = try evaluation.map {
      try model.perplexity($0, memory: memory.memory, console: console, label: "pruned perplexity")
    }
    return PruningRecord(
      command: ["svnup"] + CommandLine.arguments.dropFirst(), method: pruner, pattern: pattern, allocation: plan,
      seed: seed, calibration: calibration,
      calibrationStates: memory.memory.calibrationStates, blocks: reports, dense: dense, pruned: pruned, hashes: hashes)
  }

  /// Prunes a model as planned, with progress on the console.
  static func prune(
    _ model: inout any CausalLM, by pruner: any Pruner, _ plan: AllocationPlan, _ calibration: TokenBatch?,
    memory: WorkingMemory = WorkingMemory(), console: Console
  ) throws -> [BlockReport] {
    let progress = console.progress(pruner.name, unit: "blocks")
    defer { progress.finish() }
    return try ModelPruner(pruner, memory: memory).prune(
      &model, patterns: plan.patterns, calibration: calibration ?? .none, progress: progress.update)
  }

  private func plan(_ model: any CausalLM, console: Console) throws -> AllocationPlan {
    let target = pattern?.sparsity ?? 0
    switch allocation {
    case .uniform:
      return .uniform(pattern ?? .unstructured(0), model)
    case .owl:
      let progress = console.progress("outlier ratios", unit: "blocks")
      let ratios = try outlierRatios(
        of: model, calibration: calibration ?? .none, memory: memory.memory, progress: progress.update)
      progress.finish()
      return try .owl(ratios: ratios, model, target: target, spread: spread ?? 0.08)
    case .shapley:
      let samples = calibration ?? .none
      let run = try game.estimate(
        model, windows: samples.first(gameWindows), calibration: samples, memory: memory.memory,
        console: console)
      return try .shapley(run, model, target: target, spread: spread ?? 0.16, scaling: scaling)
    case .file(let path):
      guard let fileBudgets else { return .uniform(.unstructured(0), model) }
      if let pattern {
        let mean = try fileBudgets.weightedMean(parameters: model.blocks.map(\.prunableParameters))
        guard abs(mean - pattern.sparsity) <= 0.0005 else {
          throw UsageError("--sparsity \(pattern.sparsity): the allocation in \(path) comes to \(mean.fixed(4))")
        }
      }
      return .file(path, fileBudgets)
    }
  }
}

extension TokenBatch {
  /// For pruners that look at no samples.
  fileprivate static let none = TokenBatch(tokens: [], length: 0)
}
