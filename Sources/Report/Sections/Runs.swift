import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// Several prunings of one model side by side: perplexity by method and allocation.
  ///
  /// - Parameters:
  ///   - records: the prunings.
  ///   - dense: the perplexity of the model as it was.
  public static func runs(_ records: [PruningRecord], dense: Double?) -> PageSection {
    var (methods, rules): ([String], [String]) = ([], [])
    for record in records {
      if !methods.contains(record.pruner.name) { methods.append(record.pruner.name) }
      if !rules.contains(record.allocation.rule) { rules.append(record.allocation.rule) }
    }
    func perplexity(_ method: String, _ rule: String) -> Double? {
      records.first { $0.pruner.name == method && $0.allocation.rule == rule }?.prunedPerplexity
    }
    // A combination that was not run is not a figure that is missing.
    let complete = methods.filter { method in rules.allSatisfy { perplexity(method, $0) != nil } }
    let categories = complete.count == methods.count ? methods : records.map(Self.name)
    let series: [BarChart.Series] =
      complete.count == methods.count
      ? rules.map { rule in .init(rule, methods.map { perplexity($0, rule) }) }
      : [.init("", records.map(\.prunedPerplexity))]
    let chart = BarChart(
      title: "Perplexity after pruning", categories: categories, series: series, valueLabel: "perplexity",
      categoryLabel: complete.count == methods.count ? "method" : "method, allocation",
      references: dense.map { [Reference("dense: \(NumberText.plain($0))", $0)] } ?? [])
    var table = PageTable(
      "Prunings",
      [
        .text("method"), .text("allocation"), .number("zeros"), .number("perplexity"), .number("change from dense"),
      ])
    for record in records {
      let change = dense.flatMap { dense in record.prunedPerplexity.map { Quantity.change($0, from: dense) } }
      table.append([
        record.pruner.name, record.allocation.rule, Quantity.percent(record.sparsity),
        record.prunedPerplexity?.fixed(4) ?? "–", change ?? "–",
      ])
    }
    return PageSection(
      "Methods and allocations",
      [
        .charts([
          .chart(
            chart,
            caption:
              "All prunings were measured on the same windows. Shorter is better; the dashed line is the dense model."),
          .table(table),
        ])
      ])
  }

  static func name(_ record: PruningRecord) -> String { "\(record.pruner.name), \(record.allocation.rule)" }
}
