import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// What the zeros of a pruned model make smaller, and where they make it faster.
  public static func savings(_ savings: ZeroSavings) -> PageSection {
    let (text, prompt) = (savings.fasterLinears(for: .fewTokens), savings.fasterLinears(for: .manyTokens))
    let sentence = """
      Without its zeros this model's linears take \(Quantity.bytes(savings.packedBytes)) instead of \
      \(Quantity.bytes(savings.denseBytes)), and their products need \(Quantity.percent(1 - savings.sparsity)) of the \
      multiplications. On the kernel \(savings.kernel.rawValue), \(text) of \(savings.linears) linears are faster without \
      zeros while a text is written, token by token, and \(prompt) for a prompt or a perplexity.
      """
    var table = PageTable(
      "From how many zeros on it is faster to leave them out",
      [.text("stored as"), .number("text, token by token"), .number("prompt, perplexity")])
    for type in savings.types {
      table.append(
        [type.rawValue] + [.fewTokens, .manyTokens].map { breakEven(savings.breakEven(type, for: $0)) })
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
    chart(
      "A text, token by token", "tokens a second", result.forms.map(result.textRate),
      "Behind a prompt of \(result.promptTokens) tokens, \(result.tokens) tokens were written. Longer is better.")
    chart(
      "A prompt", "tokens a second", result.forms.map(result.promptRate),
      "All \(result.promptTokens) tokens of the prompt pass the model at once. Longer is better.")
    chart(
      "Weights in memory", "MiB", result.forms.map { Double($0.weightBytes) / 0x1p20 },
      "While a text is written. Shorter is better.")
    return PageSection("What it bought", [.charts(blocks), .table(table(result))])
  }

  /// Every figure of every form.
  private static func table(_ result: BenchResult) -> PageTable {
    var table = PageTable("Every figure", [.text("figure")] + result.forms.map { .number($0.name) })
    func row(_ name: String, _ value: (BenchResult.Form) -> String?) {
      let values = result.forms.compactMap(value)
      if values.count == result.forms.count { table.append([name] + values) }
    }
    row("text, tokens a second") { result.textRate($0).fixed(1) }
    row("of the bandwidth") { Quantity.percent(result.textShare($0), digits: 1) }
    row("linears without zeros, text") { "\($0.sparseForText) of \($0.linears)" }
    row("prompt, tokens a second") { result.promptRate($0).fixed(1) }
    row("of the peak, zeros counted") { result.promptShare($0).map { Quantity.percent($0, digits: 1) } }
    row("linears without zeros, prompt") { "\($0.sparseForPrompt) of \($0.linears)" }
    row("perplexity") { $0.perplexity?.perplexity.fixed(4) }
    row("seconds of the perplexity") { $0.perplexitySeconds?.fixed(2) }
    row("weights in memory") { Quantity.bytes($0.weightBytes) }
    return table
  }
}
