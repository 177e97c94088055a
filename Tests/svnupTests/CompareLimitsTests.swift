import Foundation
import Support
import TestSupport
import Testing

/// What a comparison makes of cells that cannot be done, of models that answer nothing, and of a limit on its memory.
@Suite("svnup compare, where not all goes well", .serialized)
struct CompareLimitsTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  private func run(_ words: [String]) throws -> String {
    let result = try svnup.run(words + ["--quiet"])
    try #require(result.status == 0, "\(words): \(result.error)")
    return result.output
  }

  /// The tables, which have no times.
  private func tables(_ study: String) throws -> [[UInt8]] {
    try ["compare.json", "table.md", "cells.csv"].map { try File.contents(of: Path.join(study, $0)) }
  }

  /// Settings and inputs that do not suit a model, and what is said of them.
  static let strangers: [([String], String)] = [
    (["--calibration", Inputs.stream, "--data", Inputs.stream, "--sequence-length", "100000"], "the model has"),
    (["--calibration", Inputs.stream, "--data", Inputs.rows, "--sequence-length", "63"], "the rows of"),
    (["--calibration", Inputs.rows, "--data", Inputs.stream, "--sequence-length", "63"], "the rows of"),
    (["--calibration", Inputs.stream, "--data", "TEXT", "--sequence-length", "64"], "no tokenizer here"),
    (
      ["--calibration", Inputs.stream, "--data", Inputs.stream, "--sequence-length", "64", "--task", "TEXT"],
      "no tokenizer here"
    ),
  ]

  @Test("what does not suit a model is told of before there is a folder", arguments: strangers)
  func unsuitable(_ words: [String], _ message: String) throws {
    try withTemporaryFolder { folder in
      let (study, text) = (Path.join(folder, "study"), Path.join(folder, "text.txt"))
      try Data("And it came to pass.".utf8).write(to: URL(fileURLWithPath: text))
      let result = try svnup.run(
        ["compare", Inputs.opt] + words.map { $0 == "TEXT" ? text : $0 } + ["--methods", "wanda", "--output", study])
      #expect(result.status != 0 && result.message.contains(message), "\(result.message)")
      #expect(!FileSystem.exists(study))
    }
  }

  @Test("a part that cannot be measured fails the cells that need it, and no others, in one run and task by task")
  func parts() throws {
    try withTemporaryFolder { folder in
      // A block without a weight has no spectrum.
      let model = Path.join(folder, "model")
      try ChangedModel.write(
        Inputs.embedded, to: model, filling: { $0.contains(".layers.3.") && $0.contains("proj") }, with: 0)
      func words(_ study: String) -> [String] {
        [
          model, Inputs.embedded, "--methods", "magnitude", "--allocations", "uniform,alphapruning", "--sparsities",
          "0.5",
          "--calibration", Inputs.text("calibration"), "--samples", "2", "--sequence-length", "64", "--data",
          Inputs.text("test"), "--windows", "2", "--output", Path.join(folder, study),
        ]
      }
      let text = try run(["compare"] + words("whole"))
      #expect(text.contains("block 3: no linear has a spectrum that follows a power law"))
      let document = try Fixtures.json(Path.join(folder, "whole/compare.json"))
      #expect(document["failures"]?.array?.count == 1)
      let means = try #require(document["table"]?.array).map { $0["mean"]?.double }
      #expect(means.count == 4 && means.count { $0 == nil } == 1, "\(means)")
      let plan = try JSON.parse(Array(run(["compare", "plan"] + words("study") + ["--json"]).utf8))
      let study = Path.join(folder, "study")
      for task in 0..<(try #require(plan["tasks"]?.integer)) {
        _ = try run(["compare", "work", study, "--task", "\(task)"])
      }
      _ = try run(["compare", "merge", study])
      #expect(try tables(study) == tables(Path.join(folder, "whole")))
    }
  }

  @Test(
    "a model whose activations overflow answers nothing: refused by evaluate and generate, without a figure in a comparison"
  )
  func overflow() throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "model")
      let last = { (name: String) in name.contains(".layers.11.mlp.gate") || name.contains(".layers.11.mlp.up") }
      try ChangedModel.write(Inputs.embedded, to: model, filling: last, with: ChangedModel.overflowing)
      let task = ["--task", Fixtures.path("tasks/choices.jsonl"), "--items", "2"]
      let evaluated = try svnup.refusal(["evaluate", model, "--quiet"] + task, status: 65)
      #expect(evaluated.contains("choices.jsonl: item 1: the probability of an answer is not a finite number"))
      for more in [[], ["--temperature", "0.8"]] {
        let generated = try svnup.refusal(["generate", model, "In the", "--tokens", "3", "--quiet"] + more, status: 65)
        #expect(generated.contains("the next token: its scores are no finite numbers"))
      }
      let study = Path.join(folder, "study")
      _ = try run(
        [
          "compare", model, "--methods", "magnitude", "--allocations", "uniform", "--sparsities", "0.5",
          "--calibration",
          Inputs.text("calibration"), "--samples", "2", "--sequence-length", "64", "--data", Inputs.text("test"),
          "--windows", "2", "--output", study,
        ] + task)
      let table = try #require(Fixtures.json(Path.join(study, "compare.json"))["table"]?.array)
      // The text, and the task by both measures.
      #expect(table.count == 3)
      #expect(
        table.allSatisfy { $0["mean"]?.isNull == true && $0["best"]?.bool != true }, "\(table.map { $0.encoded() })")
    }
  }

  @Test("what a limit decides is in the plan: tasks of other processes, and a second run, work by it")
  func memory() throws {
    try withTemporaryFolder { folder in
      let (whole, study) = (Path.join(folder, "whole"), Path.join(folder, "study"))
      // Short strips show in ADMM's sums, since 128 is no multiple of 256.
      let words = [
        Inputs.embedded, "--methods", "admm", "--allocations", "uniform", "--sparsities", "0.6,0.8", "--calibration",
        Inputs.text("calibration"), "--samples", "8", "--sequence-length", "128", "--data", Inputs.text("test"),
        "--windows", "4", "--memory", "64MiB", "--output",
      ]
      _ = try run(["compare"] + words + [whole])
      let plan = try Fixtures.json(Path.join(whole, "plan.json"))
      let memory = try #require(plan["memory"]?.array?.first)
      #expect(
        memory["calibrationStates"]?.text == "F32" && (memory["stripRows"]?.integer ?? 0) >= 128, "\(memory.encoded())")
      // Another process decides nothing anew.
      try FileSystem.makeDirectory(study)
      try FileSystem.makeDirectory(Path.join(study, "tasks"))
      try File.replace(Path.join(study, "plan.json"), with: try File.contents(of: Path.join(whole, "plan.json")))
      for task in (0..<4).reversed() { _ = try run(["compare", "work", study, "--task", "\(task)"]) }
      _ = try run(["compare", "merge", study])
      #expect(try tables(study) == tables(whole))
      let again = try svnup.run(["compare"] + words + [study])
      #expect(again.status == 0, "\(again.error)")
      #expect(try tables(study) == tables(whole))
      #expect(try Fixtures.json(Path.join(study, "plan.json"))["memory"]?.encoded() == plan["memory"]?.encoded())
      // All that there is to do is looked at before any of it is done.
      let little = words.map { $0 == "64MiB" ? "24MiB" : $0 } + [Path.join(folder, "little")]
      #expect(try svnup.refusal(["compare"] + little, status: 64).contains("this run needs about"))
      #expect(!FileSystem.exists(Path.join(folder, "little/plan.json")))
    }
  }
}
