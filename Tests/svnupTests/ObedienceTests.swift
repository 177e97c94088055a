import Foundation
import Support
import TestSupport
import Testing

/// An option is obeyed or answered, and what was asked for is written whoever listens.
@Suite("svnup, what an option does")
struct ObedienceTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  private static let values = [
    "shapley", Inputs.llama3, "--players", "blocks", "--sequence-length", "64", "--windows", "2",
  ]
  private static let magnitude = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.5"]

  @Test("files are written where nobody reads standard output, and where it is closed")
  func goneReader() throws {
    try withTemporaryFolder { folder in
      func words(_ name: String) -> String {
        let output = Path.join(folder, name)
        return (Self.values + ["--data", Inputs.rows, "--output", output + ".json", "--report", output + ".html"])
          .map(\.shellWord).joined(separator: " ")
      }
      for (name, end, status) in [("gone", "| true", Int32(0)), ("closed", ">&-", 74)] {
        let result = try svnup.run(shell: "\"$SVNUP\" \(words(name)) --quiet \(end)")
        #expect(result.status == status, "\(result.error)")
        for ending in ["json", "html"] { #expect(FileSystem.exists(Path.join(folder, "\(name).\(ending)"))) }
      }
    }
  }

  @Test("a standard input that is closed is an error, whatever else is opened")
  func closedInput() throws {
    for words in ["generate \(Inputs.embedded) --tokens 2", "perplexity \(Inputs.embedded) --data -"] {
      let result = try svnup.run(shell: "\"$SVNUP\" \(words) --quiet <&-")
      #expect(result.status == 74 && result.output.isEmpty, "\(words): \(result.error)")
    }
  }

  @Test("a seed by which nothing is drawn, and a text that nothing depends on, are named")
  func notes() throws {
    try withTemporaryFolder { folder in
      let rows = ["--calibration", Inputs.rows]
      let output = ["--output", Path.join(folder, "pruned")]
      let words = ["prune", Inputs.llama3, "--method", "wanda", "--sparsity", "0.5", "--seed", "3"] + rows + output
      let pruned = try svnup.run(words)
      #expect(pruned.status == 0 && pruned.error.contains("the seed 3 draws nothing"), "\(pruned.error)")
      let values = try svnup.run(
        Self.values + rows + ["--data", Inputs.rows, "--seed", "9", "--probe-method", "magnitude"])
      #expect(values.status == 0 && values.error.contains("the seed 9 draws nothing"), "\(values.error)")
      #expect(values.error.contains("nothing depends on the calibration text in this run"))
    }
  }

  @Test("values that were taken before need no calibration text for a method that looks at none")
  func givenValues() throws {
    try withTemporaryFolder { folder in
      let values = Path.join(folder, "values.json")
      _ = try svnup.json(Self.values + ["--data", Inputs.rows, "--output", values])
      let output = Path.join(folder, "pruned")
      let record = try svnup.json(Self.magnitude + ["--allocation", "shapley", "--values", values, "--output", output])
      #expect(record["allocation"]?["shapley"]?["names"]?.array?.count == 4)
      #expect(record["calibrationSamples"]?.isNull == true)
    }
  }

  static let refused: [([String], Int32, String)] = [
    (["demo", "--force"], 64, "--force has an effect only with"),
    (
      ["shapley", "merge", "--plan", "plan.json", "shards", "--force"], 64, "--force has an effect only with --output"
    ),
    (magnitude + ["--dry-run", "--force"], 64, "--force has an effect only with --output"),
    (
      magnitude + ["--calibration", Inputs.rows, "--sequential", "stage", "--output", "/tmp/x"], 64,
      "--sequential stage: it changes nothing: magnitude looks at no inputs"
    ),
    (
      ["bench", Inputs.llama3, "--tokens", "5000"], 64, "--tokens 5000: with 512 in front these are more than"
    ),
    (
      compare + ["--allocations", "uniform,owl", "--patterns", "2:4"], 64, "--allocations owl: --patterns gives"
    ),
    (compare + ["--patterns", "2:4", "--players", "blocks"], 64, "--players has an effect only with --sparsities"),
    (compare + ["--seeds", "2"], 64, "--seeds 2: nothing is drawn: rows of token ids are taken in their order"),
    (
      ["compare", Inputs.llama3 + "/"] + compare.dropFirst(), 64, "--models \(Inputs.llama3): it is there twice"
    ),
  ]

  @Test("what would do nothing is refused", arguments: refused)
  func refusals(_ words: [String], status: Int32, message: String) throws {
    let result = try svnup.run(words)
    #expect(result.status == status && result.message.contains(message), "\(result.message)")
  }

  private static let compare = [
    "compare", Inputs.llama3, "--calibration", Inputs.rows, "--data", Inputs.stream, "--output", "/tmp/x/y",
  ]

  @Test("nothing is written into a folder of texts, which is read whole the next time; a model's folder takes a page")
  func inputFolders() throws {
    try withTemporaryFolder { folder in
      let (texts, model) = (Path.join(folder, "texts"), Path.join(folder, "model"))
      try FileSystem.makeDirectory(texts)
      try File.replace(Path.join(texts, "a.txt"), with: try File.contents(of: Inputs.text("valid")))
      try ChangedModel.write(Inputs.embedded, to: model, filling: { _ in false }, with: 0)
      let words = [
        "shapley", model, "--data", texts, "--sequence-length", "32", "--windows", "1", "--players", "blocks",
      ]
      for option in ["--output", "--report"] {
        let refused = try svnup.refusal(words + [option, Path.join(texts, "v.json")], status: 73)
        #expect(refused.contains("it lies in \(texts), which is read"), "\(refused)")
      }
      #expect(try FileSystem.list(texts) == ["a.txt"])
      #expect(try svnup.run(words + ["--report", Path.join(model, "page.html")]).status == 0)
    }
  }

  @Test("an allocation says it in one way")
  func twoAllocations() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try File.replace(file, with: Array(#"{"blocks": [0.5, 0.5, 0.5, 0.5], "sparsities": {"0": 0.1}}"#.utf8))
      let words = [
        "prune", Inputs.llama3, "--method", "magnitude", "--allocation", file, "--output", Path.join(folder, "x"),
      ]
      #expect(try svnup.refusal(words, status: 65).contains("not both"))
    }
  }
}
