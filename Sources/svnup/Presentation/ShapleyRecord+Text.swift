import ShapleyPrune
import Support

extension ShapleyCost {
  var json: JSON { ["seconds": JSON(seconds), "evaluated": JSON(evaluated), "fromJournal": JSON(restored)] }

  var text: String {
    "\(evaluated) measurements in \(seconds.fixed(1)) s"
      + (restored > 0 ? ", \(restored) taken from the journal" : "")
  }
}

extension ShardResult {
  var json: JSON {
    ["file": JSON(path), "measurements": JSON(measurements), "restored": JSON(restored), "seconds": JSON(seconds)]
  }

  var text: String {
    restored == measurements
      ? "\(path): complete" : "\(path): \(measurements - restored) measurements in \(seconds.fixed(1)) s"
  }
}

extension ShapleyRecord {
  /// A line with a bar for every block, and the sums below.
  func text(_ console: Console) -> String {
    let error = values.standardErrors?.max().map { ", standard errors up to \($0.fixed(5))" } ?? ""
    return """
      \(table(console))

      v(all) \(values.grandValue.fixed(5)), v(none) \(values.emptyValue.fixed(5)), efficiency gap \(values.efficiencyGap.fixed(5))\(error)\(text.map { "\ntext: \($0.text)" } ?? "")
      \(work)
      """
  }

  /// What the values were computed from, and what that is in applications of parts of the model.
  private var work: String {
    let unit = "\(settings.granularity.appliedPart)s"
    let nodes = values.estimator.presences.count
    if nodes > 0 { return "derivatives at \(nodes) nodes, about as much as \(applications) \(unit) applied" }
    let share = Quantity.percent(Double(applications) / Double(max(naiveApplications, 1)), digits: 0)
    return "\(values.evaluations) coalitions evaluated for \(values.coalitionsAsked) asked; "
      + "\(applications) \(unit) applied, \(share) of a run without shared work"
  }

  /// The values of each block's parts, and their sum.
  private func table(_ console: Console) -> String {
    let grid = PlayerGrid(names, values.values)
    let parts = grid.parts.filter { !$0.isEmpty }
    let bar = Bar(comparing: grid.sums, width: parts.isEmpty ? 40 : 16, style: console.barStyle)
    var table = Table(
      [.number("block")] + parts.map { .number($0) } + [.number(parts.isEmpty ? "Shapley value" : "sum"), .text("")])
    for (block, (row, sum)) in zip(grid.blocks, zip(grid.rows, grid.sums)) {
      let figures = parts.isEmpty ? [] : row.map { $0?.fixed(5) ?? "" }
      table.append([block] + figures + [sum.fixed(5), bar.rendered(sum)])
    }
    // Where bars find no room, the figures do.
    return table.rendered(within: console.width)
  }
}
