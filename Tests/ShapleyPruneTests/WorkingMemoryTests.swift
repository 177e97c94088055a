import ShapleyPrune
import Tensor
import TestSupport
import Testing
import Transformer

/// How much is in memory at a time must not show in the results.
@Suite struct WorkingMemoryTests {
  /// One, two and three sequences at a time, the last with a shorter strip at the end.
  static let strips = [1, 128, 192]

  @Test(arguments: TinyModels.names)
  func perplexityAndGameAreTheSameToTheBit(_ name: String) throws {
    let model = try TinyModels.load(name)
    let windows = randomTokens(10, 64, below: 512)
    let samples = try TinyModels.calibration()
    let expected = model.perplexity(windows)
    let probe = try SmallWeights.$leaveOutZeros.withValue(true) {
      try LayerGame.Absence.pruned(model, by: WandaPruner(), to: 0.7, calibration: samples)
    }
    for absence in [.bypassed, probe] {
      var whole = LayerGame(model, granularity: .blocks, windows: windows, absence: absence)
      let values = try whole.values(of: LayerGameTests.all)
      for rows in Self.strips {
        let bytes = rows == 128 ? 0 : 1 << 30
        let memory = WorkingMemory(stripRows: rows, packedWeightBytes: bytes, sparseFormBytes: bytes)
        #expect(model.perplexity(windows, memory: memory) == expected)
        var game = LayerGame(model, granularity: .blocks, windows: windows, absence: absence, memory: memory)
        #expect(try game.values(of: LayerGameTests.all) == values)
        #expect(game.forwardStepsAsked == whole.forwardStepsAsked)
      }
    }
  }

  private func weights(_ model: any CausalLM) -> [[[UInt32]]] {
    model.blocks.map { block in block.roles.map { block[$0].weight.widened().bits } }
  }

  private func pruned(
    _ model: any CausalLM, _ pruner: any Pruner, _ samples: TokenBatch, _ memory: WorkingMemory
  ) throws -> [[[UInt32]]] {
    var copy = model
    let patterns = model.blocks.map { _ in SparsityPattern.unstructured(0.5) }
    _ = try ModelPruner(pruner, memory: memory).prune(&copy, patterns: patterns, calibration: samples)
    return weights(copy)
  }

  @Test(arguments: TinyModels.names)
  func prunedWeightsAreTheSameToTheBit(_ name: String) throws {
    let model = try TinyModels.load(name)
    let samples = try TinyModels.calibration()
    #expect(samples.sequences > 4)
    let whole = WorkingMemory()
    let wanda = try pruned(model, WandaPruner(), samples, whole)
    let ratios = try outlierRatios(of: model, calibration: samples)
    let medians = try medianScores(of: model, calibration: samples)
    for rows in Self.strips {
      let memory = WorkingMemory(stripRows: rows)
      #expect(try pruned(model, WandaPruner(), samples, memory) == wanda)
      #expect(try outlierRatios(of: model, calibration: samples, memory: memory) == ratios)
      #expect(try medianScores(of: model, calibration: samples, memory: memory) == medians)
      let loose = WorkingMemory(stripRows: rows, packedWeightBytes: 0)
      #expect(try pruned(model, WandaPruner(), samples, loose) == wanda)
      #expect(try outlierRatios(of: model, calibration: samples, memory: loose) == ratios)
    }
    // A Hessian is summed up in pieces of 256 tokens of a strip, so strips must be whole pieces.
    #expect(256 % samples.length == 0)
    #expect(
      try pruned(model, SparseGPTPruner(), samples, WorkingMemory(stripRows: 256))
        == pruned(model, SparseGPTPruner(), samples, whole))
  }

  @Test(arguments: [ElementType.bfloat16, .float16])
  func roundedStatesChangeAFewWeightsOnly(_ type: ElementType) throws {
    let model = try TinyModels.load("llama-v1")
    let samples = try TinyModels.calibration()
    let exact = try pruned(model, WandaPruner(), samples, WorkingMemory())
    let rounded = try pruned(model, WandaPruner(), samples, WorkingMemory(calibrationStates: type))
    let pairs = zip(exact.joined().joined(), rounded.joined().joined())
    let changed = pairs.count { $0 != $1 }
    #expect(changed > 0, "the states are rounded")
    #expect(changed < exact.joined().joined().count / 100)
  }
}
