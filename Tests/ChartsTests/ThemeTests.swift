import Charts
import Foundation
import TestSupport
import Testing

@Suite("Colours") struct ThemeTests {
  /// The custom properties that a page's style sheet sets in each of its blocks of them: light, dark and print.
  private func properties(_ page: String) -> [[String: String]] {
    page.components(separatedBy: ":root{--").dropFirst().map { block in
      let list = "--" + (block.components(separatedBy: "}").first ?? "")
      return Dictionary(
        list.split(separator: ";").map { entry in
          let parts = entry.split(separator: ":").map(String.init)
          return (String(parts[0].dropFirst(2)), parts[1])
        }, uniquingKeysWith: { $1 })
    }
  }

  /// WCAG's contrast of two colours, computed here from the digits of the style sheet.
  private func contrast(_ a: String, _ b: String) throws -> Double {
    func luminance(_ text: String) throws -> Double {
      let digits = try #require(UInt32(text.dropFirst(), radix: 16))
      return zip([16, 8, 0], [0.2126, 0.7152, 0.0722]).reduce(0) { sum, part in
        let value = Double(digits >> part.0 & 255) / 255
        return sum + part.1 * (value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4))
      }
    }
    let (first, second) = (try luminance(a) + 0.05, try luminance(b) + 0.05)
    return max(first, second) / min(first, second)
  }

  @Test("every text has a contrast of 4.5 or more in both themes and on paper")
  func text() throws {
    let themes = properties(Page(title: "t").rendered)
    try #require(themes.count == 3)
    #expect(themes[0] == themes[2])
    #expect(themes[0]["paper"] != themes[1]["paper"])
    for theme in themes {
      var pairs = [("ink", "paper"), ("muted", "paper"), ("ink", "panel"), ("muted", "panel")]
      for step in 0..<9 { pairs += [("on-h\(step)", "h\(step)"), ("on-d\(step)", "d\(step)")] }
      for (text, ground) in pairs {
        let value = try contrast(try #require(theme[text]), try #require(theme[ground]))
        #expect(value >= 4.5, "\(text) on \(ground): \(value)")
      }
    }
  }

  @Test("texts use no other colours")
  func classes() {
    let allowed = Set(["ink", "muted", "bold"] + (0..<9).flatMap { ["on-h\($0)", "on-d\($0)"] })
    for (name, chart) in Samples.charts {
      let reader = MarkupReader(chart.svg())
      for text in reader.all("text") { #expect(allowed.contains(text.attributes["class"] ?? ""), "\(name)") }
    }
  }

  @Test("a text in a cell is in the colour that belongs to the cell's")
  func cells() throws {
    let elements = MarkupReader(Samples.map(4, Samples.linears, 0.01).svg()).elements
    var pairs = 0
    for (index, element) in elements.enumerated() where element.name == "text" {
      guard let style = element.attributes["class"], style.hasPrefix("on-") else { continue }
      let cell = try #require(elements[..<index].last { $0.name == "rect" })
      #expect(cell.attributes["class"] == String(style.dropFirst(3)))
      pairs += 1
    }
    #expect(pairs == 28)
  }

  @Test("neighbouring series differ in lightness")
  func lightness() throws {
    for theme in [Theme.light, Theme.dark] {
      let levels = try (0..<7).map { index -> Double in
        let y = try #require(theme["s\(index)"]).luminance
        // L* of CIE 1976.
        return y > 0.008856 ? 116 * cbrt(y) - 16 : 903.3 * y
      }
      for (a, b) in zip(levels, levels.dropFirst()) { #expect(abs(a - b) >= 10) }
    }
  }

  @Test("a drawing of its own carries both themes, and plain colours for programs without custom properties")
  func standalone() {
    let svg = Samples.charts[0].chart.svg()
    #expect(properties(svg).count == 3)
    #expect(svg.contains("@media (prefers-color-scheme:dark)"))
    #expect(svg.contains("fill:#0072b2;fill:var(--s0)"))
  }
}
