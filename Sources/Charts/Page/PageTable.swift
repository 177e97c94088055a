import Support

/// A table with a caption and the names of its columns.
public struct PageTable: Sendable {
  /// A column.
  public struct Column: Sendable {
    let name: String
    /// The class of its cells.
    let style: String?

    /// Words on one line, aligned to the left.
    public static func text(_ name: String) -> Column { Column(name: name, style: nil) }
    /// Numbers, aligned to the right.
    public static func number(_ name: String) -> Column { Column(name: name, style: "number") }
    /// Texts of several lines.
    public static func long(_ name: String) -> Column { Column(name: name, style: "long") }

    fileprivate var attributes: [Markup.Attribute] { style.map { [("class", $0)] } ?? [] }
  }

  /// What the table holds.
  public let caption: String
  /// The columns; the first names the rows.
  public let columns: [Column]
  /// The rows' cells.
  public private(set) var rows: [[String]] = []

  /// A table without rows.
  public init(_ caption: String, _ columns: [Column]) {
    self.caption = caption
    self.columns = columns
  }

  /// A table with rows.
  public init(_ caption: String, _ columns: [Column], rows: [[String]]) {
    self.init(caption, columns)
    self.rows = rows
  }

  /// What is a table in the terminal, too.
  package init(_ caption: String, _ table: Table) {
    self.init(caption, table.columns.map { $0.isNumber ? .number($0.title) : .text($0.title) }, rows: table.rows)
  }

  /// Adds a row; cells that it lacks stay empty.
  public mutating func append(_ row: [String]) { rows.append(row) }

  var markup: Markup {
    let head = columns.map { column in
      Markup.element("th", [("scope", "col")] + column.attributes, text: column.name)
    }
    let body = rows.map { row in
      Markup.element(
        "tr", [],
        columns.enumerated().map { index, column in
          let text = row.indices.contains(index) ? row[index] : ""
          let style = column.attributes
          return index == 0
            ? .element("th", [("scope", "row")] + style, text: text) : .element("td", style, text: text)
        })
    }
    let table = Markup.element(
      "table", [],
      [
        .element("caption", text: caption), .element("thead", [], [.element("tr", [], head)]),
        .element("tbody", [], body),
      ])
    // A table that is wider than the window scrolls by itself; the keyboard reaches it.
    return .element(
      "div", [("class", "scroll"), ("tabindex", "0"), ("role", "region"), ("aria-label", caption)], [table])
  }
}
