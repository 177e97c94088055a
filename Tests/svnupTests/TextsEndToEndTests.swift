import Foundation
import Support
import TestSupport
import Testing

/// Texts in the forms that people have, through the commands.
@Suite("Texts, end to end")
struct TextsEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  /// The first verses of a text, as documents.
  private static func verses(_ count: Int) throws -> [String] {
    try String(contentsOfFile: Inputs.text("test"), encoding: .utf8).split(separator: "\n").prefix(count).map(
      String.init)
  }

  private static func lines(_ texts: [String]) -> [UInt8] {
    texts.flatMap { JSON(members: [("url", JSON("x")), ("text", JSON($0))]).encoded() + [0x0A] }
  }

  @Test("documents give the perplexity of the text that joins them, from JSON lines, an array, and a folder")
  func documents() throws {
    try withTemporaryFolder { folder in
      let verses = try Self.verses(30)
      let (joined, lines, texts) = ("joined.txt", "c4.jsonl", "texts")
      func path(_ name: String) -> String { Path.join(folder, name) }
      try File.replace(path(joined), with: Array(verses.joined(separator: " ").utf8))
      try File.replace(path(lines), with: Self.lines(verses))
      try FileSystem.makeDirectory(path(texts))
      for (index, verse) in verses.enumerated() {
        try File.replace(path("texts/\(100 + index).txt"), with: Array(verse.utf8))
      }
      func measure(_ name: String, _ options: [String] = []) throws -> JSON {
        try svnup.json(["perplexity", Inputs.embedded, "--sequence-length", "32", "--data", path(name)] + options)
      }
      let expected = try measure(joined)
      #expect(expected["text"]?["documents"]?.isNull == true)
      for name in [lines, texts] {
        let found = try measure(name)
        #expect(PerplexityEndToEndTests.figures(found) == PerplexityEndToEndTests.figures(expected))
        #expect(found["text"]?["documents"]?.integer == 30)
        #expect(found["text"]?["joining"]?.text == "documents joined by a space")
        #expect(found["text"]?["bos"]?.text == "<s>")
        #expect(found["text"]?["eos"]?.text == "")
      }
      let apart = try measure(lines, ["--documents", "apart"])
      let ids = try verses.map { try #require(svnup.json(["tokenize", Inputs.embedded, $0])["ids"]).integers }
      #expect(apart["windows"]?.integer == ids.reduce(0) { $0 + $1.count / 32 })
      #expect(apart["text"]?["tokens"]?.integer == ids.reduce(0) { $0 + $1.count })
      let three = try measure(lines, ["--windows", "3"])
      #expect(three["windows"]?.integer == 3)
    }
  }

  @Test("a pruning names both texts, a plan keeps how they are read, and its shards give the values of one run")
  func plan() throws {
    try withTemporaryFolder { folder in
      let verses = try Self.verses(60)
      let data = Path.join(folder, "wiki.raw")
      let calibration = Path.join(folder, "c4.txt")
      try File.replace(data, with: Array((verses.joined(separator: "\n \n") + "\n").utf8))
      try File.replace(calibration, with: Self.lines(verses))
      let words =
        [
          Inputs.embedded, "--data", data, "--format", "wikitext", "--calibration", calibration, "--calibration-format",
          "json",
        ]
        + ["--sequence-length", "32", "--samples", "4", "--windows", "2", "--players", "blocks", "--window", "1"]
      let plan = Path.join(folder, "plan.json")
      let shards = Path.join(folder, "shards")
      _ = try svnup.json(["shapley", "plan"] + words + ["--output", plan])
      _ = try svnup.json(["shapley", "work", "--plan", plan, "--out", shards, "--shard", "0"])
      let merged = try svnup.json(["shapley", "merge", shards, "--plan", plan])
      let whole = try svnup.json(["shapley"] + words)
      #expect(merged["values"]?.encoded() == whole["values"]?.encoded())
      for result in [merged, whole] { #expect(result["text"]?["joining"]?.text == "rows joined by an empty line") }

      let output = Path.join(folder, "pruned")
      let record = try svnup.json(
        [
          "prune", Inputs.embedded, "--method", "wanda", "--sparsity", "0.5", "--sequence-length", "32", "--samples",
          "4",
        ]
          + ["--calibration", calibration, "--calibration-format", "json", "--data", data, "--format", "wikitext"]
          + ["--output", output])
      #expect(record["calibrationText"]?["joining"]?.text == "documents apart")
      #expect(record["calibrationText"]?["documents"]?.integer == 60)
      #expect(record["evaluation"]?["text"]?["joining"]?.text == "rows joined by an empty line")
      #expect(try record["evaluation"]?["text"]?["sha256"]?.text == SHA256.hexadecimal(ofFile: data))
    }
  }

  @Test("an option that a text has no use for is answered")
  func unusedOptions() throws {
    let ids = ["perplexity", Inputs.llama3, "--data", Inputs.stream, "--format", "wikitext"]
    #expect(try svnup.refusal(ids, status: 64).contains("has token ids"))
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "text.txt")
      try File.replace(path, with: Array(try Self.verses(40).joined(separator: "\n").utf8))
      let words = ["perplexity", Inputs.embedded, "--sequence-length", "32", "--data", path]
      for option in [["--documents", "apart"], ["--field", "content"]] {
        let result = try svnup.run(words + option)
        #expect(result.status == 0)
        #expect(result.error.contains("\(path): it is one text, for which fields and the joining"), "\(result.error)")
      }
    }
  }

  @Test(
    "an option about a text that is not given is refused",
    arguments: [
      ["prune", Inputs.embedded, "--method", "magnitude", "--sparsity", "0.5", "--output", "x", "--format", "text"],
      ["prune", Inputs.embedded, "--method", "magnitude", "--sparsity", "0.5", "--output", "x", "--field", "text"],
      ["shapley", Inputs.embedded, "--data", "x", "--calibration-format", "json"],
    ])
  func refused(words: [String]) throws {
    let message = try svnup.refusal(words, status: 64)
    #expect(message.contains("--data") || message.contains("--calibration"), "\(message)")
  }
}
