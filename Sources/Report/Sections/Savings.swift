import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// What the zeros of a pruned model make smaller, and where they make it faster.
  public static func savings(_ savings: ZeroSavings) -> PageSection {
    let (text, prompt) = (savings.fasterLinears(for: .oneToken), savings.fasterLinears(for: .manyTokens))
    let sentence = """
      Without its zeros this model's linears take \(Quantity.bytes(savings.packedBytes)) instead of \
      \(Quantity.bytes(savings.denseBytes)), and their products need \(Quantity.percent(1 - savings.sparsity)) of the \
      multiplications. On the kernel \(savings.kernel.rawValue), \(text) of \(savings.linears) linears are faster without \
      zeros while a text is written, token by token, and \(prompt) for a prompt or a perplexity.
      """
    var table = PageTable(
      "From how many zeros on it is faster to leave them out, where weight and model are not small",
      [.text("stored as"), .number("text, token by token"), .number("prompt, perplexity")])
    for type in savings.types {
      table.append(
        [type.rawValue] + [.oneToken, .manyTokens].map { breakEven(savings.breakEven(type, for: $0)) })
    }
    let blocks = savings.blocks.indices.map(String.init)
    func mebibytes(_ bytes: (ZeroSavings.Block) -> Int) -> [Double?] {
      savings.blocks.map { Double(bytes($0)) / 0x1p20 }
    }
    let chart = BarChart(
      title: "Bytes of every block", categories: blocks,
      series: [.init("with zeros", mebibytes(\.denseBytes)), .init("without zeros", mebibytes(\.packedBytes))],
      valueLabel: "MiB", categoryLabel: "block")
    return PageSection(
      "What it bought",
      [
        .paragraph(sentence),
        .charts([
          .chart(
            chart,
            caption: """
              The linears of each block as they are stored, and packed: each with the positions and the values of what it \
              keeps, where that is smaller.
              """),
          .table(table),
        ]),
        .paragraph(
          """
          These are counts. 'svnup pack' makes the files that small, without losing anything, and 'svnup bench' measures \
          what the model's speed comes to.
          """),
      ])
  }

  private static func breakEven(_ fraction: Double) -> String {
    fraction.isFinite ? "\(Quantity.percent(fraction, digits: 0)) zeros" : "never"
  }

  /// What was measured of a model with and without its zeros.
  public static func speed(_ result: BenchResult) -> PageSection {
    var blocks: [PageBlock] = []
    let names = result.forms.map(\.name)
    func chart(_ title: String, _ unit: String, _ values: [Double], _ caption: String) {
      blocks.append(
        .chart(
          BarChart(
            title: title, categories: names, series: [.init("", values)], valueLabel: unit,
            categoryLabel: "form of the model"),
          caption: caption))
    }
    // One bar says no more than the table.
    if names.count > 1 {
      chart(
        "A text, token by token", "tokens a second", result.forms.map(result.textRate),
        "Behind a prompt of \(result.promptTokens) tokens, \(result.tokens) tokens were written. Longer is better.")
      chart(
        "A prompt", "tokens a second", result.forms.map(result.promptRate),
        "All \(result.promptTokens) tokens of the prompt pass the model at once. Longer is better.")
      chart(
        "Weights in memory", "MiB", result.forms.map { Double($0.weightBytes) / 0x1p20 },
        "While a text is written. Shorter is better.")
    }
    if let curve = result.breakEven { blocks.append(breakEven(curve)) }
    var table = PageTable(
      "Every figure", [.text("figure")] + (names + (names.count == 2 ? ["gain"] : [])).map { .number($0) })
    for figure in result.figures { table.append([figure.name] + figure.cells) }
    return PageSection("What it bought", blocks.isEmpty ? [.table(table)] : [.charts(blocks), .table(table)])
  }

  private static func breakEven(_ curve: BreakEvenCurve) -> PageBlock {
    func line(_ name: String, _ gain: (BreakEvenCurve.Point) -> Double) -> LineChart.Series {
      .init(name, curve.points.map { .init(100 * $0.zeros, gain($0)) })
    }
    let chart = LineChart(
      title: "Products without zeros",
      series: [line("a text, token by token", \.text), line("a prompt of \(BreakEvenCurve.promptTokens)", \.prompt)],
      xAxis: Axis("zeros, %"), yAxis: Axis("times as fast as with zeros"), references: [.init("as fast", 1)])
    return .chart(
      chart,
      caption: """
        By a weight of \(curve.rows) × \(curve.columns) in \(curve.elementType.rawValue) whose zeros lie at random, like the model's \
        largest linear. Above the dashed line it is faster to leave them out.
        """)
  }
}
