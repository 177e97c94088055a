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
      \(table(console.barStyle))

      v(all) \(values.grandValue.fixed(5)), v(none) \(values.emptyValue.fixed(5)), efficiency gap \(values.efficiencyGap.fixed(5))\(error)\(text.map { "\ntext: \($0.text)" } ?? "")
      \(work)
      """
  }

  /// What the values were computed from, and what that is in applications of parts of the model.
  private var work: String {
    let unit = settings.granularity == .blocks ? "blocks" : "sublayers"
    let nodes = values.estimator.presences.count
    if nodes > 0 { return "derivatives at \(nodes) nodes, about as much as \(applications) \(unit) applied" }
    let share = Quantity.percent(Double(applications) / Double(max(naiveApplications, 1)), digits: 0)
    return "\(values.evaluations) coalitions evaluated for \(values.coalitionsAsked) asked; "
      + "\(applications) \(unit) applied, \(share) of a run without shared work"
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
