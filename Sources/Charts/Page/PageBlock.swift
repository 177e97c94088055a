/// A block of a page's content.
public enum PageBlock: Sendable {
  /// Sentences.
  case paragraph(String)
  /// A text as it was typed.
  case code(String)
  /// Names with their values, one a line.
  case facts([Fact])
  /// Names with their values, large and side by side: what a reader looks for first.
  case tiles([Fact])
  /// A table.
  case table(PageTable)
  /// A chart with what to see in it.
  case chart(any Chart, caption: String)
  /// Charts side by side where the window is wide enough.
  case charts([PageBlock])
  /// What is shown on demand.
  case details(String, [PageBlock])

  /// A name with its value.
  public struct Fact: Sendable {
    /// What it is.
    public let name: String
    /// What it comes to.
    public let value: String

    /// A fact.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The charts in the block, in their order.
  var charts: [any Chart] {
    switch self {
    case .chart(let chart, _): [chart]
    case .charts(let blocks), .details(_, let blocks): blocks.flatMap(\.charts)
    case .paragraph, .code, .facts, .tiles, .table: []
    }
  }
}
