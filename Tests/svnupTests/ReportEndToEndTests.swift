import Foundation
import Support
import TestSupport
import Testing

@Suite("Reports, end to end")
struct ReportEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let magnitude = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.5"]
  static let blocks = [
    "shapley", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64", "--players", "blocks", "--window",
    "1",
  ]

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// The words of a page's tables and sentences.
  private func words(_ page: String) -> Set<String> {
    let reader = MarkupReader(page)
    #expect(reader.error == nil)
    return reader.words
  }

  @Test("a page of a pruning has every figure of svnup.json, and the command")
  func pruning() throws {
    try withTemporaryFolder { folder in
      let (output, page, charts) = (
        Path.join(folder, "pruned"), Path.join(folder, "page.html"), Path.join(folder, "charts")
      )
      let words = Self.magnitude + ["--data", Inputs.stream, "--sequence-length", "64", "--output", output]
      let result = try svnup.run(words + ["--report", page, "--charts", charts])
      #expect(result.status == 0, "\(result.error)")
      #expect(result.error.contains("report in \(page)"))
      let written = try text(page)
      let shown = self.words(written)
      let record = try Fixtures.json(Path.join(output, "svnup.json"))
      let expected = record.figures
      try #require(expected.count > 100)
      for figure in expected { #expect(shown.contains(figure), "\(figure)") }
      #expect(MarkupReader(written).all("code").first?.text.contains("svnup prune ") == true)
      // The record says nothing of times and pages.
      #expect(!String(decoding: record.encoded(), as: UTF8.self).contains("seconds"))
      #expect(written.contains("Cost by phase"))
      let files = try FileSystem.list(charts)
      #expect(files.count == MarkupReader.drawings(written).count / 2)
      for file in files { #expect(try collisions(text(Path.join(charts, file))) == [], "\(file)") }
      #expect(try FileSystem.list(folder).sorted() == ["charts", "page.html", "pruned"])

      // What is there is kept, unless it is to be replaced.
      for rest in [["--report", page], ["--charts", charts]] {
        let message = try svnup.refusal(Self.magnitude + ["--output", output + "2"] + rest, status: 73)
        #expect(message.contains("\(rest[1]): cannot create: it exists; --force replaces it"))
      }
      #expect(!FileSystem.exists(output + "2"))
      let again = try svnup.run(words + ["--force", "--report", page, "--charts", charts])
      #expect(again.status == 0, "\(again.error)")
      #expect(try FileSystem.list(folder).sorted() == ["charts", "page.html", "pruned"])
    }
  }

  @Test("drawings of somebody's own are not replaced, whatever their names")
  func ownDrawings() throws {
    try withTemporaryFolder { folder in
      let (charts, output) = (Path.join(folder, "charts"), Path.join(folder, "pruned"))
      try FileSystem.makeDirectory(charts)
      let own = Path.join(charts, "01-my-own.svg")
      for text in ["precious", "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>", ""] {
        try File.replace(own, with: Array(text.utf8))
        let message = try svnup.refusal(
          Self.magnitude + ["--output", output, "--charts", charts, "--force"], status: 73)
        #expect(message.contains("it holds 01-my-own.svg, which is no chart of a report"))
        #expect(try File.contents(of: own) == Array(text.utf8))
      }
      #expect(!FileSystem.exists(output))
    }
  }

  @Test("a page of a comparison has every figure of compare.json, and every way as a line or a bar")
  func comparison() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      let result = try svnup.run(
        ["compare"] + CompareEndToEndTests.grid.map { $0 == "0.5" ? "0.5,0.6" : $0 } + [
          "--output", study, "--quiet",
        ])
      try #require(result.status == 0, "\(result.error)")
      let page = try text(Path.join(study, "report.html"))
      let shown = words(page)
      let expected = try Fixtures.json(Path.join(study, "compare.json")).figures
      try #require(expected.count > 100)
      for figure in expected { #expect(shown.contains(figure), "\(figure)") }
      let drawings = MarkupReader.drawings(page)
      // For each model lines, bars of 2:4, and windows, each drawn twice.
      #expect(drawings.count == 12)
      for drawing in drawings { #expect(collisions(drawing) == []) }
      #expect(page.contains("Perplexity over sparsity") && page.contains("wanda, owl"))
    }
  }

  @Test("a page of a walk has every figure of the walk")
  func explanation() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "walk.html")
      let words = ["explain", Inputs.llama3, "--data", Inputs.rows] + ExplainEndToEndTests.texts
      let result = try svnup.run(words + ["--report", path, "--json", "--quiet"])
      try #require(result.status == 0, "\(result.error)")
      let page = try text(path)
      let shown = self.words(page)
      // What the run held in memory is of the run, not of the walk.
      let members = try JSON.parse(Array(result.output.utf8)).objectMembers.filter { $0.0 != "memory" }
      let figures = JSON(members: members).figures
      try #require(figures.count > 10)
      for figure in figures { #expect(shown.contains(figure), "\(figure)") }
      for drawing in MarkupReader.drawings(page) { #expect(collisions(drawing) == []) }
      let message = try svnup.refusal(words + ["--report", path], status: 73)
      #expect(message.contains("--force replaces it"))
    }
  }

  @Test("a page of values has every figure of the values")
  func values() throws {
    try withTemporaryFolder { folder in
      let (output, page) = (Path.join(folder, "values.json"), Path.join(folder, "page.html"))
      let result = try svnup.run(Self.blocks + ["--output", output, "--report", page])
      #expect(result.status == 0, "\(result.error)")
      let shown = words(try text(page))
      let expected = try Fixtures.json(output).figures
      try #require(expected.count > 10)
      for figure in expected { #expect(shown.contains(figure), "\(figure)") }
    }
  }

  @Test("a page that cannot be written is refused before anything is computed")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      try FileManager.default.createDirectory(atPath: Path.join(folder, "notes"), withIntermediateDirectories: false)
      try FileManager.default.createDirectory(atPath: Path.join(folder, "drawings"), withIntermediateDirectories: false)
      for name in ["notes/a.txt", "drawings/01-values.svg", "drawings/mine.svg"] {
        // As a report's drawings begin.
        let text = "<svg class=\"chart\" role=\"img\"></svg>"
        try Data(text.utf8).write(to: URL(fileURLWithPath: Path.join(folder, name)))
      }
      for (option, name, reason) in [
        ("--report", "none/page.html", "the folder \(folder)/none does not exist"),
        ("--report", "pruned", "it is \(output), which this run reads or writes"),
        ("--report", "pruned/page.html", "it lies in \(output), or holds it"),
        ("--charts", "none/charts", "the folder \(folder)/none does not exist"),
        ("--charts", "pruned/charts", "it lies in \(output), or holds it"),
        ("--charts", "notes", "it holds a.txt, which is no chart of a report; remove it yourself, or choose another"),
        (
          "--charts", "drawings",
          "it holds mine.svg, which is no chart of a report; remove it yourself, or choose another"
        ),
      ] {
        let path = Path.join(folder, name)
        let message = try svnup.refusal(
          Self.magnitude + ["--force", "--output", output, option, path], status: 73)
        #expect(message == "svnup: \(path): cannot create: \(reason)")
        #expect(try FileSystem.list(folder) == ["drawings", "notes"])
      }
      let page = Path.join(folder, "page.html")
      let message = try svnup.refusal(Self.blocks + ["--output", page, "--report", page], status: 73)
      #expect(message == "svnup: \(page): cannot create: it is \(page), which this run reads or writes")
    }
  }
}
