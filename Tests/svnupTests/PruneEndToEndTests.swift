import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite("svnup prune, end to end")
struct PruneEndToEndTests {
  let runner: PruneRunner

  init() throws { runner = try PruneRunner() }

  @Test(
    "every method with every allocation: a complete directory whose record tells the truth",
    arguments: PruneRunner.methods, ["uniform", "owl", "dlp", "alphapruning", "shapley", "FILE"])
  func matrix(method: String, allocation: String) throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try #"{"blocks": [0.4, 0.5, 0.6, 0.7]}"#.write(toFile: file, atomically: true, encoding: .utf8)
      let players = allocation == "shapley" ? ["--players", "blocks"] : []
      let options = ["--method", method, "--allocation", allocation == "FILE" ? file : allocation] + players
      // An allocation file needs no --sparsity.
      let target = allocation == "FILE" ? [] : ["--sparsity", "0.55"]
      let (record, output) = try runner.prune(options + target + PruneRunner.evaluation, to: folder)

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
      try runner.expectZeros(of: record, in: output, model: Inputs.llama3)

      let budgets = try #require(record["allocation"]?["blocks"]).doubles
      #expect(budgets.count == 4)
      #expect(abs(budgets.reduce(0, +) / 4 - 0.55) < 1e-9)
      #expect((Set(budgets).count == 1) == (allocation == "uniform"))
      #expect(record["allocation"]?["shapley"]?.isNull == (allocation != "shapley"))
      #expect(record["allocation"]?["outlierRatios"]?.isNull == (allocation != "owl"))
      #expect(record["allocation"]?["relativeImportances"]?.isNull == (allocation != "dlp"))
      #expect(record["allocation"]?["hillExponents"]?.isNull == (allocation != "alphapruning"))

      for (key, model) in [("densePerplexity", Inputs.llama3), ("prunedPerplexity", output)] {
        let measured = try runner.svnup.json(["perplexity", model] + PruneRunner.evaluation)
        let told = try #require(record[key]?.spelling)
        #expect(told == measured["perplexity"]?.spelling)
      }
      #expect(record["densePerplexity"]?.spelling != record["prunedPerplexity"]?.spelling)
    }
  }

  @Test("the record holds everything that is needed to make the directory again")
  func record() throws {
    try withTemporaryFolder { folder in
      let (record, output) = try runner.prune(
        ["--method", "sparsegpt", "--sparsity", "0.5", "--seed", "7"] + PruneRunner.evaluation, to: folder)
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
      let record = try runner.svnup.json(words + ["--data", text])
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
      let measured = try runner.svnup.json(["perplexity", output, "--data", text, "--sequence-length", "32"])
      #expect(record["prunedPerplexity"]?.spelling == measured["perplexity"]?.spelling)
      try runner.expectZeros(of: record, in: output, model: Inputs.embedded)
    }
  }

  @Test(
    "Case 51: of every four consecutive weights of a row two are zero", arguments: PruneRunner.methods,
    ["llama3-gqa", "opt-125m"])
  func pattern(method: String, name: String) throws {
    try withTemporaryFolder { folder in
      let (record, output) = try runner.prune(
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

  @Test("Case 50: sparsity 0 leaves every byte, and 1 no weight", arguments: PruneRunner.methods)
  func extremes(method: String) throws {
    try withTemporaryFolder { folder in
      let dense = try runner.prune(["--method", method, "--sparsity", "0"], to: folder, name: "dense")
      #expect(try SavedModel.files(dense.output) == SavedModel.files(Inputs.llama3))
      #expect(dense.record["sparsity"]?.double == 0)
      let empty = try runner.prune(
        ["--method", method, "--sparsity", "1"] + PruneRunner.evaluation, to: folder, name: "empty")
      #expect(empty.record["sparsity"]?.double == 1)
      try runner.expectZeros(of: empty.record, in: empty.output, model: Inputs.llama3)
      #expect(try #require(empty.record["prunedPerplexity"]?.double).isFinite)
    }
  }

  @Test("the saved weights are the same to the last bit for any number of threads", arguments: PruneRunner.methods)
  func threads(method: String) throws {
    try withTemporaryFolder { folder in
      let options = [
        "--method", method, "--sparsity", "0.6", "--allocation", "shapley", "--estimator", "window", "--window", "2",
      ]
      let runs = try [1, 2, 5].map { count in
        let (_, output) = try runner.prune(options + ["--threads", "\(count)"], to: folder, name: "threads\(count)")
        return try SavedModel.files(output)
      }
      #expect(runs[0].count == 4)
      #expect(runs[1] == runs[0])
      #expect(runs[2] == runs[0])
    }
  }

  @Test("blocks, and linears of other blocks, of which nothing is left are named")
  func emptied() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try File.replace(file, with: Array(#"{"blocks": [1.0, 0.5, 0.5, 0.5]}"#.utf8))
      let words = ["prune", Inputs.opt, "--method", "magnitude", "--output"]
      let blocks = try runner.svnup.run(words + [Path.join(folder, "a"), "--allocation", file])
      #expect(blocks.status == 0)
      #expect(blocks.error.contains("\nblock 0: every weight of its linears is zero\n"))
      #expect(!blocks.error.contains("block 1: every weight"))
      let names = (0..<4).flatMap { block in ["query", "key", "value", "output", "fc1", "fc2"].map { "\(block).\($0)" }
      }
      let shares = names.map { ($0, JSON($0 == "1.fc1" ? 1.0 : 0.5)) }
      let table: JSON = ["players": "linears", "sparsities": JSON(members: shares)]
      try File.replace(file, with: table.encoded())
      let linears = try runner.svnup.run(words + [Path.join(folder, "b"), "--allocation", file])
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
        let result = try runner.svnup.run(["prune", model, "--output", Path.join(folder, name)] + more)
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
      let result = try runner.svnup.run(words)
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
      try runner.expectZeros(of: record, in: output, model: Inputs.opt)
    }
  }

  @Test("--force replaces a directory whole, unless something else lies in it")
  func force() throws {
    try withTemporaryFolder { folder in
      let first = try runner.prune(["--method", "magnitude", "--sparsity", "0.5"], to: folder)
      let note = Path.join(first.output, "note.txt")
      try "mine".write(toFile: note, atomically: true, encoding: .utf8)
      let words = ["prune", Inputs.llama3, "--method", "magnitude", "--sparsity", "0.25", "--force", "--quiet"]
      #expect(try runner.svnup.refusal(words + ["--output", first.output], status: 73).contains("it holds note.txt"))
      #expect(try String(decoding: File.contents(of: note), as: UTF8.self) == "mine")
      try FileSystem.removeFile(note)
      // A tool's.
      try "old".write(toFile: Path.join(first.output, ".gitattributes"), atomically: true, encoding: .utf8)
      let second = try runner.prune(["--method", "magnitude", "--sparsity", "0.25", "--force"], to: folder)
      #expect(second.record["sparsity"]?.double == 0.25)
      #expect(try !FileSystem.list(second.output).contains(".gitattributes"))
      #expect(try FileSystem.list(folder) == ["pruned"])
    }
  }

  @Test("blocks of which nothing is to be cleared keep every bit, whatever the method would make of them")
  func nothingToClear() throws {
    try withTemporaryFolder { folder in
      let file = Path.join(folder, "budget.json")
      try File.replace(file, with: Array(#"{"blocks": [0.9, 0.9, 1e-9, 1e-9]}"#.utf8))
      for method in ["sparsegpt", "admm", "alps"] {
        let (record, output) = try runner.prune(
          ["--method", method, "--allocation", file, "--sparsity", "0.45"], to: folder, name: method)
        #expect(record["blocks"]?.array?.map { $0["sparsity"]?.double == 0 } == [false, false, true, true])
        let (before, after) = (try SavedModel(Inputs.llama3).tensors(), try SavedModel(output).tensors())
        for (name, bytes) in before where name.contains(".layers.2.") || name.contains(".layers.3.") {
          #expect(after[name] == bytes, "\(method): \(name)")
        }
      }
    }
  }

  @Test("a tensor that the model does not read may hold anything: verify passes over it")
  func unreadNumbers() throws {
    try withTemporaryFolder { folder in
      let model = Path.join(folder, "model")
      try ChangedModel.write(Inputs.embedded, to: model, filling: { _ in false }, with: 0)
      let (path, file) = (
        Path.join(model, "model.safetensors"), try SafetensorsFile(path: Path.join(model, "model.safetensors"))
      )
      var members = file.entries.map { entry -> (String, JSON) in
        let range = JSON([entry.range.lowerBound, entry.range.upperBound])
        return ("\(entry.name)", ["dtype": JSON(entry.type), "shape": JSON(entry.shape), "data_offsets": range])
      }
      let end = try #require(file.entries.map(\.range.upperBound).max())
      members.append(("mask.values", ["dtype": "BF16", "shape": [1], "data_offsets": JSON([end, end + 2])]))
      let bytes = try File.contents(of: path)
      try File.replace(
        path, with: safetensors(JSON(members: members).encoded(), data: Array(bytes.suffix(end)) + [0x80, 0xFF]))
      let output = Path.join(folder, "pruned")
      let pruned = try runner.svnup.run(
        ["prune", model, "--method", "magnitude", "--sparsity", "0.5", "--output", output])
      #expect(pruned.status == 0 && pruned.error.contains("are not read: mask.values"), "\(pruned.error)")
      let verified = try runner.svnup.run(["verify", output])
      #expect(verified.status == 0, "\(verified.error)")
    }
  }
}
