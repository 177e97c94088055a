import Support
import Transformer

/// A Shapley estimate as work for many machines: what there is to measure, on which text, and into how many shards that is
/// cut.
///
///     let plan = try job.plan(shards: 64)
///     try plan.write(to: "plan.json")
///     // on every machine
///     try ShardPlan("plan.json").work(on: shard, into: "shards")
///     // and in the end
///     let result = try ShardPlan("plan.json").merge("shards")
public struct ShardPlan: Sendable {
  /// The most shards of a plan.
  package static let shardLimit = 100_000
  private static let version = 1

  private var version = Self.version
  private var request = Request()
  /// What decides about the values, as the planning machine found it.
  private(set) var identity = RunIdentity(json: .null)
  /// The distinct coalitions to evaluate, ascending.
  public private(set) var coalitions: [Coalition] = []
  /// Into how many pieces they are cut.
  public private(set) var shardCount = 1
  /// The record of the values, which are still missing.
  private var record = ShapleyRecord()
  /// What there is to measure: the coalitions, then the slopes of every window at every presence, all ascending.
  public private(set) var measurements: [Measurement] = []
  /// The measurements of each shard.
  ///
  /// Coalitions lie side by side in the trie: shards are of about equal cost, and only the way
  /// to its first coalition is gone by a shard alone.
  private var ranges: [Range<Int>] = []
  /// The file, for messages.
  private var source = "the plan"

  /// What journals and shards of this plan begin with.
  var header: JournalContents.Header {
    JournalContents.Header(identity: identity.hash, players: record.names.count, windows: record.windows)
  }

  /// The hash by which shards know their plan.
  public var hash: String { identity.hash }

  /// Parts of the model that a run of all coalitions applies.
  public var applications: Int { record.applications }

  /// Paths of the model and of the texts.
  package var inputs: [String] { [request.model, request.data] + [request.calibration].compactMap(\.self) }

  /// The game and the estimator.
  public var settings: GameSettings { request.settings }

  /// The measurements of one shard.
  ///
  /// - Precondition: `0 <= index < shardCount`.
  public func shard(_ index: Int) -> ArraySlice<Measurement> { measurements[ranges[index]] }

  /// The name of a shard's results.
  package func fileName(of shard: Int) -> String { "shard-\(shard)-of-\(shardCount).jsonl" }

  /// Writes the plan, complete or not at all; `replacing` says what becomes of a file that is there.
  public func write(to path: String, replacing: Bool = false) throws {
    try OutputFile(path, inputs: [], replacing: replacing).write(document)
  }

  /// The plan with the hash that covers it.
  package var document: JSON { json.sealed }

  /// Reads a plan, and checks that nobody changed it.
  ///
  /// Throws where the file cannot be read or is not what was written.
  public init(_ path: String) throws {
    let fields = try FieldReader(file: path)
    guard fields.json["svnupPlan"] != nil else {
      throw fields.failure("it is not a plan of a Shapley estimate")
    }
    try self.init(fields)
    source = path
    try fields.checkSeal("somebody changed it; make a new one")
    try settings.estimator.check(playerCount: record.names.count)
    guard try settings.estimator.coalitions(playerCount: record.names.count) == coalitions else {
      throw try fields.member("coalitions").failure(
        "they are not those of the estimator; somebody changed them: make a new plan")
    }
    let most = try cut()
    guard shardCount <= most else {
      throw try fields.member("shards").failure("there are \(most) measurements to share")
    }
  }

  /// Lists the measurements, and cuts them into shards where there are at least as many.
  ///
  /// - Returns: how many there are.
  private mutating func cut() throws(EstimatorError) -> Int {
    measurements =
      try settings.estimator.measurements(playerCount: record.names.count, windows: record.windows) ?? []
    if shardCount <= measurements.count {
      ranges = Shards.ranges(
        costs: Shards.costs(of: measurements, players: record.names.count, windows: record.windows), count: shardCount)
    }
    return measurements.count
  }

  /// The job that was planned, with files where they are on this machine.
  func job(events: any JobEvents, stop: StopToken) throws -> ShapleyJob {
    var job = try request.job()
    job.events = events
    job.stop = stop
    return job
  }

  /// Throws where a machine has other files, or another program, than the plan was made with; names the first
  /// difference.
  func check(_ other: RunIdentity) throws { try identity.check(other, source: source) }

  /// The record of the values, put together from shards.
  func record(of values: ShapleyValues) -> ShapleyRecord {
    var copy = record
    copy.values = values
    copy.settings = settings
    copy.hashes = identity.json["sha256"] ?? .null
    return copy
  }
}

extension ShapleyJob {
  /// Cuts the job into shards for many machines.
  ///
  /// Throws `SettingError` where there are fewer measurements than shards, or where the estimator cannot tell them
  /// beforehand, and what reading the files throws.
  ///
  /// - Parameter shards: how many pieces, at least one.
  public func plan(shards: Int) throws -> ShardPlan {
    try SettingError.demandOne(shards, .shards)
    let (game, _) = try prepare()
    return try ShardPlan(self, game, model: model.load(events: events), shardCount: shards)
  }
}

extension ShardPlan {
  fileprivate init(_ job: ShapleyJob, _ game: PreparedGame, model: any CausalLM, shardCount: Int) throws {
    request = try Request(job, game.settings)
    identity = RunIdentity(game)
    let players = game.settings.granularity.cut(model)
    guard let coalitions = try game.settings.estimator.coalitions(playerCount: players.count) else {
      throw SettingError(
        .tolerance, nil, "it looks at values to know when to stop, so it cannot be planned; limit the evaluations")
    }
    let counted = try game.stepCount(model)
    self.coalitions = coalitions
    self.shardCount = shardCount
    record.settings = game.settings
    record.names = players.map(\.name)
    game.describe(&record)
    record.applications = counted.steps
    record.naiveApplications = coalitions.count * counted.ofAll
    let most = try cut()
    guard (1...most).contains(shardCount) else {
      throw SettingError(.shards, "\(shardCount)", "there are \(most) measurements to share")
    }
  }
}

extension ShardPlan: Record {
  package init() {}

  package static let fields: [RecordField<ShardPlan>] = [
    RecordField("svnupPlan", \.version, .integer()),
    RecordField { plan in
      [("plan", JSON(plan.hash))]
    } read: { (plan, object) throws(DocumentError) in
      guard plan.version == version else {
        throw try object.member("svnupPlan").failure(
          "this is version \(plan.version); this svnup reads version \(version)")
      }
    },
    RecordField("shards", \.shardCount, .integer(in: 1...shardLimit)),
    RecordField("request", \.request, .record),
    RecordField { plan in
      [("identity", plan.identity.json)]
    } read: { (plan, object) throws(DocumentError) in
      let identity = try object.member("identity")
      plan.identity = RunIdentity(json: identity.json)
      plan.record.windows = try identity.member("windows").integer(in: 1...ShapleyJob.windowLimit)
      plan.record.sequenceLength = try identity.member("sequenceLength").integer()
    },
    RecordField("names", \.record.names, FieldFormat.text.list),
    RecordField("text", \.record.text, FieldFormat.record.orNull, isRequired: false),
    RecordField("calibrationSamples", \.record.samples, FieldFormat.integer().orNull),
    RecordField("applications", \.record.applications, .integer()),
    RecordField("applicationsOfNaiveRun", \.record.naiveApplications, .integer()),
    RecordField("coalitions", \.coalitions, FieldFormat.coalition.list),
  ]

  /// A job by the names of its files.
  private struct Request: Record {
    var model = ""
    var data = ""
    var dataReading = TextReading()
    var calibration: String?
    var calibrationReading = TextReading()
    var windowLimit: Int?
    var sequenceLength: Int?
    var samples = 1
    var seed = 0
    var memory: Int?
    var settings = GameSettings()

    init() {}

    /// The paths are made absolute, which mean the same in every folder.
    init(_ job: ShapleyJob, _ settings: GameSettings) throws {
      model = try FileSystem.resolve(job.model.path)
      data = try Self.resolved(job.data, .data)
      dataReading = job.data.reading ?? TextReading()
      calibration = try job.calibration.map { try Self.resolved($0, .calibration) }
      calibrationReading = job.calibration?.reading ?? TextReading()
      windowLimit = job.windows
      sequenceLength = job.sequenceLength
      samples = job.samples
      seed = job.seed
      memory = job.memoryLimit
      self.settings = settings
    }

    private static func resolved(_ corpus: Corpus, _ setting: SettingError.Setting) throws -> String {
      guard let path = corpus.path, !TextInput(path: path).isStandardInput else {
        throw SettingError(setting, nil, "a plan names files, so texts and ids must be in files")
      }
      return try FileSystem.resolve(path)
    }

    func job() throws -> ShapleyJob {
      var job = try ShapleyJob(ModelSource(model), data: .file(data, as: dataReading))
      job.calibration = calibration.map { .file($0, as: calibrationReading) }
      job.windows = windowLimit
      job.sequenceLength = sequenceLength
      job.samples = samples
      job.seed = seed
      job.memoryLimit = memory
      job.settings = settings
      return job
    }

    static let fields: [RecordField<Request>] = [
      RecordField("model", \.model, .text), RecordField("data", \.data, .text),
      RecordField("dataReading", \.dataReading, .record, isRequired: false),
      RecordField("calibration", \.calibration, FieldFormat.text.orNull),
      RecordField("calibrationReading", \.calibrationReading, .record, isRequired: false),
      RecordField("windowLimit", \.windowLimit, FieldFormat.integer(in: 1...Int.max).orNull),
      RecordField("sequenceLength", \.sequenceLength, FieldFormat.integer(in: 2...Int.max).orNull),
      RecordField("samples", \.samples, .integer(in: 1...Int.max)), RecordField("sampleSeed", \.seed, .integer()),
      RecordField("memory", \.memory, FieldFormat.integer().orNull), .members(of: \.settings),
    ]
  }
}

extension FieldFormat where Value == Coalition {
  fileprivate static var coalition: Self {
    Self {
      JSON("\($0)")
    } read: { (field) throws(DocumentError) in
      guard let coalition = Coalition(try field.text()) else { throw field.failure("it is no coalition") }
      return coalition
    }
  }
}
