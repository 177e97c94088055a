import Foundation
import ShapleyPrune
import Support
import TestSupport
import Testing

@Suite("svnup compare, end to end", .serialized)
struct CompareEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  /// Two models, three rows of rules for two methods, 50 % and 2:4, two seeds: 2 · 2 · (6 + 2) cells.
  static let grid = [
    Inputs.llama3, Inputs.opt, "--methods", "wanda,admm", "--allocations", "uniform,owl,shapley", "--players", "blocks",
    "--estimators", "diagonal", "--sparsities", "0.5", "--patterns", "2:4", "--seeds", "2", "--calibration",
    Inputs.stream, "--samples", "4", "--value-windows", "2", "--data", Inputs.stream, "--sequence-length", "64",
  ]
  static let files = ["cells.csv", "compare.json", "table.csv", "table.md", "table.tex"]

  func run(_ words: [String], environment: [String: String] = [:]) throws -> String {
    let result = try svnup.run(words + ["--quiet"], environment: environment)
    try #require(result.status == 0, "\(words): \(result.error)")
    return result.output
  }

  func contents(_ folder: String) throws -> [[UInt8]] {
    try Self.files.map { try File.contents(of: Path.join(folder, $0)) }
  }

  func tasks(_ folder: String) throws -> [String] { try FileSystem.list(Path.join(folder, "tasks")) }

  @Test("the table is what the cells say, and a cell is what prune does")
  func table() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      let text = try run(["compare"] + Self.grid + ["--output", study])
      let document = try Fixtures.json(Path.join(study, "compare.json"))
      let entries = try #require(document["table"]?.array)
      // Six rows at 50 % and two at 2:4, for two models.
      #expect(entries.count == 16)
      #expect(document["rows"]?.array?.count == 6)
      for entry in entries {
        #expect(entry["measure"]?.text == "perplexity")
        let perplexities = try #require(entry["figures"]?.doubles)
        #expect(perplexities.count == 2)
        let mean = (perplexities[0] + perplexities[1]) / 2
        #expect(abs((entry["mean"]?.double ?? 0) - mean) < 1e-9 * mean)
        let deviation = abs(perplexities[0] - perplexities[1]) / 2.0.squareRoot()
        #expect(abs((entry["deviation"]?.double ?? -1) - deviation) < 1e-9 * mean)
        #expect(text.contains("\(mean.fixed(2)) ± \(deviation.fixed(2))"))
        let column = entries.filter {
          $0["model"]?.text == entry["model"]?.text && $0["target"]?.text == entry["target"]?.text
        }
        let best = column.compactMap { $0["mean"]?.double }.min()
        #expect(entry["best"]?.bool == (entry["mean"]?.double == best))
        // Rows 0 and 3 are the uniform ones.
        let row = try #require(entry["row"]?.integer)
        let base = try #require(column.first { $0["row"]?.integer == row / 3 * 3 })
        guard row % 3 != 0 else {
          #expect(entry["change"]?.isNull == true)
          continue
        }
        let change = mean / (base["mean"]?.double ?? 0) - 1
        #expect(abs((entry["change"]?.double ?? 9) - change) < 1e-9)
      }
      let seed = try #require(
        entries.first { $0["row"]?.integer == 5 && $0["model"]?.text == "opt-125m" }?["figures"]?.doubles)
      let words = [
        "prune", Inputs.opt, "--sparsity", "0.5", "--calibration", Inputs.stream, "--samples", "4", "--windows", "2",
        "--players", "blocks", "--data", Inputs.stream, "--sequence-length", "64", "--json",
      ]
      for index in 0..<2 {
        let output = Path.join(folder, "pruned\(index)")
        let record = try JSON.parse(Array(run(words + ["--seed", "\(index)", "--output", output]).utf8))
        #expect(record["prunedPerplexity"]?.double == seed[index])
      }
    }
  }

  @Test(
    "what texts and tasks take is told once a model; a limit has fewer items pass at a time, or is refused before anything is pruned"
  )
  func memory() throws {
    try withTemporaryFolder { folder in
      func words(_ study: String, _ limit: [String]) -> [String] {
        [
          "compare", Inputs.embedded, "--methods", "magnitude", "--sparsities", "0.5,0.6", "--calibration",
          Inputs.text("calibration"), "--data", Inputs.text("test"), "--windows", "2", "--sequence-length", "64",
          "--task", Fixtures.path("tasks/choices.jsonl"), "--items", "2", "--output", Path.join(folder, study),
        ] + limit
      }
      let free = try svnup.run(words("free", []))
      try #require(free.status == 0, "\(free.error)")
      let told = free.error.split(separator: "\n").filter { $0.hasPrefix("memory: about ") }
      // That of the measurements, and that of the pruning.
      #expect(told.count == 2)
      #expect(told.first?.contains("during evaluation") == true)
      let message = try svnup.refusal(words("refused", ["--memory", "20MiB"]), status: 64)
      #expect(message.hasPrefix("svnup: --memory 20.00 MiB: this run needs about "))
      // What is resident before differs from run to run by a MiB or two, less than there is between all means of saving and none.
      let isHeld = try (30...50).contains { limit in
        try svnup.run(words("held-\(limit)", ["--memory", "\(limit)MiB"])).error.contains("memory: passes of about ")
      }
      #expect(isHeld)
    }
  }

  @Test("tasks are asked of every cell as evaluate asks the pruned model, and the best of an accuracy is the largest")
  func tasks() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      let names = ["choices", "lambada"]
      let files = names.flatMap { ["--task", Fixtures.path("tasks/\($0).jsonl")] }
      let usual = ["--calibration", Inputs.text("calibration"), "--samples", "4", "--sequence-length", "64"]
      let text = try run(
        ["compare", Inputs.embedded, "--methods", "wanda", "--allocations", "uniform,owl", "--sparsities", "0.5,0.7"]
          + usual + ["--data", Inputs.text("valid"), "--windows", "2", "--items", "4", "--output", study] + files)
      let document = try Fixtures.json(Path.join(study, "compare.json"))
      let entries = try #require(document["table"]?.array)
      // Four cells: a text, two figures of one task and one of the other, and the mean of both tasks' accuracies.
      #expect(entries.count == 4 * 5)
      func figure(_ row: Int, _ text: String, _ measure: String, _ target: String = "70 %") throws -> Double {
        let entry = entries.first {
          $0["row"]?.integer == row && $0["text"]?.text == text && $0["measure"]?.text == measure
            && $0["target"]?.text == target
        }
        return try #require(entry?["mean"]?.double)
      }
      for (row, allocation) in ["uniform", "owl"].enumerated() {
        let output = Path.join(folder, allocation)
        _ = try run(
          [
            "prune", Inputs.embedded, "--method", "wanda", "--sparsity", "0.7", "--allocation", allocation, "--output",
            output,
          ]
            + usual)
        let asked = try #require(svnup.json(["evaluate", output, "--items", "4"] + files)["tasks"]?.array)
        var sum = 0.0
        for (name, asked) in zip(names, asked) {
          #expect(try figure(row, "\(name).jsonl", "accuracy") == asked["accuracy"]?["value"]?.double)
          sum += try figure(row, "\(name).jsonl", "accuracy")
        }
        #expect(
          try figure(row, "choices.jsonl", "accuracyByBytes") == asked[0]["accuracyByBytes"]?["value"]?.double)
        #expect(try abs(figure(row, "the mean of 2 tasks", "accuracy") - sum / 2) < 1e-15)
      }
      for entry in entries where entry["measure"]?.text != "perplexity" {
        let column = entries.filter {
          $0["text"]?.text == entry["text"]?.text && $0["measure"]?.text == entry["measure"]?.text
            && $0["target"]?.text == entry["target"]?.text
        }
        #expect(column.count == 2)
        let largest = column.compactMap { $0["mean"]?.double }.max()
        #expect(largest != nil)
        // Of equal ones each is the best.
        #expect((entry["best"]?.bool == true) == (entry["mean"]?.double == largest))
        if entry["row"]?.integer == 1 {
          let difference = (entry["mean"]?.double ?? 9) - (column[0]["mean"]?.double ?? 0)
          #expect(entry["change"]?.double == difference)
        }
      }
      let dense = try #require(svnup.json(["evaluate", Inputs.embedded, "--items", "4"] + files)["tasks"]?.array)
      let share = try #require(dense.first?["accuracy"]?["value"]?.double)
      #expect(text.contains("on choices.jsonl, accuracy in % (dense \((100 * share).fixed(2)))"))
      #expect(document["models"]?.array?.first?["tasks"]?.array?.map { $0["items"]?.integer } == [4, 4])
      let report = String(decoding: try File.contents(of: Path.join(study, "report.html")), as: UTF8.self)
      #expect(report.contains("Accuracy in % over sparsity"))
    }
  }

  @Test("the probabilities are those of the windows' losses in the cells' files")
  func probabilities() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      _ = try run(["compare"] + Self.grid + ["--output", study])
      func means(_ words: String) throws -> [Double] {
        let lists = try ["seed-0", "seed-1"].map { seed in
          let name = try #require(tasks(study).first { $0.hasPrefix("opt-125m-wanda-\(words)-50-\(seed)") })
          let file = try Fixtures.json(Path.join(Path.join(study, "tasks"), name))
          return try #require(file["result"]?["texts"]?.array?.first?["windowNLL"]?.doubles)
        }
        return zip(lists[0], lists[1]).map { ($0 + $1) / 2 }
      }
      let expected = try #require(PairedTest(means("owl"), means("uniform")).probability)
      let entries = try #require(Fixtures.json(Path.join(study, "compare.json"))["table"]?.array)
      let entry = try #require(
        entries.first {
          $0["row"]?.integer == 1 && $0["model"]?.text == "opt-125m" && $0["target"]?.text == "50 %"
        })
      #expect(abs((entry["changeProbability"]?.double ?? 9) - expected) < 1e-12)
    }
  }

  @Test("a second run computes nothing, a larger grid takes over what there is, and threads do not matter")
  func resuming() throws {
    try withTemporaryFolder { folder in
      let (study, other) = (Path.join(folder, "study"), Path.join(folder, "other"))
      var small = Self.grid
      small[small.firstIndex(of: "2") ?? 0] = "1"
      _ = try run(["compare"] + small + ["--output", study])
      let first = try tasks(study)
      let result = try svnup.run(["compare"] + Self.grid + ["--output", study])
      #expect(result.status == 0, "\(result.error)")
      // The dense models and the sixteen cells of seed 0, with what they share, are there.
      #expect(try Set(first).isSubset(of: Set(tasks(study))))
      #expect(!result.error.contains("seed 0: perplexity"))
      #expect(result.error.contains("seed 1: perplexity"))
      let again = try svnup.run(["compare"] + Self.grid + ["--output", study])
      #expect(!again.error.contains("perplexity"), "\(again.error)")
      #expect(again.output == result.output)
      _ = try run(["compare"] + Self.grid + ["--output", other, "--threads", "5"])
      #expect(try contents(other) == contents(study))
    }
  }

  @Test("killed 20 times at seeded moments, the grid ends with the files of an uninterrupted run")
  func killed() throws {
    try withTemporaryFolder { folder in
      let (whole, study) = (Path.join(folder, "whole"), Path.join(folder, "study"))
      _ = try run(["compare"] + Self.grid + ["--output", whole])
      let expected = try contents(whole)
      var generator = SeededGenerator(seed: 20)
      var kills = 0
      while kills < 20 {
        let process = try svnup.start(["compare"] + Self.grid + ["--output", study, "--quiet"])
        usleep(UInt32(30_000 + generator.below(120_000)))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal else {
          // It was quicker: from the start again.
          #expect(process.terminationStatus == 0)
          #expect(try contents(study) == expected)
          FileSystem.removeTree(study)
          continue
        }
        kills += 1
      }
      _ = try run(["compare"] + Self.grid + ["--output", study])
      #expect(try contents(study) == expected)
      // Nothing that a killed run left is there any more, but for files under hidden names that nobody reads.
      #expect(try tasks(study).filter { !$0.hasPrefix(".") } == tasks(whole))
    }
  }

  @Test("planned, done task by task in reverse and merged, the files are those of one run")
  func shards() throws {
    try withTemporaryFolder { folder in
      let (whole, study) = (Path.join(folder, "whole"), Path.join(folder, "study"))
      _ = try run(["compare"] + Self.grid + ["--output", whole])
      let plan = try JSON.parse(Array(run(["compare", "plan"] + Self.grid + ["--output", study, "--json"]).utf8))
      let count = try #require(plan["tasks"]?.integer)
      #expect((plan["shared"]?.array?.count ?? 0) + (plan["cells"]?.array?.count ?? 0) == count)
      // A cell that begins before what it shares is there measures that itself, so that only the dense model is left.
      for task in (0..<count).reversed() {
        if task == 3 {
          let early = try svnup.run(["compare", "merge", study])
          #expect(early.status == 75)
          #expect(early.output == "0\n")
        }
        _ = try run(["compare", "work", study], environment: ["SVNUP_SHARD": "\(task)"])
      }
      #expect(try run(["compare", "merge", study]).isEmpty == false)
      #expect(try contents(study) == contents(whole))
      #expect(try run(["compare", "work", study, "--task", "0"]).contains("complete"))
      let beyond = try svnup.run(["compare", "work", study, "--task", "\(count)"])
      #expect(beyond.status == 64 && beyond.error.contains("the plan has tasks 0 to \(count - 1)"))
    }
  }

  @Test("a damaged result, and one of something else, are made anew")
  func damage() throws {
    try withTemporaryFolder { folder in
      let study = Path.join(folder, "study")
      _ = try run(["compare"] + Self.grid + ["--output", study])
      let expected = try contents(study)
      let names = try tasks(study)
      let cell = try #require(names.first { $0.contains("wanda-owl-50-seed-0") })
      let other = try #require(names.first { $0.contains("wanda-owl-50-seed-1") })
      let path = Path.join(Path.join(study, "tasks"), cell)
      let bytes = try File.contents(of: path)
      for damaged in [
        [], Array(bytes.dropLast(bytes.count / 2)), bytes.map { $0 == UInt8(ascii: "7") ? UInt8(ascii: "8") : $0 },
        try File.contents(of: Path.join(Path.join(study, "tasks"), other)),
      ] {
        try File.replace(path, with: damaged)
        let early = try svnup.run(["compare", "merge", study])
        #expect(early.status == 75)
        let result = try svnup.run(["compare"] + Self.grid + ["--output", study])
        #expect(result.status == 0 && result.error.contains("it is made anew"), "\(result.error)")
        #expect(try contents(study) == expected)
        #expect(try File.contents(of: path).count > 0)
      }
    }
  }
}
