import Support
import Testing
import svnup

@Suite("Suggestions")
struct SuggestionTests {
  @Test(
    "the distance counts insertions, deletions, substitutions and transpositions",
    arguments: [
      ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abd", 1),
      ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
  func distance(first: String, second: String, edits: Int) {
    #expect(Suggestion.distance(first, second) == edits)
    #expect(Suggestion.distance(second, first) == edits)
  }

  @Test(
    "only what is near is suggested",
    arguments: [
      ("sparsty", "sparsity"), ("spasrity", "sparsity"), ("sparse", "sparsity"), ("seq", "sequence-length"),
      ("ata", "data"),
      ("quiet", "quiet"), ("zzz", nil), ("x", nil), ("", nil), ("se", nil),
    ])
  func nearest(text: String, name: String?) {
    #expect(Suggestion.nearest(to: text, among: Self.names) == name)
  }

  private static let names = ["sparsity", "sequence-length", "seeds", "data", "quiet"]

  @Test("nothing is near a hundred thousand letters")
  func longText() {
    #expect(Suggestion.nearest(to: String(repeating: "s", count: 100_000), among: Self.names) == nil)
  }
}

@Suite("Tables")
struct TableTests {
  @Test("text keeps to the left and numbers to the right, with no blanks at the end")
  func alignment() {
    var table = Table([.text("method"), .number("perplexity"), .text("note")])
    table.append(["SparseGPT", "16.98", "best"])
    table.append(["魔法", "1234.50"])
    #expect(
      table.rendered == """
        method     perplexity  note
        ---------  ----------  ----
        SparseGPT       16.98  best
        魔法          1234.50
        """)
  }

  @Test("a column finds its place, and the last one goes where a terminal has no room for it")
  func columns() {
    var table = Table([.text("part"), .number("value")])
    table.append(["mlp", "0.5"])
    let wide = table.inserting(.text("bar"), after: "part", ["####"]).inserting(
      .text("note"), after: "nothing", ["last"])
    #expect(wide.rows == [["mlp", "####", "0.5", "last"]])
    #expect(wide.rendered(within: 23) == wide.rendered)
    #expect(wide.rendered(within: 22) == "part  bar   value\n----  ----  -----\nmlp   ####    0.5")
  }

  @Test("control characters of a cell cannot break its line")
  func controlCharacters() {
    var table = Table([.text("piece")])
    table.append(["a\n\u{1B}[0m"])
    #expect(
      table.rendered
        == "piece\n--------------\na\\u{A}\\u{1B}[0m".replacing(
          "--------------", with: String(repeating: "-", count: 15)))
  }
}

@Suite("Bars")
struct BarTests {
  @Test("eighths of a column")
  func eighths() {
    let bar = Bar(range: 0...1, width: 4, style: .blocks)
    #expect(bar.rendered(0) == "    ")
    #expect(bar.rendered(1) == "████")
    #expect(bar.rendered(0.5) == "██  ")
    #expect(bar.rendered(1.0 / 32) == "▏   ")
    #expect(bar.rendered(31.0 / 32) == "███▉")
    #expect(bar.rendered(1e-12) == "▏   ")
    #expect(bar.rendered(7) == "████")
    #expect(bar.rendered(-7) == "    ")
    #expect(bar.rendered(.nan) == "    ")
  }

  @Test("negative values grow to the left of zero, on the same scale")
  func negative() {
    let bar = Bar(range: -1...3, width: 9, style: .blocks)
    #expect(bar.rendered(3) == "  │██████")
    #expect(bar.rendered(-1) == "██│      ")
    #expect(bar.rendered(-0.25) == " ▐│      ")
    #expect(bar.rendered(0.25) == "  │▌     ")
    #expect(bar.rendered(0) == "  │      ")
    #expect(Bar(range: -2...(-1), width: 3, style: .blocks).rendered(-2) == "██│")
    #expect(Bar(range: -1000...1e-9, width: 3, style: .blocks).rendered(1e-9) == " │▏")
  }

  @Test("the range of some values holds them all, and zero")
  func comparing() {
    let bar = Bar(comparing: [2, .nan, 8, .infinity], width: 4, style: .blocks)
    #expect(bar.rendered(2) == "█   ")
    #expect(bar.rendered(8) == "████")
    #expect(bar.rendered(.infinity) == "████")
    #expect(Bar(comparing: [], width: 4, style: .blocks).rendered(1) == "    ")
  }

  @Test("plain characters where there is no UTF-8")
  func ascii() {
    let bar = Bar(range: -1...1, width: 9, style: .ascii)
    #expect(bar.rendered(0.5) == "    |##  ")
    #expect(bar.rendered(-1) == "####|    ")
  }

  @Test("any range and value gives exactly the width", arguments: [Bar.Style.blocks, .ascii])
  func width(style: Bar.Style) {
    let numbers = [
      -1e300, -3, -1, -1e-300, -.leastNonzeroMagnitude, 0, 1e-300, 0.1, 1, 3, 1e300, .infinity, -.infinity, .nan,
      .leastNonzeroMagnitude,
    ]
    for lower in numbers {
      for upper in numbers where lower <= upper {
        for width in [1, 3, 4, 10, 61] {
          let bar = Bar(range: lower...upper, width: width, style: style)
          for value in numbers { #expect(bar.rendered(value).count == max(width, 3)) }
        }
      }
    }
  }

  @Test("the style follows the locale, in POSIX's order of precedence")
  func styles() {
    func style(_ environment: [String: String]) -> Bar.Style { Bar.Style { environment[$0] } }
    #expect(style(["LANG": "en_US.UTF-8"]) == .blocks)
    #expect(style(["LANG": "C.utf8"]) == .blocks)
    #expect(style(["LANG": "en_US.UTF-8", "LC_ALL": "C"]) == .ascii)
    #expect(style(["LANG": "C", "LC_CTYPE": "C.UTF-8", "LC_ALL": ""]) == .blocks)
    #expect(style([:]) == .ascii)
  }
}

@Suite("Help texts")
struct HelpTextTests {
  @Test("no line but an example's is wider than the terminal", arguments: [48, 80, 100])
  func width(columns: Int) {
    let renderer = HelpText(width: columns)
    for command in Program.commands {
      let body = renderer.help(for: command).split(separator: "Example")[0]
      for line in body.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
    }
    for line in renderer.overview(of: Program.commands).split(separator: "\n") {
      #expect(line.count <= columns, "\(line)")
    }
  }

  @Test("examples fit 80 columns")
  func examples() {
    for command in Program.commands {
      for line in command.examples.flatMap({ $0.value.split(separator: "\n") }) {
        #expect(line.count + 4 <= 80, "\(line)")
      }
    }
  }
}
