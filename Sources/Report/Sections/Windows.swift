import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// The loss of every window before and after; nil where the record does not keep it.
  public static func windows(of record: PruningRecord) -> PageSection? {
    guard let evaluation = record.evaluation, !evaluation.denseWindowMeans.isEmpty,
      evaluation.denseWindowMeans.count == evaluation.prunedWindowMeans.count
    else { return nil }
    let pairs = zip(evaluation.denseWindowMeans, evaluation.prunedWindowMeans)
    let differences = pairs.map { $1 - $0 }
    let mean = differences.mean
    let growth =
      differences.standardErrorOfMean.map { "\(NumberText.plain(mean, error: $0)) (standard error over windows)" }
      ?? NumberText.plain(mean)
    let chart = ScatterChart(
      title: "Every window before and after",
      points: pairs.enumerated().map { .init("window \($0)", $1.0, $1.1) },
      xLabel: "mean NLL before, nats a token", yLabel: "mean NLL after, nats a token")
    var table = PageTable("Mean NLL of every window", [.number("window"), .number("before"), .number("after")])
    for (index, pair) in pairs.enumerated() { table.append([String(index), pair.0.exact, pair.1.exact]) }
    let worse = differences.count { $0 > 0 }
    return PageSection(
      "Windows before and after",
      [
        .paragraph(
          """
          The mean NLL grew by \(growth) nats a token. It grew in \(worse) of \
          \(differences.count) windows.
          """),
        .charts([
          .chart(
            chart,
            caption: """
              Each point is a window of the text. A point above the dashed line is a window that the pruned model predicts worse.
              """),
          .chart(
            LineChart(
              title: "Loss that pruning adds, along the text",
              series: [.init("", differences.enumerated().map { .init(Double($0), $1) })], xAxis: Axis("window"),
              yAxis: Axis("mean NLL after minus before, nats a token"),
              references: [Reference("mean: \(NumberText.plain(mean))", mean)]),
            caption: "The windows in the order of the text. Where the line is high, the text needs what was pruned."),
        ]), .details("Windows with all their digits", [.table(table)]),
      ])
  }
}
