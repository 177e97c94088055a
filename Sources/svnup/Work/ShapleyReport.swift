import ShapleyPrune
import Support
import Transformer

/// Shapley values of a model's parts, with what they are values of and what they cost.
///
/// Everything here follows from the plan: a run that was cut off and resumed, or spread over machines, reports the same.
struct ShapleyReport {
  let values: ShapleyValues
  let settings: GameSettings
  /// The players' names in their order.
  let names: [String]
  /// What the values were measured on.
  let text: Text
  /// Parts of the model that must be applied to all windows, and how many a run of every distinct coalition from the start
  /// would apply.
  let applications: Int
  let naiveApplications: Int
  /// SHA-256 of the files that it all came from.
  let hashes: JSON

  /// Windows that were evaluated and samples that the probe was calibrated on.
  struct Text: Equatable {
    let windows: Int
    let length: Int
    let samples: Int?
  }

  var json: JSON {
    // Of a window longer than the game the estimator tells what it used.
    let estimate = values.json.objectMembers
    let told = Set(estimate.map(\.0))
    var members = estimate + settings.members.filter { !told.contains($0.0) }
    members += [
      ("names", .array(names.map { JSON($0) })), ("windows", JSON(text.windows)), ("sequenceLength", JSON(text.length)),
      ("calibrationSamples", text.samples.map { JSON($0) } ?? .null),
      ("applications", JSON(applications)), ("applicationsOfNaiveRun", JSON(naiveApplications)), ("sha256", hashes),
    ]
    return JSON(members: members)
  }

  /// Reads what `json` wrote.
  init(file path: String) throws {
    let fields = try JSONFields(file: path)
    values = try ShapleyValues(json: fields.json, source: path)
    settings = try GameSettings(json: fields.json, source: path)
    names = try fields.texts("names")
    guard names.count == values.values.count else {
      throw fields.failure("names", "there are \(names.count) for \(values.values.count) values")
    }
    let count = 0...Int.max
    text = Text(
      windows: try fields.integer("windows", in: count), length: try fields.integer("sequenceLength", in: count),
      samples: try fields.member("calibrationSamples").integer)
    applications = try fields.integer("applications", in: count)
    naiveApplications = try fields.integer("applicationsOfNaiveRun", in: count)
    hashes = try fields.member("sha256")
  }

  init(
    values: ShapleyValues, settings: GameSettings, names: [String], text: Text, applications: Int,
    naiveApplications: Int, hashes: JSON
  ) {
    self.values = values
    self.settings = settings
    self.names = names
    self.text = text
    self.applications = applications
    self.naiveApplications = naiveApplications
    self.hashes = hashes
  }

  /// A bar for every player, and the sums below.
  func text(_ console: Console) -> String {
    let errors = values.standardErrors
    var columns: [Table.Column] = [
      settings.players == .blocks ? .number("block") : .text("player"), .number("Shapley value"),
    ]
    if errors != nil { columns.append(.number("± standard error")) }
    var table = Table(columns + [.text("")])
    let bar = Bar(comparing: values.values, width: 40, style: console.barStyle)
    for (player, value) in values.values.enumerated() {
      let error = errors.map { [$0[player].fixed(5)] } ?? []
      table.append([names[player], value.fixed(5)] + error + [bar.rendered(value)])
    }
    let share = Quantity.percent(Double(applications) / Double(max(naiveApplications, 1)), digits: 0)
    let unit = settings.players == .blocks ? "blocks" : "sublayers"
    return """
      \(table.rendered)

      v(all) \(values.grandValue.fixed(5)), v(none) \(values.emptyValue.fixed(5)), efficiency gap \(values.efficiencyGap.fixed(5))
      \(values.evaluations) coalitions evaluated for \(values.coalitionsAsked) asked; \
      \(applications) \(unit) applied, \(share) of a run without shared work
      """
  }
}
