import ShapleyPrune
import Support
import Transformer

/// Shapley values as work for many machines: which coalitions there are, what they are measured on, and into how many shards
/// they are cut.
struct ShapleyPlan {
  let request: ShapleyRequest
  /// What decides about the values, as the planning machine found it.
  let identity: JSON
  let coalitions: [Coalition]
  /// The players' names in their order.
  let names: [String]
  let text: ShapleyReport.Text
  /// Parts of the model that a run of all coalitions applies, with and without shared work.
  let applications: Int
  let naiveApplications: Int
  let shardCount: Int
  /// The coalitions of each shard, which lie side by side in the trie: shards are of about equal cost, and only the way to its
  /// first coalition is gone by a shard alone.
  private let ranges: [Range<Int>]
  private let source: String

  static let version = 1
  static let shardLimit = 100_000

  var header: JournalContents.Header {
    JournalContents.Header(plan: identity.sha256, players: names.count, windows: text.windows)
  }

  /// Makes a plan; the model is loaded to see its players.
  init(_ request: ShapleyRequest, shardCount: Int, console: Console) throws {
    self.request = try request.resolved()
    self.shardCount = shardCount
    source = "the plan"
    let task = try ShapleyTask(self.request, console: console)
    let model = try task.source.load(console: console)
    let settings = request.settings
    let players = settings.players.cut(model)
    guard let coalitions = try settings.estimator.estimator.coalitions(playerCount: players.count) else {
      throw UsageError("--tolerance looks at values to know when to stop, so it cannot be planned; set --evaluations")
    }
    guard shardCount <= coalitions.count else {
      throw UsageError("--shards \(shardCount): there are \(coalitions.count) coalitions to share")
    }
    // For counting, it does not matter what the pruned forms are.
    let game = LayerGame(
      model, granularity: settings.players, windows: task.game.windows,
      absence: settings.probe == nil ? .bypassed : .replaced([]))
    identity = task.identity
    self.coalitions = coalitions
    ranges = Shards.ranges(of: coalitions, count: shardCount)
    names = players.map(\.name)
    text = task.game.text
    applications = game.forwardStepsNeeded(for: coalitions)
    naiveApplications = coalitions.count * game.forwardStepCount
  }

  /// The coalitions of one shard.
  func shard(_ index: Int) -> ArraySlice<Coalition> { coalitions[ranges[index]] }

  /// The name of a shard's results.
  func fileName(of shard: Int) -> String { "shard-\(shard)-of-\(shardCount).jsonl" }

  var json: JSON {
    let content = content
    return content.with("sha256", JSON(content.sha256))
  }

  /// The plan without the hash that covers it.
  private var content: JSON {
    [
      "svnupPlan": JSON(Self.version), "plan": JSON(header.plan), "shards": JSON(shardCount), "request": request.json,
      "identity": identity, "names": .array(names.map { JSON($0) }),
      "calibrationSamples": text.samples.map { JSON($0) } ?? .null, "applications": JSON(applications),
      "applicationsOfNaiveRun": JSON(naiveApplications), "coalitions": .array(coalitions.map { JSON("\($0)") }),
    ]
  }

  /// Reads what `json` wrote, and checks that nobody changed it.
  init(file path: String) throws {
    let fields = try JSONFields(file: path)
    guard let version = fields.json["svnupPlan"]?.integer else {
      throw InputError(source: path, reason: "it is not a plan of 'svnup shapley plan'")
    }
    guard version == Self.version else {
      throw fields.failure("svnupPlan", "this is version \(version); this svnup reads version \(Self.version)")
    }
    source = path
    request = try ShapleyRequest(try fields.object("request"))
    identity = try fields.member("identity")
    shardCount = try fields.integer("shards", in: 1...Self.shardLimit)
    names = try fields.texts("names")
    let facts = try fields.object("identity")
    let counts = 0...Int.max
    text = ShapleyReport.Text(
      windows: try facts.integer("windows", in: 1...ShapleyOptions.windowLimit),
      length: try facts.integer("sequenceLength", in: counts),
      samples: try fields.optionalInteger("calibrationSamples", in: counts))
    applications = try fields.integer("applications", in: counts)
    naiveApplications = try fields.integer("applicationsOfNaiveRun", in: counts)
    coalitions = try fields.texts("coalitions").enumerated().map { index, text in
      guard let coalition = Coalition(text) else { throw fields.failure("coalitions[\(index)]", "it is no coalition") }
      return coalition
    }
    let content = JSON(members: fields.json.objectMembers.filter { $0.0 != "sha256" })
    guard try fields.text("sha256") == content.sha256 else {
      throw fields.failure("sha256", "it is not the hash of what the plan says; somebody changed it: make a new one")
    }
    try request.settings.check(playerCount: names.count)
    guard try request.settings.estimator.estimator.coalitions(playerCount: names.count) == coalitions else {
      throw fields.failure("coalitions", "they are not those of the estimator; somebody changed them: make a new plan")
    }
    guard shardCount <= coalitions.count else {
      throw fields.failure("shards", "there are \(coalitions.count) coalitions to share")
    }
    ranges = Shards.ranges(of: coalitions, count: shardCount)
  }

  /// Throws where a machine has other files, or another program, than the plan was made with; names the first difference.
  func check(_ other: JSON) throws {
    guard identity.encoded() != other.encoded() else { return }
    for (name, wanted) in identity.objectMembers {
      let found = other[name] ?? .null
      guard wanted.encoded() != found.encoded() else { continue }
      throw InputError(
        source: source,
        reason: "\(name): the plan was made with \(wanted.brief), and here it is \(found.brief)")
    }
    throw InputError(source: source, reason: "it was made by another version of svnup")
  }

  /// The values, put together from shards.
  func report(_ values: ShapleyValues) throws -> ShapleyReport {
    ShapleyReport(
      values: values, settings: request.settings, names: names, text: text, applications: applications,
      naiveApplications: naiveApplications, hashes: identity["sha256"] ?? .null)
  }
}

extension JSON {
  /// A value in a message, cut short.
  fileprivate var brief: String {
    let text = String(decoding: encoded(), as: UTF8.self)
    return text.count <= 60 ? text : "\(text.prefix(57))…"
  }
}
