/// A part of a page under a heading; its level follows from where it stands, so that headings are in order.
public struct PageSection: Sendable {
  /// The heading.
  public var title: String
  /// What stands below it.
  public var blocks: [PageBlock]
  /// Parts of the part.
  public var sections: [PageSection]

  /// A part with a heading.
  public init(_ title: String, _ blocks: [PageBlock] = [], sections: [PageSection] = []) {
    self.title = title
    self.blocks = blocks
    self.sections = sections
  }

  /// Its charts in their order.
  public var charts: [any Chart] { blocks.flatMap(\.charts) + sections.flatMap(\.charts) }
}
