import Charts
import ShapleyPrune
import Support

extension PageSection {
  /// Every figure of a record of a pruning, with all its digits.
  public static func allFigures(of record: PruningRecord) -> PageSection {
    PageSection("All figures of the record", PageBlock.figures(of: record))
  }

  /// Every figure of a record of Shapley values, with all its digits.
  public static func allFigures(of record: ShapleyRecord) -> PageSection {
    allFigures(ofThe: "record", record.json)
  }

  /// Every figure of a comparison, with all its digits.
  public static func allFigures(of comparison: Comparison) -> PageSection {
    allFigures(ofThe: "comparison", comparison.json)
  }

  /// Every figure of a walk, with all its digits.
  static func allFigures(of walk: Explanation) -> PageSection { allFigures(ofThe: "walk", walk.json) }

  private static func allFigures(ofThe name: String, _ json: JSON) -> PageSection {
    PageSection(
      "All figures of the \(name)",
      [.details("The \(name)", [.table(PageBlock.table("Figures of the \(name)", json))])])
  }
}

extension PageBlock {
  /// Tables of every figure of a record, shown on demand; `name` tells records of one page apart.
  static func figures(of record: PruningRecord, named name: String = "") -> [PageBlock] {
    let linears = PrunedLinears(record)
    var table = PageTable(
      "Linears\(name)",
      [
        .number("block"), .text("linear"), .number("sparsity"), .number("target"), .number("zeros"), .number("weights"),
        .number("loss"), .number("dampening"), .number("dead inputs"), .text("tensor"),
      ])
    for (block, name, linear) in linears.all {
      table.append([
        block, name, linear.sparsity.exact, linear.target.exact, String(linear.zeros), String(linear.count),
        linear.loss.exact, linear.dampening.exact, linear.deadInputs.map(String.init) ?? "–", "\(linear.tensor)",
      ])
    }
    let blocks = PageTable(
      "Blocks\(name)", [.number("block"), .number("sparsity"), .number("target")],
      rows: record.blocks.enumerated().map { [String($0), $1.sparsity.exact, $1.target.exact] })
    return [
      .details("Every linear\(name)", [.table(table)]), .details("Every block\(name)", [.table(blocks)]),
      .details(
        "The rest of the record\(name)", [.table(Self.table("Figures of the record\(name)", record.json, "blocks"))]),
    ]
  }

  fileprivate static func table(_ caption: String, _ json: JSON, _ leftOut: String...) -> PageTable {
    PageTable(caption, [.text("figure"), .long("value")], rows: FigureTable.rows(json, without: Set(leftOut)))
  }
}
