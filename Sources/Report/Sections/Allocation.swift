import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// What a rule found out about the blocks, and what a search tried; nil where there is nothing of this kind.
  public static func allocation(of record: PruningRecord) -> PageSection? {
    let allocation = record.allocation
    var blocks: [PageBlock] = []
    let found: [(String, [Double]?)] = [
      ("OWL's outlier ratio", allocation.outlierRatios), ("DLP's relative importance", allocation.relativeImportances),
      ("AlphaPruning's exponent", allocation.hillExponents),
    ]
    for (name, values) in found {
      guard let values else { continue }
      blocks.append(
        .charts([
          .chart(
            BarChart(
              title: "\(name) of every block", categories: values.indices.map(String.init),
              series: [.init("", values.map { $0 })], valueLabel: name, categoryLabel: "block"),
            caption: "The figure that the rule \(allocation.rule) shares the sparsity by.")
        ]))
    }
    if let tries = allocation.tries { blocks += spread(tries, allocation.spread) }
    if let search = allocation.search { blocks += self.search(search) }
    return blocks.isEmpty ? nil : PageSection("How the sparsity was shared", blocks)
  }

  private static func spread(_ tries: [SpreadSearch.Try], _ chosen: Double?) -> [PageBlock] {
    let points = tries.sorted { $0.spread < $1.spread }.map { LineChart.Point($0.spread, $0.perplexity) }
    let isWide = (points.last?.x ?? 0) > 20 * (points.first?.x ?? 0) && (points.first?.x ?? 0) > 0
    var table = PageTable("Spreads that were tried", [.number("spread"), .number("perplexity"), .text("")])
    for one in tries { table.append([one.spread.exact, one.perplexity.exact, one.spread == chosen ? "chosen" : ""]) }
    return [
      .charts([
        .chart(
          LineChart(
            title: "Spreads that were tried", series: [.init("", points)],
            xAxis: Axis("spread of the sparsities", isLogarithmic: isWide),
            yAxis: Axis("perplexity on calibration text that was held back")),
          caption: "The model was pruned with each of these spreads. The one of the lowest perplexity was taken."),
        .table(table),
      ])
    ]
  }

  private static func search(_ search: SearchRecord) -> [PageBlock] {
    let chart = BarChart(
      title: "Divergence from the dense model", categories: ["start", "found"],
      series: [.init("", [search.startDivergence, search.divergence])], valueLabel: "mean divergence, nats a token",
      categoryLabel: "allocation")
    var facts: [PageBlock.Fact] = [
      .init("start", search.start.rawValue),
      .init("generations", "\(search.generations), of which \(search.accepted) changed the allocation"),
      .init("offspring a generation", "\(search.offspring)"),
      .init("step", "\(search.step) weights, at most \(search.reach) steps from the start"),
      .init("windows held back", "\(search.heldBack)"), .init("kept", search.kept.rawValue),
    ]
    if let perplexity = search.startPerplexity { facts.append(.init("perplexity by the start", perplexity.exact)) }
    if let perplexity = search.perplexity { facts.append(.init("perplexity by what was found", perplexity.exact)) }
    return [
      .facts(facts),
      .charts([
        .chart(
          chart,
          caption: "The search changes the allocation and keeps what brings the outputs nearer to the dense model's.")
      ]),
    ]
  }
}
