import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup prune, end to end")
struct PruneEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let methods = ["magnitude", "wanda", "sparsegpt", "admm", "alps"]
  static let calibration = ["--calibration", Inputs.rows]
  static let evaluation = ["--data", Inputs.stream, "--sequence-length", "64"]

  /// Prunes llama3 into `folder/name` and returns the printed record with the folder.
  private func prune(
    _ options: [String], to folder: String, name: String = "pruned", model: String = Inputs.llama3
  ) throws -> (record: JSON, output: String) {
    let output = Path.join(folder, name)
    let record = try svnup.json(["prune", model] + options + Self.calibration + ["--output", output])
    #expect(try Fixtures.json(Path.join(output, "svnup.json")).encoded() == record.encoded())
    return (record, output)
  }

  /// Checks that the record's counts are those of the saved files, and that only the blocks' linears changed.
  private func expectZeros(of record: JSON, in output: String, model: String) throws {
    let saved = try SavedModel(output)
    var (zeros, count) = (0, 0)
    var linearNames: Set<String> = []
    for block in try #require(record["blocks"]?.array) {
      var (blockZeros, blockCount) = (0, 0)
      for (_, linear) in try #require(block["linears"]?.object).members {
        let name = try #require(linear["tensor"]?.text)
        let isZero = try saved.zeros(name).isZero
        let found = isZero.count { $0 }
        #expect(linear["zeros"]?.integer == found, "\(name)")
        #expect(linear["count"]?.integer == isZero.count)
        #expect(linear["sparsity"]?.double == Double(found) / Double(isZero.count))
        linearNames.insert(name)
        (blockZeros, blockCount) = (blockZeros + found, blockCount + isZero.count)
      }
      #expect(block["sparsity"]?.double == Double(blockZeros) / Double(blockCount))
      (zeros, count) = (zeros + blockZeros, count + blockCount)
    }
    #expect(record["sparsity"]?.double == Double(zeros) / Double(count))
    let (before, after) = (try SavedModel(model).tensors(), try saved.tensors())
    #expect(Set(before.keys) == Set(after.keys))
    for (name, bytes) in before { #expect((after[name] == bytes) != linearNames.contains(name), "\(name)") }
  }

  @Test(
    "every method with every allocation: a complete directory whose record tells the truth",
    arguments: methods, ["uniform", "owl", "dlp", "alphapruning", "shapley", "FILE"])
  func matrix(method: String, allocation: String) throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try #"{"blocks": [0.4, 0.5, 0.6, 0.7]}"#.write(toFile: file, atomically: true, encoding: .utf8)
      let players = allocation == "shapley" ? ["--players", "blocks"] : []
      let options = ["--method", method, "--allocation", allocation == "FILE" ? file : allocation] + players
      // An allocation file needs no --sparsity.
      let target = allocation == "FILE" ? [] : ["--sparsity", "0.55"]
      let (record, output) = try prune(options + target + Self.evaluation, to: folder)

      let sourceFiles =
        ["config.json", "model.safetensors.index.json"] + (1...4).map { "model-0000\($0)-of-00004.safetensors" }
      #expect(try Set(FileSystem.list(output)) == Set(sourceFiles + SavedModel.fixtureTexts + ["svnup.json"]))
      for name in sourceFiles.prefix(2) {
        let (old, new) = (Path.join(Inputs.llama3, name), Path.join(output, name))
        #expect(try File.contents(of: new) == File.contents(of: old))
      }
      // A pruner's row counts are rounded down: at most one weight of a row of 64.
      let sparsity = try #require(record["sparsity"]?.double)
      #expect(sparsity <= 0.5505 && sparsity > 0.55 - 1.0 / 64, "\(sparsity)")
      try expectZeros(of: record, in: output, model: Inputs.llama3)

      let budgets = try #require(record["allocation"]?["blocks"]).doubles
      #expect(budgets.count == 4)
      #expect(abs(budgets.reduce(0, +) / 4 - 0.55) < 1e-9)
      #expect((Set(budgets).count == 1) == (allocation == "uniform"))
      #expect(record["allocation"]?["shapley"]?.isNull == (allocation != "shapley"))
      #expect(record["allocation"]?["outlierRatios"]?.isNull == (allocation != "owl"))
      #expect(record["allocation"]?["relativeImportances"]?.isNull == (allocation != "dlp"))
      #expect(record["allocation"]?["hillExponents"]?.isNull == (allocation != "alphapruning"))

      for (key, model) in [("densePerplexity", Inputs.llama3), ("prunedPerplexity", output)] {
        let measured = try svnup.json(["perplexity", model] + Self.evaluation)
        let told = try #require(record[key]?.spelling)
        #expect(told == measured["perplexity"]?.spelling)
      }
      #expect(record["densePerplexity"]?.spelling != record["prunedPerplexity"]?.spelling)
    }
  }

  @Test("the record holds everything that is needed to make the directory again")
  func record() throws {
    try withTemporaryFolder { folder in
      let (record, output) = try prune(
        ["--method", "sparsegpt", "--sparsity", "0.5", "--seed", "7"] + Self.evaluation, to: folder)
      #expect(record["svnup"]?.text?.isEmpty == false)
      let command = try #require(record["command"]?.array).map(\.text)
      #expect(command.prefix(5) == ["svnup", "prune", Inputs.llama3, "--method", "sparsegpt"])
      #expect(record["seed"]?.integer == 7)
      #expect(record["method"]?.text == "sparsegpt")
      #expect(record["calibrationSamples"]?.integer == 16)
      #expect(record["calibrationLength"]?.integer == 64)
      #expect(
        record["evaluation"]?.keys == [
          "tokens", "windows", "sequenceLength", "text", "denseWindowNLL", "prunedWindowNLL",
        ])
      #expect(record["evaluation"]?["text"]?["joining"]?.text == "token ids")
      for (key, perplexity) in [("denseWindowNLL", "densePerplexity"), ("prunedWindowNLL", "prunedPerplexity")] {
        let means = try #require(record["evaluation"]?[key]?.doubles)
        #expect(means.count == record["evaluation"]?["windows"]?.integer)
        let mean = means.reduce(0, +) / Double(means.count)
        let stated = try #require(record[perplexity]?.double)
        #expect(abs(exp(mean) / stated - 1) < 1e-12)
      }
      #expect(record["calibrationText"]?["joining"]?.text == "rows of token ids")
      for block in try #require(record["blocks"]?.array) {
        for (_, linear) in try #require(block["linears"]?.object).members {
          #expect(try #require(linear["loss"]?.double) > 0)
          #expect(linear["dampening"]?.double == 0.01)
          #expect(linear["deadInputs"]?.integer == 0)
        }
      }
      #expect(
        record["blocks"]?.array?.first?["linears"]?.keys == [
          "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj",
        ])
      #expect(record["sha256"]?.keys == ["model", "tokenizer", "calibration", "data", "output"])
      for (name, hash) in try #require(record["sha256"]?["model"]?.object).members {
        let name = String(decoding: name, as: UTF8.self)
        #expect(try hash.text == SHA256.hexadecimal(ofFile: Path.join(Inputs.llama3, name)))
      }
      #expect(record["sha256"]?["model"]?.keys.count == 6)
      #expect(
        try record["sha256"]?["calibration"]?["calib.safetensors"]?.text == SHA256.hexadecimal(ofFile: Inputs.rows))
      #expect(try record["sha256"]?["data"]?["eval.safetensors"]?.text == SHA256.hexadecimal(ofFile: Inputs.stream))
      #expect(try FileSystem.list(folder) == [Path.name(of: output)])
    }
  }

  @Test("a model with its tokenizer, calibrated and measured on texts, keeps all its files")
  func companions() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      let words = [
        "prune", Inputs.embedded, "--method", "wanda", "--sparsity", "0.5", "--sequence-length", "32", "--samples", "4",
        "--calibration", Inputs.text("calibration"), "--output", output,
      ]
      let text = Path.join(folder, "text.txt")
      let verses = try String(contentsOfFile: Inputs.text("test"), encoding: .utf8).prefix(1000)
      try String(verses).write(toFile: text, atomically: true, encoding: .utf8)
      let record = try svnup.json(words + ["--data", text])
      let names = try FileSystem.list(Inputs.embedded)
      #expect(names.contains("tokenizer.json") && names.contains("tokenizer.model"))
      #expect(try Set(FileSystem.list(output)) == Set(names + ["svnup.json"]))
      for name in names where !name.hasSuffix(".safetensors") {
        #expect(try File.contents(of: Path.join(output, name)) == File.contents(of: Path.join(Inputs.embedded, name)))
      }
      #expect(record["calibrationSamples"]?.integer == 4)
      #expect(record["calibrationLength"]?.integer == 32)
      // tokenizer.model is there too, but nothing was read from it.
      let hashed = try Set(#require(record["sha256"]?["tokenizer"]).keys)
      #expect(hashed == ["tokenizer.json", "tokenizer_config.json"])
      let measured = try svnup.json(["perplexity", output, "--data", text, "--sequence-length", "32"])
      #expect(record["prunedPerplexity"]?.spelling == measured["perplexity"]?.spelling)
      try expectZeros(of: record, in: output, model: Inputs.embedded)
    }
  }

  @Test(
    "Case 51: of every four consecutive weights of a row two are zero", arguments: methods, ["llama3-gqa", "opt-125m"])
  func pattern(method: String, name: String) throws {
    try withTemporaryFolder { folder in
      let (record, output) = try prune(
        ["--method", method, "--pattern", "2:4"], to: folder, model: Inputs.model(name))
      #expect(record["sparsity"]?.double == 0.5)
      let saved = try SavedModel(output)
      for block in try #require(record["blocks"]?.array) {
        for (_, linear) in try #require(block["linears"]?.object).members {
          let (isZero, columns) = try saved.zeros(try #require(linear["tensor"]?.text))
          #expect(columns % 4 == 0)
          #expect(stride(from: 0, to: isZero.count, by: 4).allSatisfy { isZero[$0..<$0 + 4].count { $0 } == 2 })
        }
      }
    }
  }

  @Test("Case 50: sparsity 0 leaves every byte, and 1 no weight", arguments: methods)
  func extremes(method: String) throws {
    try withTemporaryFolder { folder in
      let dense = try prune(["--method", method, "--sparsity", "0"], to: folder, name: "dense")
      #expect(try SavedModel.files(dense.output) == SavedModel.files(Inputs.llama3))
      #expect(dense.record["sparsity"]?.double == 0)
      let empty = try prune(["--method", method, "--sparsity", "1"] + Self.evaluation, to: folder, name: "empty")
      #expect(empty.record["sparsity"]?.double == 1)
      try expectZeros(of: empty.record, in: empty.output, model: Inputs.llama3)
      #expect(try #require(empty.record["prunedPerplexity"]?.double).isFinite)
    }
  }

  @Test(
    "Case 55: budgets that would leave [0, 1] are clamped, and the model still reaches its target",
    arguments: ["owl", "dlp", "alphapruning", "shapley"],
    [0, 0.1, 0.5, 0.9, 1])
  func clamping(allocation: String, target: Double) throws {
    try withTemporaryFolder { folder in
      let players = allocation == "shapley" ? ["--players", "blocks"] : []
      let options =
        ["--method", "magnitude", "--sparsity", "\(target)", "--allocation", allocation, "--spread", "0.5"] + players
      let (record, output) = try prune(options, to: folder)
      let budgets = try #require(record["allocation"]?["blocks"]).doubles
      #expect(budgets.allSatisfy { (0...1).contains($0) })
      #expect(abs(budgets.reduce(0, +) / 4 - target) < 1e-9)
      // Magnitude rounds once for each of the 28 linears.
      let sparsity = try #require(record["sparsity"]?.double)
      #expect(sparsity <= target + 1e-9 && sparsity > target - 28 / Double(4 * 31_744) - 1e-9)
      if target == 0 { #expect(try SavedModel.files(output) == SavedModel.files(Inputs.llama3)) }
    }
  }

  @Test("every player has its own sparsity, the model its target; the record serves as an allocation file")
  func players() throws {
    try withTemporaryFolder { folder in
      for (players, count) in [("sublayers", 8), ("linears", 28)] {
        let options = ["--method", "wanda", "--sparsity", "0.6"]
        let shapley = ["--allocation", "shapley", "--players", players, "--ceiling", "0.8", "--floor", "0.2"]
        let (record, output) = try prune(options + shapley, to: folder, name: players)
        let budgets = try #require(record["allocation"]?["sparsities"]?.object).members
        #expect(budgets.count == count)
        #expect(budgets.allSatisfy { (0.2...0.8).contains($0.value.double ?? -1) })
        #expect(Set(budgets.compactMap(\.value.double)).count > count / 2)
        #expect(try abs(#require(record["sparsity"]?.double) - 0.6) < 1.0 / 64)
        try expectZeros(of: record, in: output, model: Inputs.llama3)

        let again = ["--allocation", Path.join(output, "svnup.json")]
        let (_, copy) = try prune(["--method", "wanda"] + again, to: folder, name: players + "-again")
        #expect(try SavedModel.files(copy) == SavedModel.files(output))
      }
    }
  }

  @Test("--spread auto tries several on text that is held back, tells each, and keeps the best")
  func spreadSearch() throws {
    try withTemporaryFolder { folder in
      let (record, _) = try prune(
        ["--method", "magnitude", "--sparsity", "0.6", "--allocation", "shapley", "--spread", "auto"], to: folder)
      let tries = try #require(record["allocation"]?["tries"]?.array)
      let found = try tries.map { (try #require($0["spread"]?.double), try #require($0["perplexity"]?.double)) }
      #expect(found.map(\.0) == [0, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.16])
      let best = try #require(found.min { $0.1 < $1.1 })
      #expect(record["allocation"]?["spread"]?.double == best.0)
      // 16 rows: three are held back.
      #expect(record["calibrationSamples"]?.integer == 13)
    }
  }

  @Test("OWL's budgets are the published ones where those are within [0, 1]")
  func outlierBudgets() throws {
    try withTemporaryFolder { folder in
      let expected = try Fixtures.json(Fixtures.path("reference/llama3-gqa/expected.json"))
      let (record, _) = try prune(["--method", "magnitude", "--sparsity", "0.7", "--allocation", "owl"], to: folder)
      let budgets = try #require(record["allocation"]?["blocks"]).doubles
      let published = try #require(expected["owl"]?["sparsities"]).doubles
      #expect(zip(budgets, published).allSatisfy { abs($0 - $1) < 1e-6 })
      let ratios = try #require(record["allocation"]?["outlierRatios"]).doubles
      #expect(
        zip(ratios, try #require(expected["owl"]?["outlier_ratio_percent"]).doubles).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test("AlphaPruning needs no text, and its budgets and exponents are those of NumPy")
  func exponentBudgets() throws {
    try withTemporaryFolder { folder in
      let expected = try #require(
        try Fixtures.json(Fixtures.path("allocations.json"))["models"]?["llama3-gqa"]?["peak"])
      let output = Path.join(folder, "new")
      let options = ["--method", "magnitude", "--sparsity", "0.7", "--allocation", "alphapruning"]
      let record = try svnup.json(["prune", Inputs.llama3, "--output", output] + options)
      let allocation = try #require(record["allocation"])
      #expect(allocation["rule"]?.text == "alphapruning")
      #expect(allocation["spread"]?.double == 0.3)
      #expect(allocation["tail"]?.text == "peak")
      let found = try #require(allocation["hillExponents"]).doubles
      #expect(try zip(found, #require(expected["exponents"]).doubles).allSatisfy { abs($0 - $1) < 1e-9 })
      let budgets = try #require(allocation["blocks"]).doubles
      #expect(budgets.count == 4)
      #expect(try zip(budgets, #require(expected["sparsities"]).doubles).allSatisfy { abs($0 - $1) < 1e-9 })
      try expectZeros(of: record, in: output, model: Inputs.llama3)
    }
  }

  @Test("DLP's budgets are the published map of the medians that its record implies")
  func medianBudgets() throws {
    try withTemporaryFolder { folder in
      let (record, _) = try prune(["--method", "magnitude", "--sparsity", "0.7", "--allocation", "dlp"], to: folder)
      let allocation = try #require(record["allocation"])
      #expect(allocation["rule"]?.text == "dlp")
      #expect(allocation["spread"]?.double == 0.15)
      let importances = try #require(allocation["relativeImportances"]).doubles
      // 1 - D_i / sum(D): four of them add up to 3.
      #expect(importances.count == 4 && abs(importances.reduce(0, +) - 3) < 1e-12)
      let (least, greatest) = (try #require(importances.min()), try #require(importances.max()))
      let kept = importances.map { 0.3 * ($0 - least) / (greatest - least) }
      let mean = kept.reduce(0, +) / 4
      let budgets = try #require(allocation["blocks"]).doubles
      #expect(zip(budgets, kept).allSatisfy { abs($0 - (0.7 + mean - $1)) < 1e-9 })
    }
  }

  @Test(
    "a search begins with values or uniformly, keeps the sparsity, tells what it did, and verifies",
    arguments: ["wanda", "sparsegpt"], ["values", "uniform"])
  func search(method: String, start: String) throws {
    try withTemporaryFolder { folder in
      let words = [
        "--method", method, "--sparsity", "0.6", "--allocation", "search", "--start", start, "--generations", "4",
      ]
      let (record, output) = try prune(words + (start == "values" ? ["--players", "blocks"] : []), to: folder)
      let sparsity = try #require(record["sparsity"]?.double)
      #expect(sparsity <= 0.6005 && sparsity > 0.6 - 1.0 / 64, "\(sparsity)")
      try expectZeros(of: record, in: output, model: Inputs.llama3)
      let allocation = try #require(record["allocation"])
      #expect(allocation["rule"]?.text == "search")
      #expect(allocation["players"]?.text == "linears")
      #expect(allocation["shapley"]?.isNull == (start == "uniform"))
      let search = try #require(allocation["search"])
      #expect(search["start"]?.text == start)
      #expect(search["generations"]?.integer == 4)
      #expect(try #require(search["divergence"]?.double) <= #require(search["startDivergence"]?.double))
      #expect(["start", "found"].contains(search["kept"]?.text))
      // Nothing but the output is left, and it is what its record says.
      #expect(try FileSystem.list(folder) == [Path.name(of: output)])
      #expect(try svnup.run(["verify", output]).status == 0)
      // Its record is an allocation, too: the same weights.
      if search["kept"]?.text == "found" {
        let (_, again) = try prune(
          ["--method", method, "--allocation", Path.join(output, "svnup.json")], to: folder, name: "again")
        for name in try FileSystem.list(output) where name.hasSuffix(".safetensors") {
          #expect(try File.contents(of: Path.join(again, name)) == File.contents(of: Path.join(output, name)))
        }
      }
    }
  }

  @Test("the saved weights are the same to the last bit for any number of threads", arguments: methods)
  func threads(method: String) throws {
    try withTemporaryFolder { folder in
      let options = [
        "--method", method, "--sparsity", "0.6", "--allocation", "shapley", "--estimator", "window", "--window", "2",
      ]
      let runs = try [1, 2, 5].map { count in
        let (_, output) = try prune(options + ["--threads", "\(count)"], to: folder, name: "threads\(count)")
        return try SavedModel.files(output)
      }
      #expect(runs[0].count == 4)
      #expect(runs[1] == runs[0])
      #expect(runs[2] == runs[0])
    }
  }

  @Test("without a method it is ADMM with dense targets, stage by stage, shared by values on the diagonal")
  func defaults() throws {
    try withTemporaryFolder { folder in
      let words = ["prune", Inputs.model("llama3-gqa"), "--calibration", Inputs.rows]
      func record(_ name: String, _ options: [String]) throws -> JSON {
        try svnup.json(words + options + ["--output", Path.join(folder, name)])
      }
      let usual = try record("usual", ["--sparsity", "0.6"])
      let spelled = try record(
        "spelled",
        [
          "--sparsity", "0.6", "--method", "admm", "--targets", "dense", "--sequential", "stage", "--allocation",
          "shapley",
          "--estimator", "diagonal", "--nodes", "4", "--dampening", "0.1", "--penalty", "1", "--iterations", "20",
        ])
      for (key, word) in [("method", "admm"), ("targets", "dense"), ("sequential", "stage")] {
        #expect(usual[key]?.text == word)
      }
      #expect(usual["allocation"]?["shapley"]?["estimator"]?.text == "diagonal")
      #expect(usual["blocks"]?.encoded() == spelled["blocks"]?.encoded())
      let groups = try record("groups", ["--pattern", "2:4"])
      #expect(groups["allocation"]?["rule"]?.text == "uniform")
      #expect(groups["sparsity"]?.double == 0.5)
      let published = try record("published", ["--sparsity", "0.6", "--method", "sparsegpt"])
      for (key, word) in [("targets", "own"), ("sequential", "block")] { #expect(published[key]?.text == word) }
      #expect(published["allocation"]?["rule"]?.text == "uniform")
    }
  }

  @Test("the probe of the best settings stops at 60 %, that of the published ones is the target")
  func probeCeiling() throws {
    try withTemporaryFolder { folder in
      func probe(_ name: String, _ options: [String]) throws -> Double? {
        let (record, _) = try prune(
          ["--allocation", "shapley", "--estimator", "diagonal", "--nodes", "1"] + options, to: folder, name: name)
        return record["allocation"]?["shapley"]?["probeSparsity"]?.double
      }
      let cases: [(String, [String], Double)] = [
        ("best", ["--sparsity", "0.8"], 0.6), ("less", ["--sparsity", "0.5"], 0.5),
        ("asked", ["--sparsity", "0.8", "--probe-sparsity", "0.75"], 0.75),
        ("published", ["--sparsity", "0.8", "--method", "sparsegpt"], 0.8),
      ]
      for (name, options, expected) in cases {
        let found = try probe(name, options)
        #expect(found == expected, "\(name)")
      }
    }
  }

  @Test("outputs weighted by gradients are pruned otherwise, and the weighting is on record")
  func weighting() throws {
    try withTemporaryFolder { folder in
      func saved(_ weighting: String, _ method: String) throws -> [UInt8] {
        let options = ["--method", method, "--sparsity", "0.5", "--allocation", "uniform", "--weighting", weighting]
        let (record, output) = try prune(options, to: folder, name: "\(method)-\(weighting)")
        #expect(record["weighting"]?.text == weighting)
        try expectZeros(of: record, in: output, model: Inputs.llama3)
        #expect(try svnup.run(["verify", output, "--quiet"]).status == 0)
        return try FileSystem.list(output).filter { $0.hasSuffix(".safetensors") }.reduce(into: []) {
          $0 += try File.contents(of: Path.join(output, $1))
        }
      }
      for method in ["magnitude", "admm"] {
        let (equal, weighted) = (try saved("equal", method), try saved("gradient", method))
        #expect(equal != weighted, "\(method)")
      }
    }
  }

  @Test("the diagonal's options are refused where they would do nothing")
  func diagonalRefusals() throws {
    let words = ["shapley", Inputs.opt, "--data", Inputs.stream, "--sequence-length", "64"]
    let bypassed = try svnup.refusal(words + ["--estimator", "diagonal", "--absence", "bypassed"], status: 64)
    #expect(bypassed.contains("--estimator diagonal: it goes with --absence pruned only"))
    let nodes = try svnup.refusal(words + ["--nodes", "3"], status: 64)
    #expect(nodes.contains("--estimator diagonal"))
  }

  @Test("blocks, and linears of other blocks, of which nothing is left are named")
  func emptied() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try File.replace(file, with: Array(#"{"blocks": [1.0, 0.5, 0.5, 0.5]}"#.utf8))
      let words = ["prune", Inputs.opt, "--method", "magnitude", "--output"]
      let blocks = try svnup.run(words + [Path.join(folder, "a"), "--allocation", file])
      #expect(blocks.status == 0)
      #expect(blocks.error.contains("\nblock 0: every weight of its linears is zero\n"))
      #expect(!blocks.error.contains("block 1: every weight"))
      let names = (0..<4).flatMap { block in ["query", "key", "value", "output", "fc1", "fc2"].map { "\(block).\($0)" }
      }
      let shares = names.map { ($0, JSON($0 == "1.fc1" ? 1.0 : 0.5)) }
      let table: JSON = ["players": "linears", "sparsities": JSON(members: shares)]
      try File.replace(file, with: table.encoded())
      let linears = try svnup.run(words + [Path.join(folder, "b"), "--allocation", file])
      #expect(linears.status == 0)
      #expect(linears.error.contains("\nblock 1: every weight of fc1 is zero\n"))
    }
  }

  @Test(
    "zeros that are not as many as were asked for are named: Wanda's, whole numbers of a row, and those that were there"
  )
  func otherZeros() throws {
    try withTemporaryFolder { folder in
      func note(_ model: String, _ more: [String], to name: String) throws -> String {
        let result = try svnup.run(["prune", model, "--output", Path.join(folder, name)] + more)
        try #require(result.status == 0, "\(result.error)")
        return result.error
      }
      // 64 columns: 38.4 of a row would be 60 %.
      let wanda = ["--method", "wanda", "--calibration", Inputs.rows, "--sparsity"]
      #expect(try note(Inputs.llama3, wanda + ["0.6"], to: "a").contains(" zeros; 60.00 % were asked for"))
      let magnitude = ["--method", "magnitude", "--sparsity", "0.5"]
      #expect(try !note(Inputs.llama3, magnitude, to: "b").contains("were asked for"))
      let again = try note(Path.join(folder, "b"), ["--method", "magnitude", "--sparsity", "0.3"], to: "c")
      #expect(again.contains("the linears have 50.00 % zeros; 30.00 % were asked for"), "\(again)")
      let idle = ["--calibration", Inputs.rows]
      #expect(
        try note(Inputs.llama3, magnitude + idle, to: "d").contains(
          "nothing depends on the calibration text in this run"))
    }
  }

  @Test("magnitude needs no calibration, and no --data means no perplexities")
  func bare() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      let words = ["prune", Inputs.opt, "--method", "magnitude", "--sparsity", "0.5", "--output", output]
      let result = try svnup.run(words)
      #expect(result.status == 0)
      let lines = result.error.split(separator: "\n").map(String.init)
      try #require(lines.count == 4)
      #expect(lines[0].hasPrefix("memory: about "))
      #expect(lines[1].hasPrefix("\(Inputs.opt): opt, "))
      #expect(lines[2] == "\(Inputs.opt): these files stay behind: expected.safetensors")
      #expect(lines[3] == "saved \(output)")
      #expect(result.output.contains("\nsparsity 50.00 % of the blocks' linears\n"))
      #expect(!result.output.contains("perplexity"))
      let record = try Fixtures.json(Path.join(output, "svnup.json"))
      for key in ["densePerplexity", "prunedPerplexity", "evaluation", "calibrationSamples"] {
        #expect(record[key]?.isNull == true)
      }
      try expectZeros(of: record, in: output, model: Inputs.opt)
    }
  }

  @Test("--force replaces a directory whole, unless something else lies in it")
  func force() throws {
    try withTemporaryFolder { folder in
      let first = try prune(["--method", "magnitude", "--sparsity", "0.5"], to: folder)
      let note = Path.join(first.output, "note.txt")
      try "mine".write(toFile: note, atomically: true, encoding: .utf8)
      let words = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.25", "--force", "--quiet"]
      #expect(try svnup.refusal(words + ["--output", first.output], status: 73).contains("it holds note.txt"))
      #expect(try String(decoding: File.contents(of: note), as: UTF8.self) == "mine")
      try FileSystem.removeFile(note)
      // A tool's.
      try "old".write(toFile: Path.join(first.output, ".gitattributes"), atomically: true, encoding: .utf8)
      let second = try prune(["--method", "magnitude", "--sparsity", "0.25", "--force"], to: folder)
      #expect(second.record["sparsity"]?.double == 0.25)
      #expect(try !FileSystem.list(second.output).contains(".gitattributes"))
      #expect(try FileSystem.list(folder) == ["pruned"])
    }
  }
}
