import ShapleyPrune
import Support
import Synchronization
import Tensor
import TestSupport
import Testing
import Transformer

/// Prunes by magnitude and keeps the statistics it was given, by the name of the linear, and how often.
private final class RecordingPruner: Pruner {
  static let name = "recording"
  static let settings: [Setting<RecordingPruner>] = []
  let statistics = StatisticsKind.gram
  private let records = Mutex<(criteria: Int, statistics: [String: InputStatistics])>((0, [:]))

  func criterion(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PruningCriterion {
    records.withLock { $0.criteria += 1 }
    return Criterion(pruner: self, statistics: statistics)
  }

  private struct Criterion: PruningCriterion {
    let pruner: RecordingPruner
    let statistics: InputStatistics

    func prune(
      _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
    ) throws(PruningError) -> PruningOutcome {
      pruner.records.withLock { $0.statistics[linear] = statistics }
      return try MagnitudePruner().prune(&weight, given: statistics, to: pattern, linear: linear)
    }
  }

  subscript(_ linear: String) -> InputStatistics? { records.withLock { $0.statistics[linear] } }
  /// How often it was told of inputs.
  var criteria: Int { records.withLock(\.criteria) }
}

/// The walk over a model.
@Suite struct ModelPrunerTests {
  static let half = SparsityPattern.unstructured(0.5)

  @Test(arguments: TinyModels.names)
  func linearsWithTheSameInputsShareStatistics(_ name: String) throws {
    let dense = try TinyModels.load(name)
    let samples = try TinyModels.calibration()
    let recorder = RecordingPruner()
    var model = dense
    _ = try ModelPruner(recorder).prune(
      &model, patterns: Array(repeating: Self.half, count: 4), calibration: samples)

    // The observer of a pass through the model as it was at that time.
    var hidden = dense.embed(samples)
    for (index, block) in dense.blocks.enumerated() {
      var expected: [LinearRole: InputStatistics] = [:]
      var copy = hidden
      block.apply(to: &copy, sequences: samples.sequences) { inputs, roles in
        let sums = ShapleyPruneTests.statistics(inputs, sequences: samples.sequences)
        for role in roles { expected[role] = sums }
      }
      #expect(Set(expected.keys) == Set(block.roles), "every linear's inputs are seen")
      for role in block.roles {
        let found = try #require(recorder["\(block[role].name)"])
        #expect(found.squares() == expected[role]?.squares())
        #expect(found.gram == expected[role]?.gram)
        #expect(found.sequences == samples.sequences)
      }
      #expect(recorder["\(block[.query].name)"]?.squares() == recorder["\(block[.key].name)"]?.squares())
      #expect(recorder["\(block[.query].name)"]?.squares() == recorder["\(block[.value].name)"]?.squares())
      #expect(recorder["\(block[.query].name)"]?.squares() != recorder["\(block[.output].name)"]?.squares())
      model.blocks[index].apply(to: &hidden, sequences: samples.sequences)
    }
    // Queries, keys and values see the same inputs, and so do gate and up.
    #expect(recorder.criteria == 4 * dense.blocks.count)
  }

  @Test(arguments: TinyModels.names)
  func propagationMattersFromTheSecondBlockOn(_ name: String) throws {
    let dense = try TinyModels.load(name)
    let samples = try TinyModels.calibration()
    for pruner in [WandaPruner(), SparseGPTPruner()] as [any Pruner] {
      func weights(_ propagation: ModelPruner.Propagation) throws -> [[[UInt32]]] {
        var model = dense
        _ = try ModelPruner(pruner, propagation: propagation).prune(
          &model, patterns: Array(repeating: Self.half, count: 4), calibration: samples)
        return model.blocks.map { block in block.roles.map { block[$0].weight.widened().bits } }
      }
      let (pruned, unpruned) = (try weights(.pruned), try weights(.dense))
      #expect(pruned[0] == unpruned[0])
      for block in 1..<4 { #expect(pruned[block] != unpruned[block], "block \(block)") }

      // With dense propagation a block does not notice what happens to the others.
      var model = dense
      let alone: [SparsityPattern] = [.unstructured(0.9), .unstructured(0), Self.half, .unstructured(0)]
      _ = try ModelPruner(pruner, propagation: .dense).prune(&model, patterns: alone, calibration: samples)
      let block = model.blocks[2]
      #expect(block.roles.map { block[$0].weight.widened().bits } == unpruned[2])
    }
  }

  @Test(arguments: TinyModels.names)
  func resultsDoNotDependOnThreads(_ name: String) throws {
    let dense = try TinyModels.load(name)
    let samples = try TinyModels.calibration()
    for pruner in allPruners {
      func run(_ threads: Int) throws -> ([[UInt32]], [PruningOutcome]) {
        try Parallel.$threadCount.withValue(threads) {
          var model = dense
          let reports = try ModelPruner(pruner).prune(
            &model, patterns: Array(repeating: Self.half, count: 4), calibration: samples)
          return (model.weightBits, reports.flatMap { $0.linears.map(\.outcome) })
        }
      }
      let one = try run(1)
      for threads in [2, 5] {
        let many = try run(threads)
        #expect(many.0 == one.0 && many.1 == one.1, "\(pruner.name), \(threads) threads")
      }
    }
  }

  @Test(arguments: TinyModels.names)
  func reportsCountWhatIsThere(_ name: String) throws {
    let samples = try TinyModels.calibration()
    let patterns: [SparsityPattern] = [
      .unstructured(0.25), .unstructured(0.8), .structured(keep: 2, of: 4), .unstructured(1),
    ]
    for pruner in allPruners {
      var model = try TinyModels.load(name)
      let types = model.blocks.map { block in block.roles.map { block[$0].weight.elementType } }
      var steps: [Int] = []
      let reports = try ModelPruner(pruner).prune(&model, patterns: patterns, calibration: samples) { done, total in
        steps.append(done)
        #expect(total == 4)
      }
      #expect(steps == [1, 2, 3, 4])
      #expect(
        reports.map { $0.linears.map(\.pattern) }
          == zip(patterns, model.blocks).map { pattern, block in block.roles.map { _ in pattern } })
      for (report, block) in zip(reports, model.blocks) {
        #expect(report.linears.map(\.role) == block.roles)
        #expect(report.count == block.prunableParameters && report.zeros == block.prunedParameters)
        for linear in report.linears {
          #expect(linear.zeros == block[linear.role].weight.widened().zeroCount)
          #expect(linear.zeros >= linear.outcome.prunedCount)
        }
        // Floors over rows or tiles lose less than one weight of each.
        #expect(abs(report.sparsity - report.target) < 0.02)
      }
      #expect(model.blocks.map { block in block.roles.map { block[$0].weight.elementType } } == types)
    }
  }

  @Test(arguments: TinyModels.names)
  func sparsityZeroLeavesEveryBit(_ name: String) throws {
    let dense = try TinyModels.load(name)
    for pruner in allPruners {
      for sparsity in [0, -0.0] {
        var model = dense
        let reports = try ModelPruner(pruner).prune(
          &model, patterns: Array(repeating: .unstructured(sparsity), count: 4),
          calibration: try TinyModels.calibration())
        #expect(model.weightBits == dense.weightBits)
        #expect(reports.allSatisfy { $0.linears.allSatisfy { $0.outcome == PruningOutcome() } })
      }
    }
  }

  @Test func patternsAreCheckedBeforeAnyWork() throws {
    let samples = try TinyModels.calibration()
    let dense = try TinyModels.load("llama-v1")
    func failure(_ pruner: any Pruner, _ patterns: [SparsityPattern]) throws -> PruningError {
      var model = dense
      let error = try thrown(PruningError.self) {
        try ModelPruner(pruner).prune(&model, patterns: patterns, calibration: samples)
      }
      #expect(model.weightBits == dense.weightBits)
      return error
    }
    // The last block's pattern does not fit: 56 inputs are not whole groups of 16.
    let misfit = try failure(MagnitudePruner(), [Self.half, Self.half, Self.half, .structured(keep: 8, of: 16)])
    let down = "model.layers.3.mlp.down_proj.weight"
    #expect(misfit == .patternDoesNotFit(linear: down, columns: 56, keep: 8, of: 16))
    #expect(try failure(MagnitudePruner(), [Self.half]) == .wrongBlockCount(expected: 4, found: 1))
    let sparsities: [SparsityPattern] = [Self.half, Self.half, Self.half, .unstructured(1.5)]
    #expect(try failure(WandaPruner(), sparsities) == .sparsityOutOfRange(1.5))
    let blocks = SparseGPTPruner(blockSize: 6)
    let groups = Array(repeating: SparsityPattern.structured(keep: 2, of: 4), count: 4)
    #expect(try failure(blocks, groups) == .blockSizeDoesNotFit(blockSize: 6, of: 4))
    let zero = SparseGPTPruner(blockSize: 0)
    #expect(try failure(zero, Array(repeating: Self.half, count: 4)) == .blockSizeOutOfRange(0))
  }

  @Test func noSamplesAreAnErrorWhereStatisticsAreNeeded() throws {
    let none = TokenBatch(tokens: [], length: 32)
    let patterns = Array(repeating: Self.half, count: 4)
    for pruner in [WandaPruner(), SparseGPTPruner()] as [any Pruner] {
      var model = try TinyModels.load("opt-125m")
      let error = try thrown(PruningError.self) {
        try ModelPruner(pruner).prune(&model, patterns: patterns, calibration: none)
      }
      #expect(error == .noInputs(linear: "model.decoder.layers.0.self_attn.k_proj.weight"))
    }
    var model = try TinyModels.load("opt-125m")
    #expect(try ModelPruner(MagnitudePruner()).prune(&model, patterns: patterns, calibration: none).count == 4)
  }

  @Test func updateBeyondTheLargestNumberOfTheTypeIsAnError() throws {
    var model = try TinyModels.load("opt-125m")
    let name = "\(model.blocks[1][.query].name)"
    let large = Matrix(rows: 64, columns: 64, elements: (0..<64 * 64).map { $0 % 3 == 0 ? 65000 : -65000 })
    model.blocks[1][.query].weight = StoredMatrix(large, as: .float16)
    let error = try thrown(PruningError.self) {
      try ModelPruner(SparseGPTPruner()).prune(
        &model, patterns: Array(repeating: Self.half, count: 4), calibration: try TinyModels.calibration())
    }
    guard case .weightOutOfRange(name, _, .float16) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(error.description.contains(name) && error.description.contains("F16"))
  }
}
