import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup shapley, end to end")
struct ShapleyEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  /// The command on the model and the windows of the reference tables.
  static let base = [
    "shapley", Inputs.llama3, "--data", Inputs.stream, "--sequence-length", "64", "--players", "blocks",
  ]
  static let bypassed = ["--absence", "bypassed"]
  /// The reference's absent blocks are pruned by Wanda to 70 %, which is also our default.
  static let pruned = ["--absence", "pruned", "--calibration", Inputs.rows]

  private static func reference(_ absence: String, value: String = "nll") throws -> JSON {
    let expected = try Fixtures.json(Fixtures.path("reference/llama3-gqa/expected.json"))
    return try #require(expected["shapley"]?["\(value)/\(absence)"])
  }

  /// Compares values to 1e-4 of the range of the expected ones.
  private func expectValues(
    _ result: JSON, _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let values = try #require(result["values"], sourceLocation: sourceLocation).doubles
    try #require(values.count == expected.count, sourceLocation: sourceLocation)
    let range = try #require(expected.max()) - (try #require(expected.min()))
    for (value, expected) in zip(values, expected) {
      #expect(abs(value - expected) <= 1e-4 * range, sourceLocation: sourceLocation)
    }
  }

  @Test("a text from standard input has the values and the hash of its file; a plan wants the file")
  func standardInput() throws {
    let text = Inputs.text("calibration")
    let words = ["shapley", Inputs.embedded, "--sequence-length", "64", "--windows", "2", "--players", "blocks"]
    let options = words + Self.bypassed + ["--estimator", "window", "--window", "1"]
    let file = try svnup.json(options + ["--data", text])
    let input = String(decoding: try File.contents(of: text), as: UTF8.self)
    let piped = try svnup.run(options + ["--data", "-", "--json", "--quiet"], input: input)
    try #require(piped.status == 0, "\(piped.error)")
    let read = try JSON.parse(Array(piped.output.utf8))
    #expect(read["values"] != nil && read["values"]?.document == file["values"]?.document)
    let hash = try #require(file["sha256"]?["data"]?["calibration.txt"]?.text)
    #expect(read["sha256"]?["data"]?["standard input"]?.text == hash)
    let plan =
      ["shapley", "plan"] + options.dropFirst() + ["--data", "-", "--shards", "2", "--output", "/tmp/none.json"]
    let refusal = try svnup.run(plan, input: input)
    #expect(refusal.status == 64 && refusal.error.contains("--data: a plan names files"), "\(refusal.error)")
  }

  @Test(
    "exact values are those of the original implementation",
    arguments: [("bypass", "nll"), ("bypass", "ppl"), ("probe", "nll"), ("probe", "ppl")])
  func exact(absence: String, value: String) throws {
    let expected = try Self.reference(absence, value: value)
    let game = absence == "bypass" ? Self.bypassed : Self.pruned
    let result = try svnup.json(
      Self.base + game + ["--estimator", "exact", "--value", value == "nll" ? "nll" : "perplexity"])
    for key in ["values", "evaluations", "grandValue", "emptyValue", "estimator", "window"] {
      #expect(result.keys.contains(key))
    }
    try expectValues(result, try #require(expected["exact"]).doubles)
    #expect(result["evaluations"]?.integer == 16)
    #expect(result["estimator"]?.text == "exact")
    #expect(result["window"]?.isNull == true)
    for (key, expectedKey) in [("grandValue", "v_full"), ("emptyValue", "v_empty")] {
      let (actual, wanted) = (try #require(result[key]?.double), try #require(expected[expectedKey]?.double))
      #expect(abs(actual - wanted) <= 1e-6 * abs(wanted))
    }
  }

  @Test(
    "the values of a window, at both placements, are those of the original implementation",
    arguments: [("bypass", 1), ("bypass", 2), ("bypass", 3), ("probe", 1), ("probe", 3)], ["centred", "averaged"])
  func window(game: (absence: String, window: Int), placement: String) throws {
    let expected = try Self.reference(game.absence)
    let words = Self.base + (game.absence == "bypass" ? Self.bypassed : Self.pruned)
    let result = try svnup.json(words + ["--window", "\(game.window)", "--placement", placement])
    let key = "window\(game.window)/\(placement == "centred" ? "center" : "average")/present"
    try expectValues(result, try #require(expected[key]).doubles)
    #expect(result["estimator"]?.text == "window")
    #expect(result["window"]?.integer == game.window)
    // The first window has 2^w coalitions; each of the others shares those that hold its new block.
    let evaluations = (1 << game.window) + (4 - game.window) * (1 << (game.window - 1))
    #expect(result["evaluations"]?.integer == evaluations)
  }

  @Test("the table has a line with a bar for every block, and the figures of the JSON form")
  func textForm() throws {
    let words = Self.base + Self.bypassed + ["--estimator", "exact"]
    let json = try svnup.json(words)
    let result = try svnup.run(words + ["--quiet"], environment: ["LC_ALL": "C"])
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    let lines = result.output.split(separator: "\n").map(String.init)
    for (block, value) in try #require(json["values"]).doubles.enumerated() {
      let line = try #require(lines.first { $0.hasPrefix("    \(block)  ") })
      #expect(line.contains(" \(value.fixed(5))  "))
      #expect(line.contains("#") && line.contains("|"))
    }
    #expect(result.output.contains("16 coalitions evaluated for "))
  }

  @Test("--output writes the printed document to a file, and replaces one only with --force")
  func output() throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "values.json")
      let words = Self.base + Self.bypassed + ["--window", "1", "--output", path]
      let printed = try svnup.json(words)
      let written = try Fixtures.json(path)
      #expect(written.encoded() == printed.encoded())
      #expect(try FileSystem.list(folder) == ["values.json"])

      // One line: nothing was read before the refusal.
      let message = try svnup.refusal(words, status: 73)
      #expect(message == "svnup: \(path): cannot create: it exists; --force replaces it")
      #expect(try Fixtures.json(path).encoded() == written.encoded())

      let replaced = try svnup.json(words + ["--force", "--windows", "2"])
      #expect(replaced["windows"]?.integer == 2)
      #expect(try Fixtures.json(path).encoded() == replaced.encoded())
      #expect(try FileSystem.list(folder) == ["values.json"])

      let missing = Self.base + ["--output", Path.join(folder, "none/values.json")]
      #expect(try svnup.refusal(missing, status: 73).contains("the folder \(Path.join(folder, "none")) does not exist"))
    }
  }

  @Test("a failed run leaves no file")
  func failure() throws {
    try withTemporaryFolder { folder in
      let words = ["shapley", Inputs.llama3, "--quiet", "--data", Path.join(folder, "none.npy")]
      _ = try svnup.refusal(words + ["--output", Path.join(folder, "values.json")], status: 66)
      #expect(try FileSystem.list(folder).isEmpty)
    }
  }

  @Test("exact values of more than 20 blocks are refused before any work; a window is not")
  func tooManyBlocks() throws {
    try withTemporaryFolder { folder in
      try Inputs.writeDeepModel(blockCount: 21, to: folder)
      let words = ["shapley", folder, "--data", Inputs.rows, "--windows", "1"] + Self.bypassed
      let message = try svnup.refusal(words + ["--estimator", "exact", "--quiet"], status: 64)
      #expect(message.contains("21") && message.contains("20"))
      let result = try svnup.json(words + ["--window", "1"])
      #expect(result["values"]?.doubles.count == 21)
    }
  }

  @Test("the values are the same to the last bit for any number of threads")
  func threads() throws {
    let words = Self.base + Self.pruned + ["--window", "2", "--threads"]
    let one = try svnup.json(words + ["1"])
    for count in ["2", "5"] { #expect(try svnup.json(words + [count]).encoded() == one.encoded()) }
  }
}
