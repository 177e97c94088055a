import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup prune, how the budget is shared, end to end")
struct PruneAllocationTests {
  let runner: PruneRunner

  init() throws { runner = try PruneRunner() }

  @Test(
    "Case 55: budgets that would leave [0, 1] are clamped, and the model still reaches its target",
    arguments: ["owl", "dlp", "alphapruning", "shapley"],
    [0, 0.1, 0.5, 0.9, 1])
  func clamping(allocation: String, target: Double) throws {
    try withTemporaryFolder { folder in
      let players = allocation == "shapley" ? ["--players", "blocks"] : []
      let options =
        ["--method", "magnitude", "--sparsity", "\(target)", "--allocation", allocation, "--spread", "0.5"] + players
      let (record, output) = try runner.prune(options, to: folder)
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
        let (record, output) = try runner.prune(options + shapley, to: folder, name: players)
        let budgets = try #require(record["allocation"]?["sparsities"]?.object).members
        #expect(budgets.count == count)
        #expect(budgets.allSatisfy { (0.2...0.8).contains($0.value.double ?? -1) })
        #expect(Set(budgets.compactMap(\.value.double)).count > count / 2)
        #expect(try abs(#require(record["sparsity"]?.double) - 0.6) < 1.0 / 64)
        try runner.expectZeros(of: record, in: output, model: Inputs.llama3)

        let again = ["--allocation", Path.join(output, "svnup.json")]
        let (_, copy) = try runner.prune(["--method", "wanda"] + again, to: folder, name: players + "-again")
        #expect(try SavedModel.files(copy) == SavedModel.files(output))
      }
    }
  }

  @Test("--spread auto tries several on text that is held back, tells each, and keeps the best")
  func spreadSearch() throws {
    try withTemporaryFolder { folder in
      let (record, _) = try runner.prune(
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
      let (record, _) = try runner.prune(
        ["--method", "magnitude", "--sparsity", "0.7", "--allocation", "owl"], to: folder)
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
      let record = try runner.svnup.json(["prune", Inputs.llama3, "--output", output] + options)
      let allocation = try #require(record["allocation"])
      #expect(allocation["rule"]?.text == "alphapruning")
      #expect(allocation["spread"]?.double == 0.3)
      #expect(allocation["tail"]?.text == "peak")
      let found = try #require(allocation["hillExponents"]).doubles
      #expect(try zip(found, #require(expected["exponents"]).doubles).allSatisfy { abs($0 - $1) < 1e-9 })
      let budgets = try #require(allocation["blocks"]).doubles
      #expect(budgets.count == 4)
      #expect(try zip(budgets, #require(expected["sparsities"]).doubles).allSatisfy { abs($0 - $1) < 1e-9 })
      try runner.expectZeros(of: record, in: output, model: Inputs.llama3)
    }
  }

  @Test("DLP's budgets are the published map of the medians that its record implies")
  func medianBudgets() throws {
    try withTemporaryFolder { folder in
      let (record, _) = try runner.prune(
        ["--method", "magnitude", "--sparsity", "0.7", "--allocation", "dlp"], to: folder)
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
      let (record, output) = try runner.prune(words + (start == "values" ? ["--players", "blocks"] : []), to: folder)
      let sparsity = try #require(record["sparsity"]?.double)
      #expect(sparsity <= 0.6005 && sparsity > 0.6 - 1.0 / 64, "\(sparsity)")
      try runner.expectZeros(of: record, in: output, model: Inputs.llama3)
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
      #expect(try runner.svnup.run(["verify", output]).status == 0)
      // Its record is an allocation, too: the same weights.
      if search["kept"]?.text == "found" {
        let (_, again) = try runner.prune(
          ["--method", method, "--allocation", Path.join(output, "svnup.json")], to: folder, name: "again")
        for name in try FileSystem.list(output) where name.hasSuffix(".safetensors") {
          #expect(try File.contents(of: Path.join(again, name)) == File.contents(of: Path.join(output, name)))
        }
      }
    }
  }
}
