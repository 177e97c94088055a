import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Values of coalitions and Shapley values of real models against PyTorch.
@Suite struct ReferenceGameTests {
  @Test(arguments: ReferenceModel.names, ["nll/bypass", "nll/probe", "ppl/bypass", "ppl/probe"])
  func everyTableAgrees(_ name: String, _ setting: String) throws {
    let reference = try ReferenceModel(name)
    let expected = try #require(reference.expected["shapley"]?[setting])
    let table = try #require(expected["coalitions"]?.object)
    let coalitions = try table.members.map { try #require(Coalition(String(decoding: $0.key, as: UTF8.self))) }
    let wanted = table.members.map { $0.value.double ?? .nan }
    let range = (wanted.max() ?? 0) - (wanted.min() ?? 0)

    var absence = LayerGame.Absence.bypassed
    if setting.hasSuffix("probe") {
      var pruner = ModelPruner(WandaPruner(), propagation: .dense)
      pruner.storedType = .float32
      absence = try .pruned(reference.model, by: pruner, to: 0.7, calibration: reference.calibration)
    }
    let value: LayerGame.Value = setting.hasPrefix("nll") ? .nll : .perplexity
    var game = MemoisedGame(
      LayerGame(
        reference.model, granularity: .blocks, windows: reference.windows, absence: absence, value: value))
    let found = try game.values(of: coalitions)
    for (coalition, (found, wanted)) in zip(coalitions, zip(found, wanted)) {
      #expect(abs(found - wanted) <= 1e-4 * range, "\(name) \(setting) \(coalition)")
    }

    func check(_ estimator: some ShapleyEstimator, _ key: String) throws {
      let values = try estimator.estimate(&game)
      let reference = try #require(expected[key]).doubles
      #expect(values.values.count == reference.count)
      for (found, wanted) in zip(values.values, reference) { #expect(abs(found - wanted) <= 1e-4 * range, "\(key)") }
    }
    try check(ExactShapley(), "exact")
    for length in 1...4 {
      for (placement, placementKey) in [(WindowPlacement.centred, "center"), (.averaged, "average")] {
        for (surroundings, surroundingsKey) in [(Surroundings.intact, "present"), (.absent, "absent")] {
          try check(
            SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings),
            "window\(length)/\(placementKey)/\(surroundingsKey)")
        }
      }
    }
    #expect(game.evaluatedCount == 16)
  }

  @Test(arguments: 1...4)
  func evaluationsFollowTheFormula(_ length: Int) throws {
    let reference = try ReferenceModel("llama3-gqa")
    let n = reference.model.blocks.count
    for placement in WindowPlacement.allCases {
      var game = MemoisedGame(
        LayerGame(reference.model, granularity: .blocks, windows: reference.windows, absence: .bypassed))
      let values = try SlidingWindowShapley(length: length, placement: placement).estimate(&game)
      #expect(values.evaluations == (n - length) * (1 << (length - 1)) + (1 << length))
      #expect(game.evaluatedCount == values.evaluations + values.additionalEvaluations)
    }
  }
}
