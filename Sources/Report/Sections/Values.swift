import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// More bars than this are hard to read at once: blocks come first, and their parts on demand.
  private static let barLimit = 120

  /// What every player contributes: bars, a map, and what the values were computed from.
  public static func values(of record: ShapleyRecord) -> PageSection {
    let values = record.values
    let grid = PlayerGrid(record.names, values.values)
    let unit = "Shapley value (\(record.settings.value.unit))"
    var blocks: [PageBlock] = [
      .paragraph(
        """
        The value of a player is what it adds to the model's prediction, \
        \(values.estimator.presences.isEmpty ? "as a mean over coalitions of the others" : "as all players come in together"). \
        A player of a high value keeps more of its weights.
        """)
    ]
    let bars = PageBlock.chart(
      BarChart(
        title: "Value of every player", categories: grid.blocks,
        series: grid.parts.map { part in
          .init(part, grid.values(part), errors: errors(of: record, part, grid.blocks))
        },
        valueLabel: unit, categoryLabel: grid.parts.count > 1 ? "block" : "player"),
      caption: caption(values))
    var charts: [PageBlock] = []
    if grid.count <= barLimit {
      charts.append(bars)
    } else if grid.parts.count > 1 {
      charts.append(
        .chart(
          BarChart(
            title: "Value of every block", categories: grid.blocks, series: [.init("", grid.sums)],
            valueLabel: "sum of the block's \(unit)", categoryLabel: "block"),
          caption: "The sum over the players of each block."))
    }
    if grid.parts.count > 1 {
      charts.append(
        .chart(
          HeatMap(
            title: "Map of the values", rows: grid.blocks, columns: grid.parts, values: grid.rows, rowLabel: "block",
            columnLabel: record.settings.granularity.rawValue, valueLabel: unit,
            palette: values.values.contains { $0 < 0 } ? .diverging : .ascending, spacing: .squares),
          caption: "The same values. A negative value means that the model predicts better without the player."))
    }
    blocks.append(.charts(charts))
    blocks.append(work(of: record))
    if grid.count > barLimit { blocks.append(.details("A bar for every player", [bars])) }
    blocks.append(.details("Values with all their digits", [.table(valueTable(record))]))
    return PageSection("What every player contributes", blocks)
  }

  private static func errors(of record: ShapleyRecord, _ part: String, _ blocks: [String]) -> [Double?] {
    guard let errors = record.values.standardErrors else { return [] }
    return PlayerGrid(record.names, errors).values(part)
  }

  private static func caption(_ values: ShapleyValues) -> String {
    values.standardErrors == nil
      ? "One bar a player. The estimator \(values.estimator.name) gives no standard errors."
      : "One bar a player; the thin lines reach one standard error to either side."
  }

  /// What the values were computed from, and how well they add up.
  private static func work(of record: ShapleyRecord) -> PageBlock {
    let values = record.values
    let unit = record.settings.granularity == .blocks ? "blocks" : "sublayers"
    let total = values.grandValue - values.emptyValue
    let nodes = values.estimator.presences.count
    var facts: [PageBlock.Fact] = [
      .init("estimator", values.estimator.name),
      .init("value of the whole model, v(all)", values.grandValue.exact),
      .init("value without any player, v(none)", values.emptyValue.exact),
      .init(
        "efficiency gap",
        "\(values.efficiencyGap.exact): v(all) - v(none) is \(NumberText.plain(total)), and the values add up to "
          + NumberText.plain(total - values.efficiencyGap)),
    ]
    if nodes > 0 {
      facts.append(
        .init("work", "derivatives at \(nodes) nodes, about as much as \(record.applications) \(unit) applied"))
    } else {
      facts += [
        .init(
          "coalitions",
          "\(values.evaluations) evaluated for \(values.coalitionsAsked) asked, and \(values.additionalEvaluations) more "
            + "for v(all) and v(none)"),
        .init(
          "work",
          "\(record.applications) \(unit) applied, \(share(record)) of a run without shared work"),
      ]
    }
    facts.append(.init("windows", "\(record.windows) of \(record.sequenceLength) tokens"))
    return .facts(facts)
  }

  private static func share(_ record: ShapleyRecord) -> String {
    Quantity.percent(Double(record.applications) / Double(max(record.naiveApplications, 1)), digits: 0)
  }

  private static func valueTable(_ record: ShapleyRecord) -> PageTable {
    let errors = record.values.standardErrors
    var table = PageTable(
      "Shapley values", [.text("player"), .number("value")] + (errors == nil ? [] : [.number("standard error")]))
    for (index, (name, value)) in zip(record.names, record.values.values).enumerated() {
      table.append([name, value.exact] + (errors.map { [$0.indices.contains(index) ? $0[index].exact : "–"] } ?? []))
    }
    return table
  }
}

extension LayerGame.Value {
  /// The unit of a coalition's worth, and so of a player's value.
  var unit: String {
    switch self {
    case .nll: "nats a token"
    case .perplexity: "perplexity"
    }
  }
}
