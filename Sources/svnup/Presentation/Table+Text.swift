import Support

/// Plain text in aligned columns, for people; JSON is for programs.
extension Table {
  /// The title line, a rule and the rows, without a newline at the end.
  package var rendered: String {
    let titles = columns.map(\.title)
    let rows = rows.map { $0.map(\.onOneLine) }
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
