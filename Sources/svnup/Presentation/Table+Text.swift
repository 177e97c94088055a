import Support

/// Plain text in aligned columns, for people; JSON is for programs.
extension Table {
  /// The title line, a rule and the rows, without a newline at the end.
  package var rendered: String { rendered(within: nil) }

  /// The same, without the last column where lines would be longer than a terminal's, which would break all of them.
  ///
  /// - Parameter width: the terminal's columns; nil for any number.
  package func rendered(within width: Int?) -> String {
    let titles = columns.map(\.title)
    let rows = rows.map { $0.map(\.onOneLine) }
    var widths = columns.indices.map { index in ([titles] + rows).map { $0[index].terminalWidth }.max() ?? 0 }
    if let width, widths.reduce(2 * (widths.count - 1), +) > width, widths.count > 1 { widths.removeLast() }
    let rule = widths.map { String(repeating: "-", count: $0) }
    return ([titles, rule] + rows).map { line(Array($0.prefix(widths.count)), widths) }.joined(separator: "\n")
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
