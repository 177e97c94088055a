import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Masks, weights, losses, perplexities and budgets against PyTorch, with the counting rule of the published code.
@Suite struct ReferencePruningTests {
  static let settings = ["s50", "ramp", "owl70", "2_4", "4_8"]
  static let methods = ["magnitude", "wanda", "sparsegpt"]

  static func pruner(_ method: String) -> any Pruner {
    switch method {
    case "magnitude": MagnitudePruner(rule: .published)
    case "wanda": WandaPruner()
    default: SparseGPTPruner(rule: .published)
    }
  }

  @Test(arguments: ReferenceModel.names, methods)
  func everySettingAgreesWithPyTorch(_ name: String, _ method: String) throws {
    let model = try ReferenceModel(name)
    for setting in Self.settings {
      var comparison = try Comparison(model, Self.pruner(method), setting)
      try comparison.run()
    }
  }

  @Test(arguments: ReferenceModel.names)
  func densePerplexityAgrees(_ name: String) throws {
    let reference = try ReferenceModel(name)
    let found = reference.model.perplexity(reference.windows)
    #expect(abs(found.meanNLL - (reference.expected["dense"]?["mean_nll"]?.double ?? .nan)) <= 1e-5)
  }

  @Test(arguments: ReferenceModel.names)
  func outlierBudgetsAgree(_ name: String) throws {
    let reference = try ReferenceModel(name)
    let owl = try #require(reference.expected["owl"])
    let ratios = try outlierRatios(of: reference.model, calibration: reference.calibration, multiple: 5)
    for (found, wanted) in zip(ratios, try #require(owl["outlier_ratio_percent"]).doubles) {
      #expect(abs(found - wanted) <= 1e-9)
    }
    let budget = try SparsityAllocation.published(importances: ratios, target: 0.7, spread: 0.08)
    let wanted = try #require(owl["sparsities"]).doubles
    #expect(budget.sparsities.count == wanted.count)
    for (found, wanted) in zip(budget.sparsities, wanted) { #expect(abs(found - wanted) <= 1e-6) }
  }
}

/// One model, method and setting, compared linear by linear.
///
/// Each block is given the statistics that the reference had: once a block has been compared, the reference's weights take its
/// place, so that a bit which fell on the other side of a near-tie does not change what later blocks see.
private struct Comparison {
  let reference: ReferenceModel
  let pruner: any Pruner
  let setting: String
  let expected: JSON
  let patterns: [SparsityPattern]
  let masks: SafetensorsFile
  /// SparseGPT's weights: in the repository for some settings, beside it for the others.
  let weights: SafetensorsFile?

  private var bits = 0
  private var differing = 0
  private var tied = 0

  private var label: String { "\(reference.name) \(pruner.name)/\(setting)" }

  init(_ reference: ReferenceModel, _ pruner: any Pruner, _ setting: String) throws {
    self.reference = reference
    self.pruner = pruner
    self.setting = setting
    let expected = try #require(reference.expected["prune"]?["\(pruner.name)/\(setting)"])
    self.expected = expected
    patterns = try #require(expected["sparsities"]).doubles.map { sparsity in
      // The file tells zeros of a group and its size; a pattern tells what is kept.
      guard let group = expected["nm"]?.integers, group.count == 2 else { return .unstructured(sparsity) }
      return .structured(keep: group[1] - group[0], of: group[1])
    }
    let stem = "\(reference.name)/\(pruner.name)-\(setting)"
    masks = try SafetensorsFile(path: Fixtures.path("reference/\(stem).masks.safetensors"))
    let files = [Fixtures.path("reference/\(stem)"), Fixtures.extra("reference/expected/\(stem)")]
    let found = files.map { "\($0).weights.safetensors" }.first { FileSystem.exists($0) }
    weights = try found.map { try SafetensorsFile(path: $0) }
  }

  mutating func run() throws {
    var model = reference.model
    // PyTorch's figures are of weights that were not rounded back to the stored type.
    var modelPruner = ModelPruner(pruner)
    modelPruner.storedType = .float32
    var walk = CalibrationWalk(reference.calibration, through: model)
    for (index, pattern) in patterns.enumerated() {
      let dense = model.blocks[index]
      var pruned = dense
      let outcomes = try modelPruner.prune(
        &pruned, dense.roles, to: BlockPattern(pattern), given: walk.statistics(of: dense, kind: pruner.statistics))
      for role in dense.roles {
        let loss = expected["losses"]?["\(index)"]?.object?.members.first {
          "\(dense[role].name)".hasSuffix(".\(String(decoding: $0.key, as: UTF8.self)).weight")
        }
        let outcome = try #require(outcomes[role])
        let theirs = try compare(dense[role], pruned[role], outcome, loss?.value.double)
        model.blocks[index][role].weight = StoredMatrix(theirs ?? pruned[role].weight.widened(), as: .float32)
      }
      walk.advance(through: model.blocks[index])
    }
    #expect(Double(differing) <= 0.0005 * Double(bits), "\(label): \(differing) of \(bits) bits differ")

    let wanted = try #require(expected["ppl"]?.double)
    if tied > 0 {
      // Which of equal magnitudes goes is not specified by PyTorch: the perplexity is compared on its choice.
      #expect(abs(model.perplexity(reference.windows).perplexity - wanted) <= 1e-3 * wanted, "\(label)")
    } else {
      var own = reference.model
      _ = try modelPruner.prune(&own, patterns: patterns, calibration: reference.calibration)
      #expect(abs(own.perplexity(reference.windows).perplexity - wanted) <= 1e-3 * wanted, "\(label)")
    }
  }

  /// Compares one linear and returns the reference's weight; nil where only its mask is known and the method changes weights.
  private mutating func compare(
    _ dense: Linear, _ pruned: Linear, _ outcome: PruningOutcome, _ loss: Double?
  ) throws -> Matrix? {
    let mask = try masks.bytes(of: dense.name)
    let before = dense.weight.widened().elements
    let found = pruned.weight.widened().elements
    try #require(mask.count == found.count)
    let wanted = try weights.map { try Fixtures.floats($0, "\(dense.name)").values }
    let columns = dense.weight.columns
    var furthest: Float = 0
    var hasFlipped = false
    for row in 0..<dense.weight.rows {
      let range = row * columns..<(row + 1) * columns
      let flipped = range.filter { (found[$0] == 0) != (mask[$0] == 1) }
      bits += columns
      if isExplainedByTies(flipped, before, mask) {
        tied += flipped.count
      } else {
        differing += flipped.count
        hasFlipped = true
      }
      // A flipped bit changes what its row loses and regains; rows with the same mask must agree.
      if let wanted, flipped.isEmpty {
        for i in range { furthest = max(furthest, (found[i] - wanted[i]).magnitude) }
      }
    }
    #expect(furthest <= 1e-4, "\(label), \(dense.name)")
    if let loss, !hasFlipped { #expect(abs((outcome.loss ?? .nan) - loss) <= 1e-4 * loss, "\(label), \(dense.name)") }
    if let wanted { return Matrix(rows: dense.weight.rows, columns: columns, elements: wanted) }
    guard pruner.statistics < .gram else { return nil }
    return Matrix(
      rows: dense.weight.rows, columns: columns, elements: zip(before, mask).map { $1 == 1 ? 0 : $0 })
  }

  /// Whether magnitude pruning chose other weights, but of the very same magnitudes.
  private func isExplainedByTies(_ flipped: [Int], _ before: [Float], _ mask: [UInt8]) -> Bool {
    guard pruner.name == "magnitude" else { return flipped.isEmpty }
    let theirs = flipped.filter { mask[$0] == 1 }.map { before[$0].magnitude }
    let ours = flipped.filter { mask[$0] == 0 }.map { before[$0].magnitude }
    return theirs.sorted() == ours.sorted()
  }
}
