import Support

/// A web page in one file: sections of text, tables and charts, without scripts and without anything from a network.
///
///     var page = Page(title: "Perplexity")
///     page.sections = [PageSection("Result", [.paragraph("11.4 before, 13.5 after.")])]
///     let file = page.rendered
public struct Page: Sendable {
  /// The title, also the only heading of the first level.
  public var title: String
  /// What stands below the title.
  public var lead: [PageBlock]
  /// The parts, each under a heading of the second level.
  public var sections: [PageSection]

  /// A page with a title.
  public init(title: String, lead: [PageBlock] = [], sections: [PageSection] = []) {
    self.title = title
    self.lead = lead
    self.sections = sections
  }

  /// Every chart of the page with its place in it, in their order.
  public var charts: [any Chart] { lead.flatMap(\.charts) + sections.flatMap(\.charts) }

  /// The page as a document that is both HTML and well-formed XML.
  public var rendered: String {
    var writer = PageWriter()
    var body: [Markup] = [
      .element("header", [], [.element("h1", text: title)] + lead.flatMap { writer.markup($0) })
    ]
    // Names of sections are numbered, so that two of the same name are two targets.
    let targets = sections.indices.map { "section-\($0 + 1)" }
    if sections.count > 1 {
      let links = zip(targets, sections).map { target, section in
        Markup.element("li", [], [.element("a", [("href", "#\(target)")], text: section.title)])
      }
      body.append(.element("nav", [("aria-label", "Sections")], [.element("ul", [], links)]))
    }
    body.append(
      .element("main", [], zip(targets, sections).map { writer.markup($1, identifier: $0, level: 2) }))
    let head: [Markup] = [
      .element("meta", [("charset", "utf-8")]), .element("title", text: title),
      .element("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
      .style("\n\(PageStyle.rules)\n"),
    ]
    let root = Markup.element("html", [("lang", "en")], [.element("head", [], head), .element("body", [], body)])
    return "<!DOCTYPE html>\n\(root.rendered)\n"
  }
}

/// Gives every chart of a page a name of its own.
struct PageWriter {
  private var chartCount = 0

  mutating func markup(_ section: PageSection, identifier: String?, level: Int) -> Markup {
    let heading = Markup.element("h\(min(level, 6))", text: section.title)
    let blocks = section.blocks.flatMap { markup($0) }
    let parts = section.sections.map { markup($0, identifier: nil, level: level + 1) }
    return .element("section", identifier.map { [("id", $0)] } ?? [], [heading] + blocks + parts)
  }

  mutating func markup(_ block: PageBlock) -> [Markup] {
    switch block {
    case .paragraph(let text): return [.element("p", text: text)]
    case .code(let text): return [.element("pre", [], [.element("code", text: text)])]
    case .facts(let facts):
      let pairs = facts.flatMap { fact in
        [Markup.element("dt", text: fact.name), .element("dd", text: fact.value)]
      }
      return [.element("dl", [], pairs)]
    case .tiles(let facts):
      let tiles = facts.map { fact in
        Markup.element(
          "div", [("class", "tile")],
          [
            .element("dt", text: fact.name), .element("dd", text: fact.value),
          ])
      }
      return [.element("dl", [("class", "tiles")], tiles)]
    case .table(let table): return [table.markup]
    case .chart(let chart, let caption):
      chartCount += 1
      return [
        .element(
          "figure", [], chart.markup(identifier: "chart-\(chartCount)") + [.element("figcaption", text: caption)])
      ]
    case .charts(let blocks):
      return [.element("div", [("class", "figures")], blocks.flatMap { markup($0) })]
    case .details(let summary, let blocks):
      return [.element("details", [], [.element("summary", text: summary)] + blocks.flatMap { markup($0) })]
    }
  }
}

extension Page {
  /// Every chart as a file of its own: a name made of its number and its title, and the drawing.
  public var drawings: [(name: String, svg: String)] {
    charts.enumerated().map { index, chart in
      let words = chart.title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
      let name = ([(index + 1).padded(2)] + words.map(String.init)).joined(separator: "-")
      return ("\(name.prefix(80)).svg", chart.svg())
    }
  }

  /// Whether a file begins as the drawings do; some hundred bytes suffice.
  public static func isDrawing(_ beginning: [UInt8]) -> Bool {
    String(decoding: beginning, as: UTF8.self).pieces(between: "class=\"chart\" role=\"img\"").count > 1
  }

  /// Whether a file of this name can be one of the drawings: its number, words, and the ending.
  public static func isDrawingName(_ name: String) -> Bool {
    let digits = name.prefix { $0.isASCII && $0.isNumber }
    return digits.count >= 2 && name.dropFirst(digits.count).first == "-" && name.hasSuffix(".svg")
  }
}
