import ShapleyPrune
import Support
import Transformer

/// `svnup prune` from validated arguments: everything it reads is read and checked before anything is computed.
struct PruningRun {
  private let pruner: any Pruner
  private let pattern: SparsityPattern?
  private let allocation: AllocationChoice
  private let spread: SpreadChoice?
  private let rule: AllocationRule
  private let game: GameSettings
  private let gameWindows: Int
  private let savedValues: ShapleyReport?
  private let seed: Int
  private let calibration: TokenBatch?
  /// Calibration text for --spread auto.
  private let heldBack: TokenBatch?
  private let budgets: AllocationFile?
  private let evaluation: TokenBatch?
  private let hashes: [(String, JSON)]
  /// What the run will hold in memory.
  let memory: MemoryPlan

  /// Windows that --spread auto measures on, where the calibration text has as many to spare.
  private static let heldBackWindows = 16

  init(_ arguments: Arguments, _ source: ModelSource, console: Console) throws {
    let (dampening, blockSize) = (arguments[PruneCommand.dampening], arguments[PruneCommand.blockSize])
    pruner = try arguments.required(PruneCommand.method).pruner(dampening: dampening, blockSize: blockSize)
    allocation = arguments[PruneCommand.allocation]
    spread = arguments[PruneCommand.spread]
    rule = AllocationRule(
      scaling: arguments[PruneCommand.scaling], floor: arguments[PruneCommand.floor],
      ceiling: arguments[PruneCommand.ceiling])
    let sparsity = arguments[PruneCommand.sparsity]
    pattern =
      arguments[PruneCommand.pattern].map { .structured(keep: $0.kept, of: $0.group) }
      ?? sparsity.map { .unstructured($0) }
    let seed = arguments[InputOptions.seed]
    self.seed = seed
    game = GameSettings(
      arguments, probeSparsity: arguments[PruneCommand.probeSparsity] ?? sparsity ?? 0, dampening: dampening,
      blockSize: blockSize, seed: seed)
    savedValues = try arguments[PruneCommand.values].map { try ShapleyReport(file: $0) }
    if let savedValues {
      let count = savedValues.settings.playerCount(source)
      guard savedValues.names.count == count else {
        throw InputError(
          source: arguments[PruneCommand.values] ?? "",
          reason: "it has \(savedValues.names.count) values; the model has \(count) players")
      }
    } else if allocation == .shapley {
      try game.check(playerCount: game.playerCount(source))
    }
    gameWindows = arguments[PruneCommand.windows]
    let length = arguments[InputOptions.sequenceLength]
    let count = arguments[InputOptions.samples]
    let corpus = try arguments[InputOptions.calibration].map { try Corpus($0, for: source) }
    if spread == .auto, let corpus {
      let parts = try corpus.samples(count: count, length: length, seed: seed, holdingBack: Self.heldBackWindows)
      (calibration, heldBack) = (parts.samples, parts.heldBack)
    } else {
      calibration = try corpus?.samples(count: count, length: length, seed: seed)
      heldBack = nil
    }
    evaluation = try arguments[PruneCommand.data].map { try Corpus($0, for: source).windows(length: length) }
    var texts = [
      ("calibration", arguments[InputOptions.calibration]), ("data", arguments[PruneCommand.data]),
      ("values", arguments[PruneCommand.values]),
    ]
    if case .file(let path) = allocation {
      budgets = try AllocationFile(parsing: try File.contents(of: path, limit: 1 << 24), source: path)
      try budgets?.check(blockCount: source.directory.blockCount)
      texts.append(("allocation", path))
    } else {
      budgets = nil
    }
    memory = try MemoryPlan(
      source, limit: arguments[ResourceOptions.memory], length: max(calibration?.length ?? 0, evaluation?.length ?? 0),
      storesStates: calibration != nil
    ) { [pruner, allocation, game, gameWindows, calibration, evaluation, heldBack, savedValues] estimate in
      let samples = calibration.map(Samples.init)
      var phases = evaluation.map { [estimate.perplexity(Samples($0))] } ?? []
      switch (allocation, samples) {
      case (.owl, let samples?): phases.append(estimate.outliers(samples))
      case (.shapley, let samples?) where savedValues == nil:
        let windows = Samples(count: min(samples.count, gameWindows), length: samples.length)
        phases += estimate.game(game, windows: windows, calibration: samples)
      default: break
      }
      // A try prunes a copy, which is then measured.
      if let heldBack {
        phases += estimate.pruning(pruner, samples, beside: [estimate.copy])
        phases.append(estimate.perplexity(Samples(heldBack), beside: [estimate.copy]))
      }
      return phases + estimate.pruning(pruner, samples) + [estimate.saving]
    }
    hashes = try PruningRecord.hashes(source, texts: texts, console: console)
    checkOrigin(arguments[PruneCommand.values], console)
  }

  /// Says so where values were taken on another model.
  private func checkOrigin(_ path: String?, _ console: Console) {
    guard let path, let theirs = savedValues?.hashes["model"], let ours = hashes.first(where: { $0.0 == "model" })?.1,
      theirs.document != ours.document
    else { return }
    console.note("\(path): these values were taken on another model")
  }

  /// Measures, allocates, prunes the model in place, measures again.
  func run(
    _ model: inout any CausalLM, measurements: (any MeasurementStore)? = nil, console: Console
  ) throws -> PruningRecord {
    // What cannot be pruned as asked is told before anything is computed.
    if let pattern { try ModelPruner(pruner).check(model, patterns: model.blocks.map { _ in BlockPattern(pattern) }) }
    _ = try filePlan(model)
    let dense = try evaluation.map {
      try model.perplexity($0, memory: memory.memory, console: console, label: "dense perplexity")
    }
    let plan = try plan(model, measurements, console: console)
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
    memory: WorkingMemory = WorkingMemory(), label: String? = nil, console: Console
  ) throws -> [BlockReport] {
    let progress = console.progress(label ?? pruner.name, unit: "blocks")
    defer { progress.finish() }
    return try ModelPruner(pruner, memory: memory).prune(
      &model, patterns: plan.patterns, calibration: calibration ?? .none, progress: progress.update)
  }

  private func plan(
    _ model: any CausalLM, _ measurements: (any MeasurementStore)?, console: Console
  ) throws -> AllocationPlan {
    let target = pattern?.sparsity ?? 0
    switch allocation {
    case .uniform:
      return .uniform(pattern ?? .unstructured(0), model)
    case .owl:
      let progress = console.progress("outlier ratios", unit: "blocks")
      let ratios = try outlierRatios(
        of: model, calibration: calibration ?? .none, memory: memory.memory, progress: progress.update)
      progress.finish()
      guard case .number(let spread)? = spread else { return try .owl(ratios: ratios, model, target: target) }
      return try .owl(ratios: ratios, model, target: target, spread: spread)
    case .shapley:
      guard
        let report = try savedValues
          ?? task?.play(model, memory: memory.memory, measurements: measurements, console: console).report
      else { return .uniform(pattern ?? .unstructured(0), model) }
      return try shapleyPlan(report, model, target: target, console: console)
    case .file:
      return try filePlan(model) ?? .uniform(.unstructured(0), model)
    }
  }

  /// The allocation of a file, checked against the model and a sparsity beside it; nil where none was given.
  private func filePlan(_ model: any CausalLM) throws -> AllocationPlan? {
    guard let budgets else { return nil }
    let plan = try AllocationPlan.file(budgets, model)
    if let pattern, let mean = try plan.mean(), abs(mean - pattern.sparsity) > 0.0005 {
      throw UsageError(
        "--sparsity \(pattern.sparsity): the allocation in \(budgets.source) comes to \(mean.fixed(4))")
    }
    return plan
  }

  /// The game on the first calibration samples, where the run has values to take.
  private var task: ShapleyGame? {
    guard allocation == .shapley, savedValues == nil, let calibration else { return nil }
    let files = hashes.filter { $0.0 != "data" }
    return ShapleyGame(
      settings: game, windows: calibration.first(gameWindows), calibration: calibration, hashes: JSON(members: files))
  }

  /// Opens the journal of the Shapley values, where the run has values to take.
  func journal(_ path: String?, besides output: String, _ source: ModelSource, console: Console) throws -> RunJournal? {
    try task.map {
      let header = $0.header(memory.memory, playerCount: game.playerCount(source))
      return try RunJournal(path, besides: output, header, console: console)
    }
  }

  /// Shapley values with the spread that was asked for, or the one that a search finds.
  private func shapleyPlan(
    _ report: ShapleyReport, _ model: any CausalLM, target: Double, console: Console
  ) throws -> AllocationPlan {
    func plan(_ spread: Double) throws -> AllocationPlan {
      try .shapley(report, model, target: target, rule, spread: spread)
    }
    switch spread {
    case .number(let spread)?: return try plan(spread)
    case nil: return try plan(rule.usualSpread)
    case .auto?:
      let search = SpreadSearch(
        candidates: rule.candidateSpreads, pruner: pruner, calibration: calibration ?? .none,
        heldBack: heldBack ?? .none, memory: memory.memory)
      let tries = try search.tries(model, console: console, plan)
      var best = try plan(SpreadSearch.best(tries))
      best.tries = tries
      return best
    }
  }
}

extension TokenBatch {
  /// For pruners that look at no samples.
  fileprivate static let none = TokenBatch(tokens: [], length: 0)
}
