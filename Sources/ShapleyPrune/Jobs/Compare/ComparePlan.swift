import Support
import Tensor
import Transformer

/// A comparison in a folder: what there is to do, what decides about the results, and the results as they come.
///
///     let plan = try job.plan(in: "study")
///     // on every machine that has the folder
///     try ComparePlan("study").work(on: task)
///     // and in the end
///     let comparison = try ComparePlan("study").merge()
public struct ComparePlan: Sendable {
  private static let version = 2
  /// The plan's file in its folder.
  static let fileName = "plan.json"
  private static let taskFolder = "tasks"

  /// The folder.
  public let folder: String
  private let job: CompareJob
  let identity: CompareIdentity
  /// The models whose files were looked at when the plan was made just now.
  private let checked: Set<Int>
  private let tasks: [CompareTask]

  /// How many tasks there are: what cells share comes first for each model, then its cells.
  public var taskCount: Int { tasks.count }

  /// The tasks that cells need, and the cells, by their numbers: the first are best done before the others begin.
  public var tasksInTurn: (shared: [Int], cells: [Int]) {
    func isCell(_ index: Int) -> Bool { if case .cell = tasks[index] { true } else { false } }
    return (tasks.indices.filter { !isCell($0) }, tasks.indices.filter(isCell))
  }

  /// The plan's file.
  var path: String { Path.join(folder, Self.fileName) }

  /// Writes the plan of a job into a folder, which is made where there is none; `replacing` says what becomes of the plan of another one.
  init(_ job: CompareJob, folder: String, replacing: Bool) throws {
    try job.check()
    self.job = job
    self.folder = folder
    let request = try Request(job)
    // Its rows have other names than those of the identities, which are the models' hashes and take longer.
    let grid = CompareGrid(job) { "\($1)" }
    let calibrates = grid.cells.contains { grid.pruning($0).looksAtInputs }
    try Self.checkSeeds(job, grid, calibrates: calibrates)
    let inputs = CompareInputs(job)
    try inputs.check(calibrates: calibrates)
    try Self.makeFolder(folder)
    let path = Path.join(folder, Self.fileName)
    var old = try? FieldReader(file: path)
    if let found = old, found.json["request"]?.encoded() != request.json.encoded() {
      guard replacing else { throw FileError.exists(path) }
      job.events.note("\(path): it was of another comparison and is made anew; results that both need stay")
      old = nil
    }
    let models = try job.models.indices.map { try CompareIdentity.found(job, model: $0, events: job.events) }
    var identity = CompareIdentity(models: models, memory: models.map { _ in nil })
    if job.memoryLimit != nil {
      // What was decided for the same files stays, with the results.
      let before = old.flatMap { try? Self.decided($0, for: models) }
      identity.memory = try before ?? models.indices.map { try CompareMemory(grid, model: $0, inputs) }
    }
    self.identity = identity
    checked = Set(job.models.indices)
    tasks = Self.grid(job, identity).tasks
    let document: JSON = [
      "svnupComparison": JSON(Self.version), "request": request.json, "identities": .array(models),
      "memory": .array(identity.memory.map { $0?.json ?? .null }),
    ]
    try File.replace(path, with: Array(document.sealed.document.utf8))
  }

  /// Reads the plan in a folder, and checks that nobody changed it.
  ///
  /// Throws where there is none, and where a model of the plan cannot be opened here.
  public init(_ folder: String) throws {
    self.folder = folder
    let fields = try FieldReader(file: Path.join(folder, Self.fileName))
    guard fields.json["svnupComparison"] != nil else { throw fields.failure("it is not the plan of a comparison") }
    let version = try fields.member("svnupComparison").integer()
    guard version == Self.version else {
      throw try fields.member("svnupComparison").failure(
        "this is version \(version); this svnup reads version \(Self.version): make the plan anew, results that fit it stay"
      )
    }
    try fields.checkSeal("somebody changed it; make a new one")
    job = try Request(fields.member("request")).job()
    try job.check()
    let identities = try fields.member("identities")
    let models = try identities.elements().map(\.json)
    identity = CompareIdentity(models: models, memory: try Self.memory(fields, count: models.count))
    guard identity.models.count == job.models.count else {
      throw identities.failure("there are \(identity.models.count) for \(job.models.count) models")
    }
    checked = []
    tasks = Self.grid(job, identity).tasks
  }

  /// Throws where several seeds are asked for and nothing is drawn, so that their spread would be none.
  private static func checkSeeds(_ job: CompareJob, _ grid: CompareGrid, calibrates: Bool) throws {
    guard job.seeds > 1, let source = job.models.first else { return }
    let drawing = grid.rows.contains { row in
      row.game?.estimator.settingMembers.contains { $0.0 == "seed" } ?? false
    }
    guard !drawing else { return }
    let rows = try job.calibration.tokens(for: source, .calibrating, events: SilentEvents()).rowCount
    if !calibrates || rows != nil {
      throw SettingError(
        .seeds, "\(job.seeds)",
        calibrates
          ? "nothing is drawn: rows of token ids are taken in their order" : "nothing is drawn in these prunings")
    }
  }

  /// What a plan's file says of the memory of each model, where it is of these models and nobody changed it; nil where it is not.
  private static func decided(_ fields: FieldReader, for models: [JSON]) throws(DocumentError) -> [CompareMemory?]? {
    try fields.checkSeal("somebody changed it")
    guard fields.json["identities"]?.encoded() == JSON.array(models).encoded() else { return nil }
    let memory = try memory(fields, count: models.count)
    return memory.contains { $0 == nil } ? nil : memory
  }

  /// What a plan's file says of the memory of each model.
  private static func memory(_ fields: FieldReader, count: Int) throws(DocumentError) -> [CompareMemory?] {
    let field = try fields.member("memory")
    let memory = try FieldFormat<CompareMemory>.record.orNull.list.read(field)
    guard memory.count == count else { throw field.failure("there are \(memory.count) for \(count) models") }
    return memory
  }

  private static func grid(_ job: CompareJob, _ identity: CompareIdentity) -> CompareGrid {
    CompareGrid(job) { identity.identity(of: $1, $0).sha256 }
  }

  func grid(stop: StopToken = StopToken()) -> CompareGrid {
    var job = job
    job.stop = stop
    return Self.grid(job, identity)
  }

  /// The comparison on this machine.
  func prepared(events: any JobEvents, stop: StopToken) throws -> CompareRun {
    try CompareRun(self, checked: checked, events: events, stop: stop)
  }

  /// Does one task: writes its result into the folder, complete or not at all.
  ///
  /// A result that is there stays. Throws where this machine has other files or another program than the plan was made with,
  /// and `Interruption` where the token said to stop.
  ///
  /// - Returns: the task in words, and the time it took; nil for one that was done already.
  /// - Precondition: `0 <= task < taskCount`.
  @discardableResult
  public func work(
    on task: Int, events: any JobEvents = SilentEvents(), stop: StopToken = StopToken()
  ) throws -> (task: String, seconds: Double?) {
    let name = identity.models[tasks[task].model]["kernel"]?.text ?? ""
    return try Kernel.$current.withValue(RunIdentity.kernel(named: name)) {
      let run = try prepared(events: events, stop: stop)
      let done = try run.carryOut(tasks[task])
      return (run.grid.words(of: tasks[task]).joined(separator: ", "), done.isNew ? done.content.seconds : nil)
    }
  }

  /// The file of a task's result, whose name begins with words for people.
  func file(of task: CompareTask, _ grid: CompareGrid) -> CompareTaskFile {
    let identity = identity.identity(of: task, grid)
    var words: [String] = []
    for word in grid.words(of: task) {
      let plain = word.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "." || $0 == ":")) }
      words.append(plain.joined(separator: "-"))
    }
    let name = words.filter { !$0.isEmpty }.joined(separator: "-").replacingColons.prefix(120)
    return CompareTaskFile(
      path: Path.join(Path.join(folder, Self.taskFolder), "\(name)-\(identity.sha256.prefix(16)).json"),
      identity: identity)
  }

  /// Puts the results together, where all are there, and writes the tables into the folder.
  public func merge(events: any JobEvents = SilentEvents()) throws -> CompareMerge {
    let grid = grid()
    var missing: [Int] = []
    var results: [CompareTask: CompareTaskFile.Content] = [:]
    for (index, task) in tasks.enumerated() {
      do throws(DocumentError) {
        results[task] = try file(of: task, grid).read()
      } catch {
        events.note(error.description)
      }
      if results[task] == nil { missing.append(index) }
    }
    guard missing.isEmpty else { return .missing(missing) }
    let comparison = try Comparison(grid, results, identity: identity) { file(of: $0, grid).path }
    for (name, text) in comparison.files { try File.replace(Path.join(folder, name), with: Array(text.utf8)) }
    return .comparison(comparison)
  }

  /// How many results are there and whole.
  func resultCount(_ grid: CompareGrid) -> Int { tasks.count { (try? file(of: $0, grid).read()) != nil } }

  /// Makes the folder and the one for results; refuses one that holds something else.
  private static func makeFolder(_ folder: String) throws {
    if FileSystem.exists(folder) {
      guard try FileSystem.status(folder).kind == .directory else {
        throw FileError(
          folder, "create", reason: "it exists and is no folder; choose another", failureKind: .cannotCreate)
      }
      // What a killed run was writing has a hidden name.
      let names = try FileSystem.list(folder).filter { !$0.hasPrefix(".") }
      guard names.isEmpty || names.contains(fileName) || names == [taskFolder] else {
        throw FileError(
          folder, "create", reason: "it exists and holds no comparison; choose another", failureKind: .cannotCreate)
      }
    }
    for path in [folder, Path.join(folder, taskFolder)] where !FileSystem.exists(path) {
      do throws(FileError) { try FileSystem.makeDirectory(path) } catch {
        // Another machine may have been quicker.
        guard FileSystem.exists(path) else { throw error }
      }
    }
  }
}

/// What came of putting results together.
public enum CompareMerge: Sendable {
  /// The comparison.
  case comparison(Comparison)
  /// Tasks that are still to be done, ascending.
  case missing([Int])
}

extension String {
  /// `2:4` as it may stand in the name of a file anywhere.
  fileprivate var replacingColons: String { split(separator: ":").joined(separator: "of") }
}

/// A job by the names of its files.
private struct Request: Record {
  private var models: [String] = []
  private var calibration = TextFile()
  private var evaluations: [TextFile] = []
  private var methods: [JSON] = []
  private var recipes: [CompareJob.RecipeChoice] = []
  private var rules: [CompareJob.Rule] = []
  private var estimators: [JSON] = []
  private var granularities: [Granularity] = []
  private var targets: [SparsityPattern] = []
  private var seeds = 1
  private var samples = 1
  private var sequenceLength: Int?
  private var windows = 1
  private var evaluationWindows: Int?
  private var tasks: [String] = []
  private var items: Int?
  private var memory: Int?

  init() {}

  /// The paths are made absolute, which mean the same in every folder.
  init(_ job: CompareJob) throws {
    models = try job.models.map { try FileSystem.resolve($0.path) }
    calibration = try TextFile(job.calibration, .calibration)
    evaluations = try job.evaluations.map { try TextFile($0, .data) }
    methods = job.methods.map { JSON(members: [("method", JSON($0.name))] + $0.settingMembers) }
    estimators = job.estimators.map { JSON(members: [("estimator", JSON($0.name))] + $0.settingMembers) }
    (recipes, rules, granularities, targets) = (job.recipes, job.rules, job.granularities, job.targets)
    (seeds, samples, sequenceLength) = (job.seeds, job.samples, job.sequenceLength)
    (windows, evaluationWindows, memory) = (job.windows, job.evaluationWindows, job.memoryLimit)
    (tasks, items) = (try job.tasks.map { try FileSystem.resolve($0) }, job.items)
  }

  func job() throws -> CompareJob {
    var job = CompareJob(
      try models.map { try ModelSource($0) }, calibration: calibration.corpus, evaluations: evaluations.map(\.corpus))
    job.methods = try methods.map { try Registries.pruners.read("method", in: FieldReader($0, source: "the plan")) }
    job.estimators = try estimators.map {
      try Registries.estimators.read("estimator", in: FieldReader($0, source: "the plan"))
    }
    (job.recipes, job.rules, job.granularities, job.targets) = (recipes, rules, granularities, targets)
    (job.seeds, job.samples, job.sequenceLength) = (seeds, samples, sequenceLength)
    (job.windows, job.evaluationWindows, job.memoryLimit) = (windows, evaluationWindows, memory)
    (job.tasks, job.items) = (tasks, items)
    return job
  }

  private static let count = FieldFormat<Int>.integer(in: 1...Int.max)

  static let fields: [RecordField<Request>] = [
    RecordField("models", \.models, FieldFormat.text.list), RecordField("calibration", \.calibration, .record),
    RecordField("data", \.evaluations, FieldFormat.record.list),
    RecordField("methods", \.methods, FieldFormat.json.list), RecordField("recipes", \.recipes, FieldFormat.word.list),
    RecordField("allocations", \.rules, FieldFormat.word.list),
    RecordField("estimators", \.estimators, FieldFormat.json.list),
    RecordField("players", \.granularities, FieldFormat.word.list),
    RecordField("targets", \.targets, FieldFormat<SparsityPattern>.target.list),
    RecordField("seeds", \.seeds, count), RecordField("samples", \.samples, count),
    RecordField("sequenceLength", \.sequenceLength, FieldFormat.integer(in: 2...Int.max).orNull),
    RecordField("valueWindows", \.windows, count), RecordField("evaluationWindows", \.evaluationWindows, count.orNull),
    RecordField("tasks", \.tasks, FieldFormat.text.list), RecordField("items", \.items, count.orNull),
    RecordField("memory", \.memory, FieldFormat.integer().orNull),
  ]
}

/// A text by its file.
private struct TextFile: Record {
  private var path = ""
  private var reading = TextReading()

  init() {}

  init(_ corpus: Corpus, _ setting: SettingError.Setting) throws {
    guard let path = corpus.path else {
      throw SettingError(setting, nil, "a comparison names files, so texts and ids must be in files")
    }
    self.path = try FileSystem.resolve(path)
    reading = corpus.reading ?? TextReading()
  }

  var corpus: Corpus { .file(path, as: reading) }

  static let fields: [RecordField<TextFile>] = [
    RecordField("path", \.path, .text), RecordField("reading", \.reading, .record),
  ]
}

extension FieldFormat where Value == SparsityPattern {
  /// A fraction, or N:M.
  fileprivate static var target: Self {
    Self {
      $0.groups.map { JSON($0) } ?? JSON($0.sparsity)
    } read: { (field) throws(DocumentError) in
      if field.json.text != nil { return try groups.read(field) }
      return .unstructured(try field.number(in: 0...1))
    }
  }
}
