import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Tokenizer
import Transformer

/// The two trained models on the King James Bible, from text to pruned perplexity, against PyTorch on the same windows.
@Suite struct DemoResultsTests {
  static let names = ["kjv-llama", "kjv-opt"]

  /// A model with the windows that PyTorch's figures are of.
  private struct Setup {
    let name: String
    let model: any CausalLM
    let test: TokenBatch
    let valid: TokenBatch
    let calibration: TokenBatch
    let results: JSON

    init(_ name: String) throws {
      self.name = name
      let path = name == "kjv-llama" ? Fixtures.embeddedModel : Fixtures.path("demo/\(name)")
      let tokenizer = try BPETokenizer(directory: path)
      model = try ModelDirectory(path: path).loadModel()
      let results = try Fixtures.json(Fixtures.path("demo/results-\(name).json"))
      self.results = results
      let length = results["sequenceLength"]?.integer ?? 0
      func windows(_ text: String, tokens: String) throws -> TokenBatch {
        let path = Path.join(Fixtures.repository, "Sources/svnup/Resources/kjv-text/\(text).txt")
        let stream = tokenizer.encode(try File.contents(of: path)).prefix(results[tokens]?.integer ?? 0)
        return TokenBatch(windowsOf: Array(stream), length: length)
      }
      test = try windows("test", tokens: "testTokens")
      valid = try windows("valid", tokens: "shapleyTokens")
      guard case .rows(let rows) = try TokenFile(path: Fixtures.path("demo/calibration-\(name).npy")) else {
        throw CheckpointError(name, missing: "calibration")
      }
      calibration = rows
    }

    func perplexity(_ pruner: any Pruner, _ patterns: [SparsityPattern]) throws -> Double {
      var copy = model
      var modelPruner = ModelPruner(pruner)
      // PyTorch's weights were not rounded back to BF16.
      modelPruner.storedType = .float32
      _ = try modelPruner.prune(&copy, patterns: patterns, calibration: calibration)
      return copy.perplexity(test).perplexity
    }
  }

  @Test(arguments: names)
  func densePerplexityAgrees(_ name: String) throws {
    let setup = try Setup(name)
    let wanted = try #require(setup.results["dense"]?.double)
    #expect(abs(setup.model.perplexity(setup.test).perplexity - wanted) <= 1e-5 * wanted)
  }

  @Test(arguments: names)
  func uniformAndOutlierBudgetsAgree(_ name: String) throws {
    let setup = try Setup(name)
    let blocks = setup.model.blocks.count
    for (key, value) in try #require(setup.results["uniform"]?.object).members {
      let parts = String(decoding: key, as: UTF8.self).split(separator: "/").map(String.init)
      let pattern: SparsityPattern =
        switch parts[1] {
        case "2:4": .structured(keep: 2, of: 4)
        case "4:8": .structured(keep: 4, of: 8)
        default: .unstructured(Double(parts[1]) ?? .nan)
        }
      let patterns = Array(repeating: pattern, count: blocks)
      try check(setup, parts[0], patterns, value, "uniform \(parts)")
    }
    let owl = try #require(setup.results["owl"])
    let ratios = try outlierRatios(of: setup.model, calibration: setup.calibration)
    for (found, wanted) in zip(ratios, try #require(owl["ratiosPercent"]).doubles) {
      #expect(abs(found - wanted) <= 1e-2)
    }
    let budget = try SparsityAllocation.published(importances: ratios, target: 0.7, spread: 0.08)
    for method in ["wanda", "sparsegpt"] {
      let patterns = budget.sparsities.map { SparsityPattern.unstructured($0) }
      try check(setup, method, patterns, owl["\(method)/0.7"], "OWL \(method)")
    }
  }

  @Test(arguments: names, ["bypass", "probe"])
  func shapleyValuesAndWhatTheyLeadToAgree(_ name: String, _ absence: String) throws {
    let setup = try Setup(name)
    let probe =
      absence == "bypass"
      ? LayerGame.Absence.bypassed
      : try .pruned(setup.model, by: WandaPruner(), to: 0.7, calibration: setup.calibration)
    var game = MemoisedGame(LayerGame(setup.model, granularity: .blocks, windows: setup.valid, absence: probe))
    for window in [1, 3, 5] {
      let expected = try #require(setup.results["shapley"]?["\(absence)/nll/window\(window)"])
      let found = try SlidingWindowShapley(length: window, placement: .centred).estimate(&game)
      let wanted = try #require(expected["phi"]).doubles
      let range = (wanted.max() ?? 0) - (wanted.min() ?? 0)
      #expect(found.values.count == wanted.count)
      for (found, wanted) in zip(found.values, wanted) { #expect(abs(found - wanted) <= 1e-4 * range) }
      #expect(found.evaluations == expected["evaluations"]?.integer)
      for (key, value) in try #require(expected["sparsegpt/0.7"]?.object).members {
        let spread = String(decoding: key, as: UTF8.self)
        let budget = try SparsityAllocation.published(
          importances: found.values, target: 0.7, spread: try #require(Double(spread)))
        let patterns = budget.sparsities.map { SparsityPattern.unstructured($0) }
        try check(setup, "sparsegpt", patterns, value, "Shapley \(absence) \(window) \(spread)")
      }
    }
  }

  private func check(
    _ setup: Setup, _ method: String, _ patterns: [SparsityPattern], _ wanted: JSON?, _ label: String
  ) throws {
    let wanted = try #require(wanted?.double)
    let found = try setup.perplexity(ReferencePruningTests.pruner(method), patterns)
    #expect(abs(found - wanted) <= 0.005 * wanted, "\(setup.name), \(label): \(found) instead of \(wanted)")
  }
}
