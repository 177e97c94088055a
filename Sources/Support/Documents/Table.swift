/// A table's titles and cells, before anything says how they look.
package struct Table: Sendable {
  /// A column's title and the side its cells keep to.
  package struct Column: Sendable {
    package let title: String
    package let isNumber: Bool

    /// Words: aligned on the left.
    package static func text(_ title: String) -> Self { Self(title: title, isNumber: false) }
    /// Numbers: aligned on the right, so give all of a column the same digits after the point.
    package static func number(_ title: String) -> Self { Self(title: title, isNumber: true) }
  }

  package let columns: [Column]
  /// Of each row a cell for each column.
  package private(set) var rows: [[String]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row, one cell a column; missing cells are blank.
  package mutating func append(_ cells: [String]) {
    assert(cells.count <= columns.count, "a row has more cells than the table has columns")
    rows.append(columns.indices.map { $0 < cells.count ? cells[$0] : "" })
  }

  /// The table with one more column, a cell a row, behind the one of this title; the last one where there is none.
  package func inserting(_ column: Column, after title: String, _ cells: [String]) -> Table {
    assert(cells.count == rows.count, "a column has other cells than the table has rows")
    let place = columns.firstIndex { $0.title == title }.map { $0 + 1 } ?? columns.count
    func inserting<Part>(_ part: Part, into parts: [Part]) -> [Part] {
      var parts = parts
      parts.insert(part, at: place)
      return parts
    }
    var table = Table(inserting(column, into: columns))
    for (row, cell) in zip(rows, cells) { table.append(inserting(cell, into: row)) }
    return table
  }
}
