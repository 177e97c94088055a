import Charts
import ShapleyPrune
import Support

extension Page {
  /// The report of a comparison.
  ///
  ///     let page = Page(of: try job.run(in: "study")).rendered
  public init(of comparison: Comparison) {
    let models = Set(comparison.columns.map(\.model)).count
    let texts = Set(comparison.columns.map(\.text)).count
    self.init(
      title: "Comparison of \(comparison.rows.count) ways of pruning",
      lead: [
        .tiles([
          .init("models", "\(models)"), .init("texts", "\(texts)"),
          .init("ways of pruning", "\(comparison.rows.count)"),
          .init("seeds", "\(comparison.seeds)"), .init("prunings", "\(comparison.cellCount)"),
        ]),
        .paragraph("Figures are perplexities: \(comparison.legend)."),
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
  /// The rows of a comparison on one model and text, as a table and as charts.
  ///
  /// - Parameters:
  ///   - indices: the columns, one for each target.
  ///   - comparison: what they are columns of.
  public static func table(_ indices: [Int], of comparison: Comparison) -> PageSection {
    guard let first = indices.first.map({ comparison.columns[$0] }) else { return PageSection("Nothing") }
    var table = PageTable(
      "Perplexity; dense \(NumberText.plain(first.dense))",
      comparison.titles.map { .text($0) } + indices.map { .number(comparison.columns[$0].target) })
    for (row, words) in comparison.rows.enumerated() {
      table.append(
        words
          + indices.map { column in
            guard let entry = comparison.entries[row][column] else { return "" }
            let mark = entry.isBest ? " *" : Comparison.isWithinNoise(entry) ? " °" : ""
            let change = Comparison.change(entry)
            return Comparison.figure(entry) + mark + (change.isEmpty ? "" : " (\(change))")
          })
    }
    var charts: [PageBlock] = []
    let sparsities = indices.filter { comparison.columns[$0].pattern.groups == nil }
    if sparsities.count > 1 { charts.append(lines(sparsities, of: comparison, dense: first.dense)) }
    for column in indices where sparsities.count < 2 || !sparsities.contains(column) {
      charts.append(bars(column, of: comparison))
    }
    // The windows of the sparsest models differ most.
    let last = sparsities.isEmpty ? indices : sparsities
    if let column = last.last(where: { index in comparison.entries.contains { $0[index]?.isBest == true } }),
      let scatter = scatter(column, of: comparison)
    {
      charts.append(scatter)
    }
    return PageSection("\(first.model) on \(first.text)", [.table(table), .charts(charts)])
  }

  /// Perplexity over sparsity, a line for each row.
  private static func lines(_ indices: [Int], of comparison: Comparison, dense: Double) -> PageBlock {
    let series = comparison.rows.enumerated().map { row, words in
      LineChart.Series(
        words.filter { !$0.isEmpty }.joined(separator: ", "),
        indices.map { column in
          let entry = comparison.entries[row][column]
          let deviation = entry?.deviation
          return .init(
            100 * comparison.columns[column].pattern.sparsity, entry?.mean,
            lower: deviation.flatMap { deviation in entry.map { $0.mean - deviation } },
            upper: deviation.flatMap { deviation in entry.map { $0.mean + deviation } })
        })
    }
    return .chart(
      LineChart(
        title: "Perplexity over sparsity", series: series, xAxis: Axis("zeros, %"),
        yAxis: Axis("perplexity", isLogarithmic: true),
        references: [Reference("dense: \(NumberText.plain(dense))", dense)]),
      caption:
        "Lower is better. Bands are a standard deviation over seeds to either side; equal distances are equal factors.")
  }

  /// The rows of one target side by side.
  private static func bars(_ column: Int, of comparison: Comparison) -> PageBlock {
    let rows = comparison.rows.indices.filter { comparison.entries[$0][column] != nil }
    let entries = rows.map { comparison.entries[$0][column] }
    let dense = comparison.columns[column].dense
    return .chart(
      BarChart(
        title: "Perplexity at \(comparison.columns[column].target)",
        categories: rows.map { comparison.rows[$0].filter { !$0.isEmpty }.joined(separator: ", ") },
        series: [.init("", entries.map { $0?.mean }, errors: entries.map { $0?.deviation })], valueLabel: "perplexity",
        categoryLabel: "way of pruning", references: [Reference("dense: \(NumberText.plain(dense))", dense)]),
      caption: "Shorter is better; the dashed line is the dense model. Error bars are a standard deviation over seeds.")
  }

  /// The windows of the best row of a column before and after.
  private static func scatter(_ column: Int, of comparison: Comparison) -> PageBlock? {
    guard let row = comparison.rows.indices.first(where: { comparison.entries[$0][column]?.isBest == true }) else {
      return nil
    }
    let means = comparison.windowMeans(row: row, column: column)
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
    var table = PageTable("SHA-256 of every file", [.text("model"), .text("role"), .text("file"), .text("SHA-256")])
    for model in json["models"]?.array ?? [] {
      for (role, files) in (model["identity"]?["sha256"] ?? .null).objectMembers {
        for (name, hash) in files.objectMembers {
          table.append([model["model"]?.text ?? "", role, name, hash.text ?? ""])
        }
      }
    }
    return PageSection("Provenance", [.facts(facts), .details("SHA-256 of every file", [.table(table)])])
  }

  /// Every figure of a comparison, with all its digits.
  public static func allFigures(of comparison: Comparison) -> PageSection {
    PageSection(
      "All figures of the comparison",
      [
        .details(
          "The comparison",
          [
            .table(
              PageTable(
                "Figures of the comparison", [.text("figure"), .long("value")], rows: FigureTable.rows(comparison.json))
            )
          ])
      ])
  }
}
