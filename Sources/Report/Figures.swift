import Support

// Numbers as tables show them: all their digits, as a file has them.

extension Double {
  /// The shortest text that reads back as the same number.
  var exact: String { FigureTable.text(JSON(self)) }
}

extension Optional where Wrapped == Double {
  /// The number, or a dash where there is none.
  var exact: String { self.map(\.exact) ?? "–" }
}
