import Support
import Tensor
import Transformer

/// A job whose files have been read, but for the weights.
struct PruneRun {
  let job: PruneJob
  let calibration: TokenBatch?
  /// What the model is pruned with in the end: after a search of an allocation, the text that was held back for it, too.
  private let samples: TokenBatch?
  /// Calibration text for the search of a spread or of an allocation.
  private let heldBack: TokenBatch?
  let evaluation: TokenBatch?
  /// How the two texts became tokens.
  private let calibrationText: TextProtocol?
  private let evaluationText: TextProtocol?
  private let hashes: FileHashes
  /// What the run will hold in memory.
  let budget: MemoryBudget
  /// The game, where the run has values to take.
  let game: PreparedGame?

  init(_ job: PruneJob) throws {
    self.job = job
    let source = job.model
    var others: [(String, String?, TextProtocol?)] = []
    let played = job.game
    if let game = played?.settings { try game.estimator.check(playerCount: game.playerCount(source.directory)) }
    var searches = job.allocation.search != nil
    switch job.allocation.start {
    case .uniform, .owl, .dlp, .alphaPruning, .search: break
    case .given(let file):
      try file.check(blockCount: source.directory.blockCount)
      if file.isFile { others.append(("allocation", file.source, nil)) }
    case .shapley(.values(let record), let spread, _):
      try record.check(source.directory)
      if let path = record.source { others.append(("values", path, nil)) }
      searches = searches || spread == .auto
    case .shapley(.game, let spread, _):
      searches = searches || spread == .auto
    }
    let corpus = try job.calibration?.tokens(for: source, .calibrating, events: job.events)
    calibrationText = corpus?.told
    if searches, let corpus {
      let parts = try corpus.samples(
        count: job.samples, length: job.sequenceLength, seed: job.seed, holdingBack: SpreadSearch.usualWindows)
      (calibration, heldBack) = (parts.samples, parts.heldBack)
    } else {
      calibration = try corpus?.samples(count: job.samples, length: job.sequenceLength, seed: job.seed)
      heldBack = nil
    }
    samples =
      job.allocation.search == nil
      ? calibration : try corpus?.samples(count: job.samples, length: job.sequenceLength, seed: job.seed)
    let measured = try job.evaluation?.tokens(for: source, .measuring, events: job.events, after: job.calibration)
    evaluationText = measured?.told
    evaluation = try measured?.windows(length: job.sequenceLength).first(job.evaluationWindows)
    job.events.note(job.calibration, has: samples, of: job.samples, "samples", rows: corpus?.rowCount)
    job.events.note(job.evaluation, has: evaluation, of: job.evaluationWindows, "windows", rows: measured?.rowCount)
    job.events.note(seed: job.seed, of: job.calibration, rows: corpus?.rowCount)
    if let path = job.calibration?.path, !job.looksAtInputs {
      job.events.note("\(path): nothing depends on the calibration text in this run")
    }
    if let played, let calibration, calibration.sequences < played.windows {
      job.events.note(
        "the values are taken on \(calibration.sequences) windows instead of \(played.windows): there are no more samples"
      )
    }
    budget = try MemoryBudget(
      source, limit: job.memoryLimit, length: max(calibration?.length ?? 0, evaluation?.length ?? 0),
      storesStates: calibration != nil, choice: job.memoryChoice
    ) { [samples, evaluation, heldBack] forecast in
      job.footprint(
        forecast, samples: samples.map(BatchShape.init), evaluation: evaluation.map(BatchShape.init),
        heldBack: heldBack.map(BatchShape.init))
    }
    let texts = [
      ("calibration", job.calibration?.path, calibrationText), ("data", job.evaluation?.path, evaluationText),
    ]
    hashes = try FileHashes(of: source, texts: texts + others, events: job.events)
    if let played, let calibration, let calibrationText {
      game = PreparedGame(
        settings: played.settings, windows: calibration.first(played.windows), text: calibrationText,
        calibration: calibration,
        hashes: hashes.without("data"),
        memory: budget.memory, events: job.events, stop: job.stop)
    } else {
      game = nil
    }
    tellOrigin()
  }

  /// Says so where values were taken on another model.
  private func tellOrigin() {
    guard case .shapley(.values(let record), _, _) = job.allocation.start, let ours = hashes["model"] else { return }
    guard let theirs = try? FileHashes(FieldReader(record.hashes, source: ""))["model"], theirs != ours else { return }
    job.events.note("\(record.source ?? "the values"): these values were taken on another model")
  }

  /// Measures, allocates, prunes the model in place, measures again.
  func prune(
    _ model: inout any CausalLM, measurements: (any MeasurementStore)?, searched: SearchJournal? = nil
  ) throws -> PruningRecord {
    var modelPruner = job.modelPruner(budget.memory)
    // What cannot be pruned as asked is told before anything is computed.
    if let pattern = job.pattern {
      try modelPruner.check(model, patterns: model.blocks.map { _ in BlockPattern(pattern) })
    }
    try job.measured.check(model)
    let given = try given(model)
    let dense = try job.measured.perplexity ?? evaluation.map { try measure(model, $0, "dense perplexity") }
    if job.weighting == .gradient { modelPruner.sensitivity = try job.measured.sensitivity ?? sensitivity(of: model) }
    let start = try given ?? share(model, modelPruner, measurements)
    let shared = try job.allocation.search.map { try search($0, model, modelPruner, searched).improve(start) } ?? start
    let reports = try job.events.during(job.pruner.name, unit: "blocks") {
      try modelPruner.prune(
        &model, patterns: shared.patterns, calibration: samples ?? .none, progress: $0)
    }
    tellEmptied(reports)
    // As the saved model will be measured: in the same forms, it has the same perplexity to the bit.
    model.useFasterForms(for: .manyTokens)
    let pruned = try evaluation.map { try measure(model, $0, "pruned perplexity") }
    tellTarget(shared, reports)
    var record = PruningRecord()
    record.command = job.command
    record.pruner = job.pruner
    (record.targets, record.sequencing, record.weighting) = (job.targets, job.sequencing, job.weighting)
    if case .structured? = job.pattern { record.groups = job.pattern }
    record.seed = job.seed
    record.describe(samples, budget.memory)
    record.calibrationText = calibrationText
    record.describe(reports, dense: dense, pruned: pruned, evaluationText)
    record.allocation = shared.record
    record.hashes = hashes
    return record
  }

  /// Says so where the zeros are not as many as were asked for: rows may keep whole numbers of weights only, and a weight may have had
  /// more before.
  private func tellTarget(_ shared: SharedSparsity, _ reports: [BlockReport]) {
    guard let asked = job.pattern?.sparsity ?? shared.mean else { return }
    let found = PruningRecord.sparsity(of: reports)
    // What two decimals of a percentage show.
    guard abs(found - asked) >= 0.0001 else { return }
    job.events.note("the linears have \(Quantity.percent(found)) zeros; \(Quantity.percent(asked)) were asked for")
  }

  /// Names the blocks, and the linears of other blocks, of which nothing is left.
  private func tellEmptied(_ reports: [BlockReport]) {
    for (index, block) in reports.enumerated() {
      let emptied = block.linears.filter { $0.zeros == $0.count }
      if emptied.count == block.linears.count {
        job.events.note("block \(index): every weight of its linears is zero")
      } else if !emptied.isEmpty {
        job.events.note(
          "block \(index): every weight of \(emptied.map(\.role.rawValue).joined(separator: ", ")) is zero")
      }
    }
  }

  private func measure(_ model: any CausalLM, _ windows: TokenBatch, _ label: String) throws -> Perplexity {
    try model.perplexity(windows, memory: budget.memory, label: label, events: job.events)
  }

  /// The allocation of a file, checked against the model and a sparsity beside it; nil where none was given.
  private func given(_ model: any CausalLM) throws -> SharedSparsity? {
    guard case .given(let file) = job.allocation else { return nil }
    let shared = try SharedSparsity.given(file, model)
    if let pattern = job.pattern, let mean = shared.mean, abs(mean - pattern.sparsity) > 0.0005 {
      throw SettingError(
        .sparsity, "\(pattern.sparsity)",
        "the allocation\(file.isFile ? " in \(file.source)" : "") comes to \(mean.fixed(4))")
    }
    return shared
  }

  private func share(
    _ model: any CausalLM, _ modelPruner: ModelPruner, _ measurements: (any MeasurementStore)?
  ) throws -> SharedSparsity {
    let target = job.pattern?.sparsity ?? 0
    switch job.allocation.start {
    case .uniform, .given, .search:
      return .uniform(job.pattern ?? .unstructured(0), model)
    case .owl(let spread):
      let ratios = try job.measured.outlierRatios ?? ratios(of: model)
      return try .owl(ratios: ratios, model, target: target, spread: spread)
    case .dlp(let spread):
      let medians = try job.measured.medianScores ?? medians(of: model)
      return try .dlp(medians: medians, model, target: target, spread: spread)
    case .alphaPruning(let spread, let tail):
      let exponents = try job.measured.hillExponents ?? exponents(of: model, tail: tail)
      return try .alphaPruning(exponents: exponents, tail, model, target: target, spread: spread)
    case .shapley(let source, let spread, let map):
      let record: ShapleyRecord
      switch source {
      case .values(let taken): record = taken
      case .game:
        guard let game else { return .uniform(job.pattern ?? .unstructured(0), model) }
        record = try game.play(model, measurements: measurements).record
      }
      func shared(_ spread: Double?) throws -> SharedSparsity {
        try .shapley(record, model, target: target, map, spread: spread)
      }
      switch spread {
      case .usual: return try shared(nil)
      case .number(let spread): return try shared(spread)
      case .auto:
        let tries = try SpreadSearch.tries(
          of: map.scaling.candidateSpreads, model, by: modelPruner, calibration: calibration ?? .none,
          heldBack: heldBack ?? .none, events: job.events
        ) { try shared($0).patterns }
        var best = try shared(SpreadSearch.best(tries))
        best.record.tries = tries
        return best
      }
    }
  }
}

extension PruneRun {
  /// What looks for a better allocation than a start.
  private func search(
    _ settings: AllocationSearch, _ model: any CausalLM, _ pruner: ModelPruner, _ journal: SearchJournal?
  ) -> SearchRun {
    SearchRun(
      settings: settings, model: model, pruner: pruner, calibration: calibration ?? .none, heldBack: heldBack ?? .none,
      seed: job.seed, events: job.events, stop: job.stop, journal: journal)
  }

  /// The journal of the search, where there is one: in a file beside that of the game, or of the output.
  ///
  /// - Returns: the journal, and its path where it is to be removed in the end.
  func searchJournal(
    _ path: String?, besides output: String?
  ) throws -> (journal: SearchJournal?, temporary: String?) {
    guard let search = job.allocation.search, let name = path ?? output.map({ JobJournal.path(beside: $0) }) else {
      return (nil, nil)
    }
    let file = name + ".search"
    do {
      let identity = RunIdentity(
        search, of: job, samples: calibration, heldBack: heldBack, budget.memory, hashes.without("data"), game: game)
      let journal = try SearchJournal(file, identity: identity.hash)
      return (journal, path == nil ? file : nil)
    } catch let error as FileError where error.isForLackOfLocks && path == nil {
      job.events.note("\(file): no journal of the search is kept, because this file system has no locks")
      return (nil, nil)
    }
  }
}

extension PruningRecord {
  /// Writes down the samples and how their states were stored.
  mutating func describe(_ calibration: TokenBatch?, _ memory: WorkingMemory) {
    samples = calibration?.sequences
    sampleLength = calibration?.length
    calibrationStates = calibration.map { _ in memory.calibrationStates }
  }

  /// Writes down what became of the blocks, and the perplexities before and after.
  mutating func describe(_ reports: [BlockReport], dense: Perplexity?, pruned: Perplexity?, _ text: TextProtocol?) {
    blocks = reports.map(BlockRecord.init)
    sparsity = Self.sparsity(of: reports)
    densePerplexity = dense?.perplexity
    prunedPerplexity = pruned?.perplexity
    evaluation = pruned.map { Evaluation($0, after: dense, text) }
  }
}

extension TokenBatch {
  /// For pruners that look at no samples.
  static let none = TokenBatch(tokens: [], length: 0)
}
