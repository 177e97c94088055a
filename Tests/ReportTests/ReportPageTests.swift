import Charts
import Foundation
import Report
import ShapleyPrune
import Support
import TestSupport
import Testing

@Suite("Reports") struct ReportPageTests {
  /// What must be true of every report.
  private func check(_ page: Page, figures expected: [String]) throws {
    let text = page.rendered
    let reader = MarkupReader(text)
    #expect(reader.error == nil)
    let shown = reader.words
    try #require(!expected.isEmpty)
    for figure in expected { #expect(shown.contains(figure), "\(figure) is missing") }
    #expect(reader.all("h1").count == 1)
    var level = 1
    for element in reader.elements where element.name.count == 2 && element.name.hasPrefix("h") {
      guard let next = Int(element.name.dropFirst()) else { continue }
      #expect(next <= level + 1, "\(element.text)")
      level = next
    }
    for element in reader.elements {
      for name in ["src", "href", "action"] {
        if let target = element.attributes[name] { #expect(target.hasPrefix("#"), "\(target)") }
      }
    }
    let identifiers = reader.elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    #expect(reader.all("script").isEmpty)
    let drawings = MarkupReader.drawings(text)
    try #require(drawings.count == 2 * page.charts.count && !drawings.isEmpty)
    for drawing in drawings {
      #expect(collisions(drawing) == [])
      let words = MarkupReader(drawing).elements.prefix(3)
      #expect(words.map(\.name) == ["svg", "title", "desc"] && words.dropFirst().allSatisfy { !$0.text.isEmpty })
    }
    for (name, svg) in page.drawings { #expect(collisions(svg) == [], "\(name)") }
    #expect(Set(page.drawings.map(\.name)).count == page.charts.count)
  }

  private var events: TimedEvents {
    let events = TimedEvents()
    for label in ["hashing", "a phase whose name is rather long, as those of searches are", "hashing"] {
      events.begin(label, unit: "windows").finish()
    }
    return events
  }

  @Test("a report of a pruning has every figure of its record", arguments: [1, 2, 12, 32])
  func pruning(_ blocks: Int) throws {
    let record = try RecordSamples.record(blocks)
    try check(Page(of: record, cost: events), figures: record.json.figures)
  }

  @Test("a report of values has every figure of its record", arguments: [1, 12, 40])
  func values(_ blocks: Int) throws {
    let record = try RecordSamples.shapley(blocks, errors: blocks > 1)
    try check(Page(of: record, command: ["svnup", "shapley", "a b"], cost: events), figures: record.json.figures)
  }

  @Test("a report of several prunings has every figure of all records")
  func runs() throws {
    let records = [try RecordSamples.record(2), try RecordSamples.record(3)]
    let values = try RecordSamples.shapley(2)
    let page = Page(
      title: "Demonstration", dense: 11.389, values: values, records: records, best: records[1], cost: events)
    try check(page, figures: (records.map(\.json) + [values.json]).flatMap(\.figures))
  }

  @Test("a record with little in it has a report, too")
  func little() throws {
    let json: JSON = [
      "method": "magnitude", "sparsity": JSON(0.25),
      "blocks": [["sparsity": JSON(0.25), "linears": JSON(members: [])]],
    ]
    let record = try PruningRecord(FieldReader(json, source: "sample"))
    let page = Page(of: record)
    let reader = MarkupReader(page.rendered)
    #expect(reader.error == nil)
    #expect(reader.all("h1").count == 1)
    let shown = reader.words
    #expect(shown.contains("0.25"))
  }

  @Test("hostile names of files and words of a command stay texts")
  func hostile() throws {
    let record = try RecordSamples.record(2, hostile: true)
    let page = Page(of: record)
    let text = page.rendered
    try check(page, figures: record.json.figures)
    #expect(!text.contains("<script") && !text.contains("</title><"))
    #expect(!text.unicodeScalars.contains { $0.value == 0x202E || $0.value == 7 })
    // It is there, where a reader looks for it.
    #expect(MarkupReader(text).all("code").contains { $0.text.contains("</title><script>alert(") })
  }

  @Test("a command can be given to a shell as it stands")
  func command() throws {
    let words = ["svnup", "shapley", "a b", "--data", "it's.txt", "--quiet"]
    let reader = MarkupReader(Page(of: try RecordSamples.shapley(1), command: words).rendered)
    #expect(reader.all("code").first?.text == "svnup shapley 'a b' \\\n  --data 'it'\\''s.txt' \\\n  --quiet")
  }

  @Test("every SHA-256 stands beside its file and role")
  func hashes() throws {
    let reader = MarkupReader(Page(of: try RecordSamples.record(2)).rendered)
    let rows = reader.all("tr").map(\.text)
    for (role, file, hash) in [
      ("model", "config.json", "aa11"), ("calibration", "c4.jsonl", "cc33"), ("output", "config.json", "dd44"),
    ] {
      #expect(rows.contains { $0 == role + file + hash })
    }
  }

  @Test("many players have a bar for every block, and their own bars on demand")
  func many() throws {
    let few = Page(of: try RecordSamples.shapley(12)).charts.map(\.title)
    let many = Page(of: try RecordSamples.shapley(40)).charts.map(\.title)
    #expect(few == ["Value of every player", "Map of the values"])
    #expect(many == ["Value of every block", "Map of the values", "Value of every player"])
  }
}
