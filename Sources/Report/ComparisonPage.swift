import Charts
import ShapleyPrune
import Support

extension Page {
  /// The report of a comparison.
  ///
  ///     let page = Page(of: try job.run(in: "study")).rendered
  public init(of comparison: Comparison) {
    let models = Set(comparison.columns.map(\.model)).count
    let texts = Set(comparison.columns.filter { $0.measure == .perplexity }.map(\.text)).count
    self.init(
      title: "Comparison of \(comparison.rows.count == 1 ? "one way" : "\(comparison.rows.count) ways") of pruning",
      lead: [
        .tiles([
          .init("models", "\(models)"), .init("texts", "\(texts)"), .init("tasks", "\(comparison.tasks.count)"),
          .init("ways of pruning", "\(comparison.rows.count)"),
          .init("seeds", "\(comparison.seeds)"), .init("prunings", "\(comparison.cellCount)"),
        ]),
        .paragraph("A table for each text or task. \(comparison.legend(best: "*"))."),
      ])
    sections = comparison.tables.map { PageSection.table($0, of: comparison) }
    if !comparison.failures.isEmpty {
      let table = PageTable(
        "Prunings that failed", [.text("cell"), .long("reason")],
        rows: comparison.failures.map { [$0.cell, $0.reason] })
      sections.append(PageSection("What could not be pruned", [.table(table)]))
    }
    sections += [
      PageSection.cost(of: comparison.cost), PageSection.provenance(of: comparison),
      PageSection.allFigures(of: comparison),
    ]
  }
}

extension PageSection {
  /// The rows of a comparison on one model and text or task, as a table and as charts.
  ///
  /// - Parameters:
  ///   - indices: the columns, one for each target.
  ///   - comparison: what they are columns of.
  public static func table(_ indices: [Int], of comparison: Comparison) -> PageSection {
    guard let first = indices.first.map({ comparison.columns[$0] }) else { return PageSection("Nothing") }
    var table = PageTable(
      "\(first.measure.capitalizedTitle); dense \(first.text(first.dense))",
      comparison.titles.map { .text($0) } + indices.map { .number(comparison.columns[$0].target) })
    for (row, words) in comparison.rows.enumerated() {
      table.append(
        words
          + indices.map { column in
            guard let entry = comparison.entries[row][column] else { return "" }
            let mark = entry.isBest ? " *" : Comparison.isWithinNoise(entry) ? " °" : ""
            let change = comparison.columns[column].change(entry)
            return comparison.columns[column].figure(entry) + mark + (change.isEmpty ? "" : " (\(change))")
          })
    }
    var charts: [PageBlock] = []
    // In the order of the axis, whatever the order in which they were asked.
    let sparsities = indices.filter { comparison.columns[$0].pattern.groups == nil }.sorted {
      comparison.columns[$0].pattern.sparsity < comparison.columns[$1].pattern.sparsity
    }
    if sparsities.count > 1 { charts.append(lines(sparsities, of: comparison)) }
    for column in indices where sparsities.count < 2 || !sparsities.contains(column) {
      charts.append(bars(column, of: comparison))
    }
    // The windows of the sparsest models differ most.
    let last = sparsities.isEmpty ? indices : sparsities
    let sparsest = last.last { index in comparison.entries.contains { $0[index]?.isBest == true } }
    if first.measure == .perplexity, let column = sparsest, let scatter = scatter(column, of: comparison) {
      charts.append(scatter)
    }
    let name = first.measure == .perplexity ? "" : ", \(first.measure.title)"
    return PageSection("\(first.model) on \(first.text)\(name)", [.table(table), .charts(charts)])
  }

  /// Figures over sparsity, a line for each row.
  ///
  /// - Parameter indices: columns of one measure, at least one.
  private static func lines(_ indices: [Int], of comparison: Comparison) -> PageBlock {
    let first = comparison.columns[indices[0]]
    let measure = first.measure
    let series = comparison.rows.enumerated().map { row, words in
      LineChart.Series(
        words.filter { !$0.isEmpty }.joined(separator: ", "),
        indices.map { column in
          let entry = comparison.entries[row][column]
          let mean = entry.map { measure.inUnit($0.mean) }
          let deviation = entry?.deviation.map { measure.inUnit($0) }
          return .init(
            100 * comparison.columns[column].pattern.sparsity, mean,
            lower: deviation.flatMap { deviation in mean.map { $0 - deviation } },
            upper: deviation.flatMap { deviation in mean.map { $0 + deviation } })
        })
    }
    return .chart(
      LineChart(
        title: "\(measure.capitalizedTitle) over sparsity", series: series, xAxis: Axis("zeros, %"),
        yAxis: Axis(measure.title, isLogarithmic: measure.isLowerBetter), references: [first.denseReference]),
      caption: (measure.isLowerBetter ? "Lower is better; equal distances are equal factors." : "Higher is better.")
        + (comparison.seeds > 1 ? " Bands are a standard deviation over seeds to either side." : ""))
  }

  /// The rows of one target side by side.
  private static func bars(_ column: Int, of comparison: Comparison) -> PageBlock {
    let rows = comparison.rows.indices.filter { comparison.entries[$0][column] != nil }
    let entries = rows.map { comparison.entries[$0][column] }
    let (column, measure) = (comparison.columns[column], comparison.columns[column].measure)
    return .chart(
      BarChart(
        title: "\(measure.capitalizedTitle) at \(column.target)",
        categories: rows.map { comparison.rows[$0].filter { !$0.isEmpty }.joined(separator: ", ") },
        series: [
          .init(
            "", entries.map { $0.map { measure.inUnit($0.mean) } },
            errors: entries.map { $0?.deviation.map { measure.inUnit($0) } })
        ],
        valueLabel: measure.title, categoryLabel: "way of pruning", references: [column.denseReference]),
      caption: "\(measure.isLowerBetter ? "Shorter" : "Longer") is better; the dashed line is the dense model. "
        + (comparison.seeds > 1 ? "Error bars are a standard deviation over seeds." : ""))
  }

  /// The windows of the best row of a column before and after.
  private static func scatter(_ column: Int, of comparison: Comparison) -> PageBlock? {
    guard let row = comparison.rows.indices.first(where: { comparison.entries[$0][column]?.isBest == true }) else {
      return nil
    }
    let means = comparison.samples(row: row, column: column)
    guard !means.pruned.isEmpty, means.pruned.count == means.dense.count else { return nil }
    let name = comparison.rows[row].filter { !$0.isEmpty }.joined(separator: ", ")
    return .chart(
      ScatterChart(
        title: "Every window before and after, \(comparison.columns[column].target)",
        points: zip(means.dense, means.pruned).enumerated().map { .init("window \($0)", $1.0, $1.1) },
        xLabel: "mean NLL before, nats a token", yLabel: "mean NLL after, nats a token"),
      caption:
        "The best row of \(comparison.columns[column].target): \(name). Each point is a window of the text, over all seeds."
    )
  }

  /// What the work took.
  public static func cost(of cost: Comparison.Cost) -> PageSection {
    PageSection(
      "Cost",
      [
        .paragraph(
          "These are the times of all tasks, wherever they were done. They depend on the machines, and are not part of the record."
        ),
        .facts([
          .init("prunings", "\(cost.cells.fixed(1)) s"), .init("what they share", "\(cost.shared.fixed(1)) s"),
          .init("saved by sharing", "\(cost.saved.fixed(1)) s"),
        ]),
      ])
  }

  /// The models, the texts and the program by their hashes.
  public static func provenance(of comparison: Comparison) -> PageSection {
    let json = comparison.json
    let facts = ["svnup", "samples", "sequenceLength", "valueWindows", "calibration"].compactMap { key in
      json[key].map { PageBlock.Fact(key, FigureTable.text($0)) }
    }
    let kernels = Set((json["models"]?.array ?? []).compactMap { $0["identity"]?["kernel"]?.text })
    let kernel = PageBlock.Fact("kernel", kernels.sorted().joined(separator: ", "))
    var table = PageTable("SHA-256 of every file", [.text("model"), .text("role"), .text("file"), .text("SHA-256")])
    for model in json["models"]?.array ?? [] {
      for (role, files) in (model["identity"]?["sha256"] ?? .null).objectMembers {
        for (name, hash) in files.objectMembers {
          table.append([model["model"]?.text ?? "", role, name, hash.text ?? ""])
        }
      }
    }
    return PageSection("Provenance", [.facts(facts + [kernel]), .details("SHA-256 of every file", [.table(table)])])
  }
}

extension CompareMeasure {
  /// `Perplexity`.
  fileprivate var capitalizedTitle: String { title.prefix(1).uppercased() + title.dropFirst() }
}

extension Comparison.Column {
  /// The line of the dense model.
  fileprivate var denseReference: Reference {
    let dense = measure.inUnit(dense)
    return Reference("dense: \(NumberText.plain(dense))", dense)
  }
}
