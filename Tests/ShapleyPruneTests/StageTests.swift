import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Pruning in two streams and stage by stage, on the random models of every form of block.
@Suite struct StageTests {
  static let patterns = [SparsityPattern](repeating: .unstructured(0.6), count: 4)

  private func pruned(
    _ name: String, _ pruner: any Pruner, _ targets: ModelPruner.Targets, _ sequencing: ModelPruner.Sequencing,
    patterns: [SparsityPattern] = patterns, memory: WorkingMemory = WorkingMemory()
  ) throws -> (model: any CausalLM, reports: [BlockReport]) {
    var model = try TinyModels.load(name)
    var modelPruner = ModelPruner(pruner, memory: memory)
    (modelPruner.targets, modelPruner.sequencing) = (targets, sequencing)
    let reports = try modelPruner.prune(&model, patterns: patterns, calibration: TinyModels.calibration())
    return (model, reports)
  }

  /// How far the last hidden states are from the dense model's.
  private func distance(_ model: any CausalLM, _ name: String) throws -> Double {
    let samples = try TinyModels.calibration()
    return model.hiddenStates(samples).minus(try TinyModels.load(name).hiddenStates(samples)).squaredNorm
  }

  @Test(
    "Dense targets bring the last hidden states nearer to the dense model's, and stages nearer still",
    arguments: TinyModels.names)
  func targets(name: String) throws {
    for pruner: any Pruner in [SparseGPTPruner(), ADMMPruner()] {
      let own = try distance(pruned(name, pruner, .own, .block).model, name)
      let dense = try distance(pruned(name, pruner, .dense, .block).model, name)
      let staged = try distance(pruned(name, pruner, .dense, .stage).model, name)
      #expect(dense < own, "\(pruner.name)")
      #expect(staged < dense, "\(pruner.name)")
    }
  }

  @Test("The first stage is that of a whole block: nothing was pruned in front of it", arguments: TinyModels.names)
  func firstStage(name: String) throws {
    let block = try pruned(name, SparseGPTPruner(), .own, .block).model.blocks[0]
    for targets in ModelPruner.Targets.allCases {
      let staged = try pruned(name, SparseGPTPruner(), targets, .stage).model.blocks[0]
      for role in [LinearRole.query, .key, .value] {
        #expect(staged[role].weight.widened().bits == block[role].weight.widened().bits)
      }
      #expect(staged[.output].weight.widened().bits != block[.output].weight.widened().bits)
    }
  }

  @Test("A block without sparsity keeps every bit, also behind pruned ones", arguments: TinyModels.names)
  func densePart(name: String) throws {
    let dense = try TinyModels.load(name)
    let patterns: [SparsityPattern] = [
      .unstructured(0), .unstructured(0.5), .unstructured(0), .structured(keep: 2, of: 4),
    ]
    let (model, reports) = try pruned(name, ADMMPruner(), .dense, .stage, patterns: patterns)
    for index in [0, 2] {
      let (before, after) = (dense.blocks[index], model.blocks[index])
      for role in after.roles { #expect(after[role].weight.widened().bits == before[role].weight.widened().bits) }
      #expect(reports[index].linears.allSatisfy { $0.outcome == PruningOutcome() })
    }
    #expect(reports[3].linears.allSatisfy { $0.sparsity == 0.5 })
  }

  @Test(
    "Every method, both streams and stages give the same bits on any number of threads",
    arguments: allPruners.map(\.name))
  func threads(method: String) throws {
    let pruner = try #require(Registries.pruners[method])
    for name in ["llama3-gqa", "opt-350m"] {
      let bits = try [1, 2, 5].map { count in
        try Parallel.$threadCount.withValue(count) { try pruned(name, pruner, .dense, .stage).model.weightBits }
      }
      #expect(bits[0] == bits[1] && bits[0] == bits[2], "\(name)")
    }
  }

  @Test("Samples in many strips prune as in one, but for the order of sums", arguments: TinyModels.names)
  func strips(name: String) throws {
    let whole = try pruned(name, WandaPruner(), .dense, .stage).model
    let parts = try pruned(name, WandaPruner(), .dense, .stage, memory: WorkingMemory(stripRows: 1)).model
    // Every weight that changes places changes what the blocks behind it see, so that differences grow from block to block.
    for (a, b) in zip(whole.blocks, parts.blocks).prefix(2) {
      for role in a.roles {
        let (a, b) = (a[role].weight.widened(), b[role].weight.widened())
        let moved = zip(a.zeros, b.zeros).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        // Weights whose scores are equal but for rounding may change places.
        #expect(
          Double(moved) <= 0.01 * Double(a.count), "\(role)")
      }
    }
  }
}
