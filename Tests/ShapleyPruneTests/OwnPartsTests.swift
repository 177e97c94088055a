import ShapleyPrune
import Support
import Synchronization
import Tensor
import TestSupport
import Testing
import Transformer

/// What a program does with single parts: weights, statistics and values of its own, and models in memory.
@Suite(.serialized) struct OwnPartsTests {
  private static let calibration = Path.join(Fixtures.repository, "Sources/svnup/Resources/kjv-text/calibration.txt")

  static let methods: [any Pruner] = [.wanda, .sparseGPT(), .admm(), .alps]

  @Test("Statistics of another number of inputs are refused by every method, and the weight keeps every bit")
  func wrongInputs() throws {
    let weight = Matrix.random(4, 16, seed: 1)
    for pruner in Self.methods {
      for inputs in [8, 24] {
        var statistics = InputStatistics(inputs: inputs, kind: pruner.statistics)
        #expect(statistics.inputs == inputs)
        statistics.accumulate(.random(40, inputs, seed: 2), sequences: 1)
        var pruned = weight
        let error = PruningError.wrongInputCount(linear: "fc1", expected: 16, found: inputs)
        #expect(throws: error) {
          try pruner.prune(&pruned, given: statistics, to: .unstructured(0.5), linear: "fc1")
        }
        #expect(throws: error) {
          try pruner.criterion(for: statistics, linear: "fc1").prune(&pruned, to: .unstructured(0.5), linear: "fc1")
        }
        #expect(pruned.bits == weight.bits)
      }
    }
  }

  @Test("Sums from elsewhere prune as those that are accumulated")
  func givenSums() throws {
    let (weight, inputs) = (Matrix.random(4, 16, seed: 1), Matrix.random(40, 16, seed: 2))
    for pruner in Self.methods {
      var statistics = InputStatistics(inputs: 16, kind: pruner.statistics)
      statistics.accumulate(inputs, sequences: 2)
      let given =
        statistics.gram.map { InputStatistics(gram: $0, sequences: 2) }
        ?? InputStatistics(squares: statistics.squares(), sequences: 2)
      var (first, second) = (weight, weight)
      let wanted = try pruner.prune(&first, given: statistics, to: .structured(keep: 2, of: 4), linear: "fc1")
      #expect(try pruner.prune(&second, given: given, to: .structured(keep: 2, of: 4), linear: "fc1") == wanted)
      #expect(first.bits == second.bits && first.bits != weight.bits)
    }
  }

  @Test("Sums that a method needs and does not get are named", arguments: [StatisticsKind.none, .squares])
  func missingSums(kind: StatisticsKind) throws {
    var weight = Matrix.random(4, 16, seed: 1)
    var statistics = InputStatistics(inputs: 16, kind: kind)
    statistics.accumulate(.random(40, 16, seed: 2), sequences: 1)
    for pruner in Self.methods where pruner.statistics > kind {
      #expect(throws: PruningError.missingSums(linear: "fc1", needed: pruner.statistics)) {
        try pruner.prune(&weight, given: statistics, to: .unstructured(0.5), linear: "fc1")
      }
    }
  }

  @Test("Settings outside their ranges are refused before anything is computed")
  func settings() throws {
    var (alps, admm) = (ALPSPruner(interval: 0), ADMMPruner(iterations: 0))
    #expect(alps.iterations == 300 && alps.refinements == 10)
    var weight = Matrix.random(4, 16, seed: 1)
    let statistics = InputStatistics(gram: Matrix(rows: 16, columns: 16), sequences: 1)
    for pruner: any Pruner in [alps, admm] {
      do throws(PruningError) {
        _ = try pruner.prune(&weight, given: statistics, to: .unstructured(0.5), linear: "fc1")
        Issue.record("\(pruner.name) takes any setting")
      } catch {
        guard case .setting(pruner.name, _) = error else {
          Issue.record("\(pruner.name): \(error)")
          continue
        }
        #expect(FailureKind(error) == .invalidSetting)
      }
      let model = try TinyModels.load("llama3-gqa")
      let patterns = model.blocks.map { _ in BlockPattern(.unstructured(0.5)) }
      #expect(throws: PruningError.self) { try ModelPruner(pruner).check(model, patterns: patterns) }
    }
    (alps.interval, admm.iterations) = (1, 1)
    for pruner: any Pruner in [alps, admm] {
      #expect(throws: PruningError.noInputs(linear: "fc1")) {
        try pruner.prune(&weight, given: statistics, to: .unstructured(0.5), linear: "fc1")
      }
    }
    struct Foreign: Error {}
    #expect(FailureKind(Foreign()) == nil)
  }

  @Test(
    "A model that a program pruned is measured, saved, and reads back as it was; a record of another pruning stays behind"
  )
  func savedModel() throws {
    try withTemporaryFolder { folder in
      // A pruned directory with its record.
      let recorded = Path.join(folder, "recorded")
      let record = try PruneJob(ModelSource(Fixtures.embeddedModel), by: .magnitude, to: .unstructured(0.2)).run()
        .save(to: recorded)
      let read = try PruningRecord(directory: recorded)
      #expect(read.json.encoded() == record.json.encoded() && read.allocation.rule == "uniform")
      #expect(read.allocation.namedSparsities.map(\.sparsity) == Array(repeating: 0.2, count: 12))
      #expect(read.allocation.namedSparsities.last?.player == "11")

      let source = try ModelSource(recorded)
      var model = try source.load()
      let patterns = model.blocks.map { block in
        let mlp = block.roles.filter { $0.sublayer == .mlp }
        return BlockPattern(
          .unstructured(0), except: Dictionary(uniqueKeysWithValues: mlp.map { ($0, .structured(keep: 2, of: 4)) }))
      }
      _ = try ModelPruner(.magnitude).prune(
        &model, patterns: patterns, calibration: TokenBatch(tokens: [], length: 1))
      let output = Path.join(folder, "own")
      try source.save(model, to: output)
      #expect(throws: (any Error).self) { try source.save(model, to: output) }
      #expect(throws: (any Error).self) { try source.save(model, to: recorded, replacing: true) }
      try source.save(model, to: output, replacing: true)
      #expect(!FileSystem.exists(Path.join(output, PruningRecord.fileName)))

      let saved = try ModelSource(output).load()
      for (block, other) in zip(model.blocks, saved.blocks) {
        for role in block.roles {
          #expect(block[role].weight.widened().bits == other[role].weight.widened().bits)
        }
      }
      var measurement = PerplexityJob(source, data: .text(Self.calibration))
      (measurement.windows, measurement.sequenceLength) = (1, 64)
      let inMemory = try measurement.run(on: model).perplexity
      #expect(try measurement.run().perplexity != inMemory)
      measurement.model = try ModelSource(output)
      #expect(try measurement.run().perplexity == inMemory)
      var generation = GenerateJob(source)
      generation.limit = 8
      let text = try generation.run("In the beginning", on: model).text
      generation.model = try ModelSource(output)
      #expect(try generation.run("In the beginning").text == text)
    }
  }

  @Test("Values and sparsities of a program's own are saved, read back, and allocate")
  func savedValues() throws {
    try withTemporaryFolder { folder in
      let source = try ModelSource(Fixtures.embeddedModel)
      let players = Granularity.blocks.cut(try source.load())
      let values = ShapleyValues(
        values: players.indices.map { 1 / Double($0 + 1) }, emptyValue: 0, grandValue: 3, evaluations: 1,
        coalitionsAsked: 1, estimator: SlidingWindowShapley(length: 2))
      var settings = GameSettings()
      settings.granularity = .blocks
      settings.estimator = values.estimator
      let file = Path.join(folder, "values.json")
      let record = ShapleyRecord(values, of: players, settings: settings)
      try record.save(to: file)
      #expect(throws: (any Error).self) { try record.save(to: file) }
      let read = try ShapleyRecord(file)
      #expect(read.values.values == values.values && read.names == players.map(\.name))

      var job = PruneJob(source, by: .magnitude, to: .unstructured(0.5))
      job.allocation = .shapley(.values(read), spread: .number(0.1))
      let allocated = try job.run().record.allocation.namedSparsities
      #expect(allocated.map(\.player) == players.map(\.name))
      #expect(allocated.map(\.sparsity) == allocated.map(\.sparsity).sorted())

      let own = AllocationFile(try SparsityAllocation(allocated.map(\.sparsity)), for: players, .blocks)
      let plan = Path.join(folder, "plan.json")
      try own.save(to: plan)
      #expect(try AllocationFile(plan).allocation(for: players).sparsities == allocated.map(\.sparsity))
    }
  }

  @Test("A comparison asks before every task whether to stop, and goes on from what is there")
  func stoppedComparison() throws {
    try withTemporaryFolder { folder in
      var job = try CompareJob(
        [ModelSource(Fixtures.embeddedModel)], calibration: .text(Self.calibration),
        evaluations: [.text(Self.calibration)])
      job.methods = [MagnitudePruner()]
      job.rules = [.uniform]
      job.targets = [.unstructured(0.3), .unstructured(0.6)]
      (job.samples, job.sequenceLength, job.evaluationWindows) = (1, 64, 1)
      let whole = try job.run(in: Path.join(folder, "whole")).markdown
      let (asked, ended) = (Counter(), Counter())
      let cut = Path.join(folder, "cut")
      // The polling ends before each task, so that a signal ends whatever is no game at once.
      job.stop = StopToken(polling: { asked.next() > 1 }, atEnd: { _ = ended.next() })
      #expect(throws: Interruption(location: cut, measured: 1, unit: "results")) { try job.run(in: cut) }
      #expect(ended.next() == 2)
      job.stop = StopToken()
      #expect(try job.run(in: cut).markdown == whole)
      // What is there is counted, also where nothing was done this time.
      job.stop = StopToken(polling: { true })
      #expect(throws: Interruption(location: cut, measured: 3, unit: "results")) { try job.run(in: cut) }
    }
  }
}

/// Counts calls from any thread.
private final class Counter: Sendable {
  private let count = Atomic<Int>(0)

  func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
