import Charts
import Foundation
import TestSupport
import Testing

@Suite("Pages") struct PageTests {
  private let page = Page(
    title: Samples.hostile, lead: [.paragraph(Samples.hostile), .tiles([.init(Samples.hostile, "1")])],
    sections: [
      PageSection(
        Samples.hostile,
        [
          .table(
            PageTable(Samples.hostile, [.text("a"), .number(Samples.hostile)], rows: [["x", Samples.hostile], ["y"]])),
          .facts([.init("name", Samples.hostile)]), .code(Samples.hostile),
          .details(Samples.hostile, [.chart(Samples.charts[0].chart, caption: Samples.hostile)]),
        ], sections: [PageSection("inner", [], sections: [PageSection("innermost")])]),
      PageSection("second", [.charts([.chart(Samples.charts[2].chart, caption: "c")])]),
    ])

  @Test("a page is well-formed, with one heading of the first level and no level left out")
  func headings() {
    let reader = MarkupReader(page.rendered)
    #expect(reader.error == nil)
    let levels = reader.elements.compactMap { element -> Int? in
      element.name.count == 2 && element.name.hasPrefix("h") ? Int(element.name.dropFirst()) : nil
    }
    #expect(levels == [1, 2, 3, 4, 2])
  }

  @Test("the reader notices markup that is not well-formed")
  func reader() { #expect(MarkupReader("<p><b></p>").error != nil) }

  @Test("hostile texts stay texts")
  func hostile() throws {
    let text = page.rendered
    let reader = MarkupReader(text)
    #expect(reader.all("script").isEmpty)
    #expect(!text.contains("<script"))
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x202E || $0.value == 0xFFFE })
    // Letters that run from right to left are letters; what would turn the others around is spelled out.
    #expect(text.contains("\u{5D0}\u{5D1}"))
    #expect(text.contains("\\u{202E}") && text.contains("\\u{1B}") && text.contains("\\u{0}"))
    let title = try #require(reader.all("h1").first?.text)
    #expect(title.hasPrefix("<script>alert(\"1\")</script> & 'x' "))
    // An attribute cannot be left.
    let label = try #require(reader.all("div").first { $0.attributes["role"] == "region" }?.attributes["aria-label"])
    #expect(label.hasPrefix("<script>alert(\"1\")</script> & 'x' "))
  }

  @Test("nothing is loaded from anywhere")
  func network() {
    for element in MarkupReader(page.rendered).elements {
      for (name, value) in element.attributes where ["src", "href", "xlink:href", "action", "data"].contains(name) {
        #expect(value.hasPrefix("#"), "\(element.name) \(name)=\(value)")
      }
    }
    #expect(!page.rendered.contains("@import") && !page.rendered.contains("url("))
  }

  @Test("targets of links and of labels are there once")
  func identifiers() {
    let reader = MarkupReader(page.rendered)
    let identifiers = reader.elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    for element in reader.elements {
      if let link = element.attributes["href"] { #expect(identifiers.contains(String(link.dropFirst()))) }
      for name in (element.attributes["aria-labelledby"] ?? "").split(separator: " ") {
        #expect(identifiers.contains(String(name)))
      }
    }
  }

  @Test("tables have captions, and scopes for the names of rows and columns")
  func tables() throws {
    let reader = MarkupReader(page.rendered)
    #expect(reader.all("caption").count == reader.all("table").count)
    #expect(reader.all("th").map { $0.attributes["scope"] } == ["col", "col", "row", "row"])
    // A row that is too short has empty cells.
    #expect(reader.all("td").count == 2)
  }

  @Test("a page lists its charts in order")
  func charts() { #expect(page.charts.map(\.title) == [Samples.charts[0].chart.title, Samples.charts[2].chart.title]) }
}
