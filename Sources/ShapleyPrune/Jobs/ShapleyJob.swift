import Support
import Transformer

/// The estimate of what every part of a model contributes: run as a whole, or planned for many machines.
///
///     var job = try ShapleyJob(ModelSource("opt-125m"), data: .text("valid.txt"))
///     job.settings.granularity = .blocks
///     let result = try job.run(journal: "values.journal")
///     print(result.record.values.values)
public struct ShapleyJob: Sendable {
  /// The most windows that a job can ask for.
  package static let windowLimit = 1_000_000

  /// The model.
  public var model: ModelSource
  /// The text to measure on.
  public var data: Corpus
  /// The game and the estimator.
  public var settings = GameSettings()
  /// Only the first windows of the text; nil for all.
  public var windows: Int?
  /// Tokens of a window and of a sample; nil for the model's positions, at most 2,048.
  public var sequenceLength: Int?
  /// The text that the probe is calibrated on; nil for the windows.
  public var calibration: Corpus?
  /// Samples to draw from that text.
  public var samples = Calibration.usualSamples
  /// Where samples are drawn.
  public var seed = 0
  /// Bytes that the run may take; nil for no limit.
  public var memoryLimit: Int?
  /// The file for the values: its name is taken before anything is computed.
  public var output: String?
  /// Whether an output that exists is replaced.
  public var replacesOutput = false
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()
  /// Asked before every piece of work whether to stop.
  public var stop = StopToken()

  /// A job with the usual settings.
  public init(_ model: ModelSource, data: Corpus) {
    self.model = model
    self.data = data
  }

  /// Estimates the values.
  ///
  /// Throws `SettingError` for a setting that cannot be carried out, what reading the files throws, and `Interruption`
  /// where the token said to stop; with a journal, the same job then goes on from there.
  ///
  /// - Parameter journal: the file that keeps what was measured; nil for one beside the output, which is removed at the
  ///   end.
  public func run(journal: String? = nil) throws -> ShapleyResult {
    let reservation = try output.map {
      try OutputFile($0, inputs: [data.path, calibration?.path].compactMap(\.self), replacing: replacesOutput)
    }
    let (game, budget) = try prepare()
    let journal = try JobJournal(
      journal, besides: output, RunIdentity(game), players: settings.playerCount(model.directory),
      windows: game.windows.sequences, events: events)
    budget.announce(events)
    let loaded = try model.load(events: events)
    let (record, cost) = try game.play(loaded, measurements: journal.measurements)
    return ShapleyResult(record: record, cost: cost, memory: budget, reservation: reservation, journal: journal)
  }

  /// Opens the job's files, hashes them, and cuts windows and samples: everything that decides about the values but the
  /// weights.
  func prepare() throws -> (game: PreparedGame, memory: MemoryBudget) {
    try SettingError.demandOne(windows, .windows)
    try SettingError.demandOne(samples, .samples)
    try settings.check()
    let settings = settings.resolved()
    try settings.estimator.check(playerCount: settings.playerCount(model.directory))
    let text = try data.tokens(for: model, .measuring, events: events)
    let windows = try text.windows(length: sequenceLength).first(windows)
    let corpus = try calibration?.tokens(for: model, .calibrating, events: events, after: data)
    let samples = try corpus?.samples(count: self.samples, length: sequenceLength, seed: seed)
    events.note(data, has: windows, of: self.windows, "windows", rows: text.rowCount)
    events.note(calibration, has: samples, of: self.samples, "samples", rows: corpus?.rowCount)
    events.note(seed: seed, of: calibration, rows: corpus?.rowCount)
    if let path = calibration?.path, settings.probe?.pruner.statistics == StatisticsKind.none {
      events.note("\(path): nothing depends on the calibration text in this run")
    }
    let budget = try MemoryBudget(
      model, limit: memoryLimit, length: max(windows.length, samples?.length ?? 0),
      storesStates: settings.probe.map { $0.pruner.statistics > .none } ?? false
    ) {
      PreparedGame.footprint(
        $0, settings, windows: BatchShape(windows), calibration: samples.map(BatchShape.init))
    }
    let hashes = try FileHashes(
      of: model, texts: [("data", data.path, text.told), ("calibration", calibration?.path, corpus?.told)],
      events: events)
    let game = PreparedGame(
      settings: settings, windows: windows, text: text.told, calibration: samples, hashes: hashes,
      memory: budget.memory,
      events: events, stop: stop)
    return (game, budget)
  }
}

/// What came of a job.
public struct ShapleyResult: Sendable {
  /// The values.
  public let record: ShapleyRecord
  /// What it took.
  public let cost: ShapleyCost
  /// What the job held in memory, as far as it was predicted.
  package let memory: MemoryBudget
  private let reservation: OutputFile?
  private let journal: JobJournal

  init(
    record: ShapleyRecord, cost: ShapleyCost, memory: MemoryBudget, reservation: OutputFile?, journal: JobJournal
  ) {
    self.record = record
    self.cost = cost
    self.memory = memory
    self.reservation = reservation
    self.journal = journal.closed
  }

  /// Writes the values to the job's output, where it has one, complete or not at all.
  public func save() throws {
    try reservation?.write(record.json)
    journal.finish()
  }

  /// Writes the values to a file, complete or not at all.
  public func save(to path: String, replacing: Bool = false) throws {
    try record.save(to: path, replacing: replacing)
    journal.finish()
  }
}
