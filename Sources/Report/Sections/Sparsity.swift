import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// How sparse every player was to become, beside one sparsity for all, and what the linears kept.
  public static func sparsity(of record: PruningRecord) -> PageSection {
    let entries = record.allocation.sparsities.entries
    var charts: [PageBlock] = []
    let uniform = Reference("uniform: \(Quantity.percent(record.sparsity))", 100 * record.sparsity)
    if !entries.isEmpty {
      let grid = PlayerGrid(entries.map(\.name), entries.map { 100 * $0.value })
      // Bars of very many players are hard to read; the map below has each of them.
      let isWide = grid.parts.count > 1 && grid.count > 120
      let series: [BarChart.Series] =
        isWide
        ? [.init("", record.blocks.map { 100 * $0.sparsity })]
        : grid.parts.map { .init($0, grid.values($0)) }
      charts.append(
        .chart(
          BarChart(
            title: isWide ? "Sparsity of every block" : "Sparsity of every player",
            categories: isWide ? record.blocks.indices.map(String.init) : grid.blocks, series: series,
            valueLabel: "weights that are zero, %", categoryLabel: "block", references: [uniform]),
          caption: """
            The share of zeros that the rule \(record.allocation.rule) gave. The dashed line is the sparsity that every linear \
            would have if all had the same.
            """))
    }
    let linears = PrunedLinears(record)
    if !linears.names.isEmpty {
      charts.append(
        .chart(
          HeatMap(
            title: "Kept weights", rows: linears.blocks, columns: linears.shortNames,
            values: linears.table { 100 * (1 - $0.sparsity) }, rowLabel: "block", columnLabel: "linear",
            valueLabel: "weights that are kept, %"),
          caption: "The share of weights that are not zero in the pruned model, counted in the result."))
    }
    return PageSection(
      "Sparsity",
      [.charts(charts), .details("Sparsities with all their digits", [.table(blockTable(record))])])
  }

  private static func blockTable(_ record: PruningRecord) -> PageTable {
    PageTable(
      "Sparsity of every block", [.number("block"), .number("target"), .number("zeros"), .number("change to uniform")],
      rows: record.blocks.enumerated().map { index, block in
        [
          String(index), block.target.exact, block.sparsity.exact,
          (100 * (block.sparsity - record.sparsity)).fixed(2) + " points",
        ]
      })
  }

  /// The error that the method saw in the outputs, along the blocks; nil where it told none.
  public static func loss(of record: PruningRecord) -> PageSection? {
    let linears = PrunedLinears(record)
    let sums = linears.sums(\.loss)
    let positive = sums.compactMap(\.self).filter { $0 > 0 && $0.isFinite }
    guard let low = positive.min(), let high = positive.max() else { return nil }
    let chart = LineChart(
      title: "Loss along the blocks",
      series: [.init("", sums.enumerated().map { .init(Double($0), $1) })], xAxis: Axis("block"),
      yAxis: Axis("sum of the linears' losses, squared error of outputs", isLogarithmic: high > 100 * low))
    return PageSection(
      "Loss along the blocks",
      [
        .charts([
          .chart(
            chart,
            caption: """
              The loss is what \(record.pruner.name) says of the squared error of a linear's outputs on the calibration \
              samples\(record.weighting == .gradient ? ", weighted by their gradients" : ""), summed over the linears of a block. \
              Compare blocks of one run with it, not methods or weightings.
              """),
          .chart(
            HeatMap(
              title: "Loss of every linear", rows: linears.blocks, columns: linears.shortNames,
              values: linears.table(\.loss), rowLabel: "block", columnLabel: "linear",
              valueLabel: "squared error of outputs", spacing: .squares),
            caption: "The same estimates, one a linear."),
        ])
      ])
  }
}
