import Support
import Tensor
import Transformer

/// The pruning of a model: everything that it reads is read and checked before anything is computed.
///
///     let source = try ModelSource("opt-125m")
///     var job = PruneJob(source, by: .sparseGPT(), to: .unstructured(0.7), calibration: .text("c4.txt"))
///     job.allocation = .shapley(spread: .auto)
///     let result = try job.run(journal: "run.journal")
///     print(result.record.sparsity)
///     try result.save(to: "opt-125m-pruned")
public struct PruneJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// The method of pruning.
  public var pruner: any Pruner
  /// What the weights that remain are to give.
  public var targets: ModelPruner.Targets
  /// What is pruned at a time.
  public var sequencing: ModelPruner.Sequencing
  /// What an error in an output counts where weights of several rows compete.
  public var weighting: ModelPruner.Weighting
  /// What to prune to; nil where the allocation says it.
  public var pattern: SparsityPattern?
  /// The text whose activations tell which weights matter; a method that looks at none needs none.
  public var calibration: Corpus?
  /// How the sparsity is shared.
  public var allocation: Allocation
  /// The text to measure the perplexity on, before and after; nothing is tuned on it.
  public var evaluation: Corpus?
  /// Only the first windows of that text; nil for all.
  public var evaluationWindows: Int?
  /// What was measured before on the dense model, and is not measured again.
  public var measured = DenseMeasurements()
  /// Samples to draw from the calibration text.
  public var samples = Calibration.usualSamples
  /// Tokens of a window and of a sample; nil for the model's positions, at most 2,048.
  public var sequenceLength: Int?
  /// Where samples are drawn.
  public var seed = 0
  /// Bytes that the run may take; nil for no limit.
  public var memoryLimit: Int?
  /// What a limit decides, where that was decided before, for several runs.
  var memoryChoice: MemoryChoice?
  /// The folder for the pruned model: its name is taken before anything is computed.
  public var output: String?
  /// Whether an output that exists is replaced.
  public var replacesOutput = false
  /// The command line, for the record.
  public var command: [String] = []
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()
  /// Asked before every piece of work of a game whether to stop.
  public var stop = StopToken()
  /// Whether the memory that the run needs is told.
  var tellsMemory = true

  /// A job with what usually goes with a method, its `recipe`.
  public init(
    _ model: ModelSource, by pruner: some Pruner, to pattern: SparsityPattern?, calibration: Corpus? = nil
  ) {
    self.model = model
    self.pruner = pruner
    self.pattern = pattern
    self.calibration = calibration
    (targets, sequencing, weighting, allocation) = (.own, .block, .equal, .uniform)
    follow(pruner.recipe)
  }

  /// A job with the settings that came out best.
  public init(_ model: ModelSource, to pattern: SparsityPattern, calibration: Corpus) {
    self.init(model, by: PruneRecipe.usualPruner, to: pattern, calibration: calibration)
  }

  /// Takes a recipe's settings, as far as they say something: N:M is the same for every linear and lets no rows compete, nor does
  /// a method that looks at every row by itself.
  public mutating func follow(_ recipe: PruneRecipe) {
    (targets, sequencing) = (recipe.targets, recipe.sequencing)
    var isStructured = false
    if case .structured? = pattern { isStructured = true }
    if case .unstructured? = pattern { allocation = recipe.allocation } else { allocation = .uniform }
    weighting = isStructured || !pruner.choosesAcrossRows ? .equal : recipe.weighting
  }

  /// Measures, shares out the sparsity, prunes, and measures again; the model's files stay as they are.
  ///
  /// Throws `SettingError` for a setting that cannot be carried out, what reading the files throws, `PruningError`, and
  /// `Interruption` where the token said to stop; with a journal, the same job then goes on from there.
  ///
  /// - Parameter journalPath: the file that keeps what was measured for Shapley values, beside which a search keeps its own; nil for
  ///   one beside the output, which is removed once that is complete.
  public func run(journal journalPath: String? = nil) throws -> PruneResult {
    try check()
    let reservation = try reserve()
    let run = try PruneRun(self)
    let journal = try run.game.map {
      try JobJournal(
        journalPath, besides: output, RunIdentity($0), players: $0.settings.playerCount(model.directory),
        windows: $0.windows.sequences, events: events)
    }
    let searched = try run.searchJournal(journalPath, besides: output)
    if tellsMemory { run.budget.announce(events) }
    var pruned = try model.load(events: events)
    let record = try run.prune(&pruned, measurements: journal?.measurements, searched: searched.journal)
    return PruneResult(
      record: record, model: pruned, memory: run.budget, source: model, reservation: reservation, journal: journal,
      searchJournal: searched.temporary, events: events)
  }

  /// The output, checked and taken, where the job has one.
  func reserve() throws -> OutputFolder? {
    try output.map {
      let folder = try OutputFolder(
        $0, inputs: [model.path, calibration?.path, evaluation?.path].compactMap(\.self), replacing: replacesOutput)
      try folder.checkSpace(for: model.directory)
      return folder
    }
  }

  /// What prunes the model.
  func modelPruner(_ memory: WorkingMemory = WorkingMemory()) -> ModelPruner {
    var result = ModelPruner(pruner, memory: memory)
    (result.targets, result.sequencing) = (targets, sequencing)
    return result
  }

  /// Throws where settings do not go together.
  func check() throws(SettingError) {
    try SettingError.demandOne(samples, .samples)
    try SettingError.demandOne(evaluationWindows, .windows)
    try pruner.checkSettings(.method)
    if case .shapley(.game(let game, let windows), _, _) = allocation.start {
      try SettingError.demandOne(windows, .valueWindows)
      try game.check()
    }
    if calibration == nil {
      if pruner.statistics > .none { throw SettingError(.method, pruner.name, "it needs a calibration text") }
      if targets == .dense { throw SettingError(.targets, targets.rawValue, "it needs a calibration text") }
      if weighting == .gradient { throw SettingError(.weighting, weighting.rawValue, "it needs a calibration text") }
    }
    if sequencing == .stage, pruner.statistics == .none, targets != .dense {
      throw SettingError(
        .sequential, sequencing.rawValue,
        "it changes nothing: \(pruner.name) looks at no inputs, and no targets are dense")
    }
    if weighting == .gradient {
      if case .structured? = pattern {
        throw SettingError(.weighting, weighting.rawValue, "it changes nothing where every row has N of M weights")
      }
      if !pruner.choosesAcrossRows {
        throw SettingError(
          .weighting, weighting.rawValue, "it changes nothing: \(pruner.name) chooses in every row for itself")
      }
    }
    switch allocation {
    case .uniform:
      guard pattern != nil else { throw SettingError(.sparsity, nil, "a uniform allocation needs it") }
    case .owl, .dlp, .alphaPruning, .shapley, .search:
      if calibration == nil, allocation.looksAtInputs {
        throw SettingError(.allocation, allocation.name, "it needs a calibration text")
      }
      guard case .unstructured? = pattern else {
        throw SettingError(.allocation, allocation.name, "it shares out an unstructured sparsity")
      }
    case .given: break
    }
    if let search = allocation.search, !(1...AllocationSearch.generationLimit).contains(search.generations) {
      throw SettingError(
        .generations, "\(search.generations)", "it must be from 1 to \(AllocationSearch.generationLimit)")
    }
  }
}

extension PruneJob {
  /// Whether anything depends on the calibration text.
  var looksAtInputs: Bool {
    pruner.statistics > .none || targets == .dense || weighting == .gradient || allocation.looksAtInputs
  }
}

/// What came of a job: the pruned model, and the record of it.
public struct PruneResult: Sendable {
  /// What is told of the model in `svnup.json`.
  public let record: PruningRecord
  /// The pruned model.
  public let model: any CausalLM
  /// What the job held in memory, as far as it was predicted.
  package let memory: MemoryBudget
  private let source: ModelSource
  private let reservation: OutputFolder?
  private let journal: JobJournal?
  /// The journal of a search, to be removed once the output is complete.
  private let searchJournal: String?
  private let events: any JobEvents

  init(
    record: PruningRecord, model: any CausalLM, memory: MemoryBudget, source: ModelSource,
    reservation: OutputFolder?, journal: JobJournal?, searchJournal: String?, events: any JobEvents
  ) {
    self.record = record
    self.model = model
    self.memory = memory
    self.source = source
    self.reservation = reservation
    self.journal = journal?.closed
    self.searchJournal = searchJournal
    self.events = events
  }

  /// Writes the model with its record to the job's output: everything or nothing.
  ///
  /// Throws `SettingError` where the job has none. Throws, too, where it cannot be written.
  ///
  /// - Returns: the record with the hashes of the files that were written.
  @discardableResult
  public func save() throws -> PruningRecord {
    guard let reservation else { throw SettingError(.output, nil, "the job has none; name a folder to save to") }
    let saved = try record.save(model, from: source, to: reservation, events: events)
    finish()
    return saved
  }

  /// Writes the model with its record to a folder: everything or nothing.
  ///
  /// - Returns: the record with the hashes of the files that were written.
  @discardableResult
  public func save(to path: String, replacing: Bool = false) throws -> PruningRecord {
    let folder = try OutputFolder(path, inputs: [source.path], replacing: replacing)
    try folder.checkSpace(for: source.directory)
    let saved = try record.save(model, from: source, to: folder, events: events)
    finish()
    return saved
  }

  /// The output is complete.
  private func finish() {
    journal?.finish()
    if let searchJournal { try? FileSystem.removeFile(searchJournal) }
  }
}

extension PruningRecord {
  /// Writes a pruned model with this record beside it, which gets the hashes of the files that were written.
  package func save(
    _ model: any CausalLM, from source: ModelSource, to output: OutputFolder, events: any JobEvents
  ) throws -> PruningRecord {
    var saved = self
    let folder = try source.write(model, to: output, events: events)
    try events.duringBytes("hashing what was saved", total: source.directory.byteCount()) {
      try saved.hashes.add("output", folder.names, in: folder.temporary, $0)
    }
    try folder.write(Self.fileName, Array(saved.json.document.utf8))
    try output.commit(folder, events)
    return saved
  }
}
