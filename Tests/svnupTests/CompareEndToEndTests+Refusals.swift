import Foundation
import ShapleyPrune
import Support
import TestSupport
import Testing

// What cannot be compared, or not in all cells, and what is not overwritten.
extension CompareEndToEndTests {
  @Test("a plan that somebody changed, and files that became others, are refused")
  func changes() throws {
    try withTemporaryFolder { folder in
      let (study, model) = (Path.join(folder, "study"), Path.join(folder, "model"))
      try FileManager.default.copyItem(atPath: Inputs.llama1, toPath: model)
      let words = [
        model, "--methods", "magnitude", "--allocations", "uniform", "--calibration", Inputs.rows, "--data",
        Inputs.stream, "--sequence-length", "64", "--output", study,
      ]
      _ = try run(["compare", "plan"] + words)
      let path = Path.join(study, "plan.json")
      let plan = String(decoding: try File.contents(of: path), as: UTF8.self)
      try File.replace(path, with: Array(plan.replacing("\"seeds\": 1", with: "\"seeds\": 2").utf8))
      let changed = try svnup.run(["compare", "work", study, "--task", "0"])
      #expect(changed.status == 65 && changed.error.contains("somebody changed it"), "\(changed.error)")
      try File.replace(path, with: Array(plan.utf8))
      let configuration = Path.join(model, "config.json")
      let text = String(decoding: try File.contents(of: configuration), as: UTF8.self)
      try File.replace(configuration, with: Array((text + " ").utf8))
      let other = try svnup.run(["compare", "work", study, "--task", "0"])
      #expect(other.status == 65 && other.error.contains("sha256"), "\(other.error)")
    }
  }

  @Test("a comparison of which no cell can be pruned ends with 65, with its tables beside")
  func nothingPruned() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      let words = [
        "compare", Inputs.llama3, "--methods", "magnitude", "--patterns", "3:5", "--allocations", "uniform",
        "--calibration", Inputs.rows, "--data", Inputs.stream, "--sequence-length", "64", "--output", study,
      ]
      for words in [words, ["compare", "merge", study]] {
        let result = try svnup.run(words)
        #expect(result.status == 65, "\(result.error)")
        #expect(result.error.contains("\(study): nothing could be pruned") && result.error.contains("3:5"))
        #expect(FileSystem.exists(Path.join(study, "table.md")))
      }
      let some = try svnup.run(words.map { $0 == "3:5" ? "3:5,2:4" : $0 } + ["--quiet"])
      #expect(some.status == 0, "\(some.error)")
    }
  }

  @Test("patterns alone have rows of the uniform allocation only; a plan names what is not read of a model")
  func patternsAlone() throws {
    try withTemporaryFolder { folder in
      let (model, study) = (Path.join(folder, "model"), Path.join(folder, "study"))
      try FileSystem.makeDirectory(model)
      for name in try FileSystem.list(Inputs.llama3) {
        try File.replace(Path.join(model, name), with: try File.contents(of: Path.join(Inputs.llama3, name)))
      }
      let configuration = Path.join(model, "config.json")
      let text = String(decoding: try File.contents(of: configuration), as: UTF8.self)
      try File.replace(
        configuration, with: Array(text.replacing("{", with: "{\"foo_bar\": 1.5, ", maxReplacements: 1).utf8))
      let words = [
        model, "--methods", "magnitude", "--patterns", "2:4", "--calibration", Inputs.rows, "--data", Inputs.stream,
        "--sequence-length", "64", "--output", study,
      ]
      let plan = try svnup.run(["compare", "plan"] + words)
      #expect(plan.status == 0 && plan.error.contains("foo_bar"), "\(plan.error)")
      let whole = try svnup.run(["compare"] + words + ["--json"])
      #expect(whole.error.pieces(between: "foo_bar").count == 2, "\(whole.error)")
      let document = try JSON.parse(Array(whole.output.utf8))
      #expect(document["rows"]?.array?.map { $0["allocation"]?.text } == ["uniform"])
    }
  }

  @Test("a cell that cannot be pruned so is named, and the others go on")
  func failures() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      // 60 columns are no whole groups of 64.
      let words = [
        Inputs.llama3, "--methods", "magnitude", "--allocations", "uniform", "--sparsities", "0.5", "--patterns", "3:7",
        "--calibration", Inputs.rows, "--data", Inputs.stream, "--sequence-length", "64", "--output", study,
      ]
      let text = try run(["compare"] + words)
      let document = try Fixtures.json(Path.join(study, "compare.json"))
      let failures = try #require(document["failures"]?.array)
      #expect(failures.count == 1)
      let reason = try #require(failures.first?["reason"]?.text)
      #expect(reason.contains("3:7") || reason.contains("7"))
      #expect(text.contains(reason))
      let entries = try #require(document["table"]?.array)
      #expect(entries.first { $0["target"]?.text == "50 %" }?["mean"]?.double != nil)
      #expect(entries.first { $0["target"]?.text == "3:7" }?["mean"]?.isNull == true)
    }
  }

  @Test(
    "what could not be tested is not called noise: one window, and a row without a figure; equal rows are all the best")
  func untested() throws {
    try withTemporaryFolder { folder in
      let words = [
        "compare", Inputs.llama3, "--methods", "magnitude,wanda", "--allocations", "uniform,owl", "--sparsities", "0.5",
        "--calibration", Inputs.rows, "--samples", "4", "--data", Inputs.stream, "--sequence-length", "64", "--output",
      ]
      let study = Path.join(folder, "study")
      let text = try run(words + [study, "--windows", "1"])
      let table = text.split(separator: "\n").prefix { !$0.hasPrefix("*: ") }.joined(separator: "\n")
      #expect(table.contains("*") && !table.contains("°") && !table.contains("≈"), "\(text)")
      // At 0 % all rows are the model as it is.
      let whole = words.map { $0 == "0.5" ? "0" : $0 } + [Path.join(folder, "whole")]
      let equal = try run(whole).split(separator: "\n").prefix { !$0.hasPrefix("*: ") }.joined(separator: "\n")
      #expect(equal.count { $0 == "*" } == 4 && !equal.contains("°"), "\(equal)")
    }
  }

  @Test(
    "what cannot be compared is refused before anything is read",
    arguments: [
      (["--methods", "wanda,wanda"], "has wanda twice"), (["--methods", "wanda,"], "an empty value must be"),
      (["--sparsities", "0.5,1.5"], "1.5 must be between 0 and 1"),
      (["--allocations", "uniform", "--estimators", "exact"], "--estimators has an effect only with"),
      (["--allocations", "owl", "--patterns", "2:4"], "--patterns gives every linear the same sparsity"),
      (["--seeds", "0"], "must be between 1 and 1000"), (["--sparsities", "0.5,0.50"], "has 0.50 twice"),
      (["--data", "-"], "--data: it is read more than once, so that it must be a file"),
      (["--task", "-"], "--task: it is read more than once, so that it must be a file"),
      (["--items", "3"], "--items has an effect only with --task"),
    ])
  func refusals(_ words: [String], _ message: String) throws {
    let result = try svnup.run(
      ["compare", Inputs.llama3, "--calibration", Inputs.rows, "--data", Inputs.stream, "--output", "/tmp/x"] + words)
    #expect(result.status == 64)
    #expect(result.message.contains(message), "\(result.message)")
  }

  @Test("the plan of another comparison is replaced on request, and a run that does so says it")
  func otherPlan() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      let words = [
        Inputs.llama3, "--calibration", Inputs.rows, "--data", Inputs.stream, "--sequence-length", "64", "--output",
        study,
      ]
      func plan(_ more: [String]) throws -> CommandRunner.Result { try svnup.run(["compare", "plan"] + words + more) }
      #expect(try plan(["--sparsities", "0.5"]).status == 0)
      let same = try plan(["--sparsities", "0.5"])
      #expect(same.status == 0 && !same.error.contains("another comparison"))
      let other = try plan(["--sparsities", "0.6"])
      #expect(other.status == 73 && other.error.contains("plan.json: cannot create: it exists; --force replaces it"))
      let replaced = try plan(["--sparsities", "0.6", "--force"])
      #expect(replaced.status == 0 && replaced.error.contains("plan.json: it was of another comparison"))
    }
  }

  @Test("a folder that holds something else is left alone")
  func strangers() throws {
    try withTemporaryFolder { folder in
      try File.replace(Path.join(folder, "thesis.tex"), with: Array("mine".utf8))
      let result = try svnup.run(["compare"] + Self.grid + ["--output", folder])
      #expect(result.status == 73 && result.error.contains("it exists and holds no comparison"), "\(result.error)")
      #expect(try FileSystem.list(folder) == ["thesis.tex"])
      let file = try svnup.run(["compare"] + Self.grid + ["--output", Path.join(folder, "thesis.tex")])
      #expect(file.status == 73 && file.error.contains("it exists and is no folder"), "\(file.error)")
    }
  }
}
