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

  /// A line with a bar for every block, and the sums below.
  func text(_ console: Console) -> String {
    let share = Quantity.percent(Double(applications) / Double(max(naiveApplications, 1)), digits: 0)
    let unit = settings.players == .blocks ? "blocks" : "sublayers"
    let error = values.standardErrors?.max().map { ", standard errors up to \($0.fixed(5))" } ?? ""
    return """
      \(table(console.barStyle))

      v(all) \(values.grandValue.fixed(5)), v(none) \(values.emptyValue.fixed(5)), efficiency gap \(values.efficiencyGap.fixed(5))\(error)
      \(values.evaluations) coalitions evaluated for \(values.coalitionsAsked) asked; \
      \(applications) \(unit) applied, \(share) of a run without shared work
      """
  }

  /// The values of each block's parts, and their sum.
  private func table(_ style: Bar.Style) -> String {
    // `3.down` is the part `down` of block 3; a block as a whole has no part.
    let players = zip(names, values.values).map { name, value in
      let pieces = name.split(separator: ".", maxSplits: 1).map(String.init)
      return (block: pieces.first ?? name, part: pieces.count > 1 ? pieces[1] : nil, value: value)
    }
    let first = players.first?.block
    let parts = players.filter { $0.block == first }.compactMap(\.part)
    let blocks = stride(from: 0, to: players.count, by: max(parts.count, 1)).map { start in
      players[start..<min(players.count, start + max(parts.count, 1))]
    }
    let sums = blocks.map { $0.reduce(0) { $0 + $1.value } }
    let bar = Bar(comparing: sums, width: parts.isEmpty ? 40 : 16, style: style)
    var table = Table(
      [.number("block")] + parts.map { .number($0) } + [.number(parts.isEmpty ? "Shapley value" : "sum"), .text("")])
    for (block, sum) in zip(blocks, sums) {
      table.append(
        [block.first?.block ?? ""] + (parts.isEmpty ? [] : block.map { $0.value.fixed(5) })
          + [sum.fixed(5), bar.rendered(sum)])
    }
    return table.rendered
  }
}
