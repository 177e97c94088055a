/// Plain text in aligned columns, for people; JSON is for programs.
package struct Table: Sendable {
  /// A column's title and the side its cells keep to.
  package struct Column: Sendable {
    fileprivate let title: String
    fileprivate let isNumber: Bool

    /// Words: aligned on the left.
    package static func text(_ title: String) -> Self { Self(title: title, isNumber: false) }
    /// Numbers: aligned on the right, so give all of a column the same digits after the point.
    package static func number(_ title: String) -> Self { Self(title: title, isNumber: true) }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row, one cell a column; missing cells are blank.
  package mutating func append(_ cells: [String]) {
    assert(cells.count <= columns.count, "a row has more cells than the table has columns")
    rows.append(columns.indices.map { $0 < cells.count ? cells[$0].onOneLine : "" })
  }

  /// The title line, a rule and the rows, without a newline at the end.
  package var rendered: String {
    let titles = columns.map(\.title)
    let widths = columns.indices.map { index in ([titles] + rows).map { $0[index].terminalWidth }.max() ?? 0 }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([titles, rule] + rows).map { line($0, widths) }.joined(separator: "\n")
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[index] - cell.terminalWidth)
      if index > 0 { line += "  " }
      line += columns[index].isNumber ? padding + cell : cell + padding
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
