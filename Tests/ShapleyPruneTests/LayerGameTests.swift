import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// A model that computes nothing: for counting.
private struct CountingModel: CausalLM {
  struct Block: TransformerBlock {
    let roles: [LinearRole] = []
    let groups: [[LinearRole]] = []
    var linear = Linear(name: "none", weight: StoredMatrix(Matrix(rows: 1, columns: 1), as: .float32), bias: nil)
    subscript(role: LinearRole) -> Linear {
      get { linear }
      set { linear = newValue }
    }
    func apply(
      _ sublayer: Sublayer, to hidden: inout Matrix, sequences: Int, caches: SequenceCaches?,
      observing observer: InputObserver?
    ) {}
    func backward(
      inputs hidden: Matrix, gradient: inout Matrix, sequences: Int, observing observer: GradientObserver
    ) {}
  }

  var blocks: [any TransformerBlock]
  let hiddenSize = 1
  let maximumPositions = 2
  let head = StoredMatrix(Matrix(rows: 1, columns: 1), as: .float32)
  let parameterCount = 0

  init(_ count: Int) { blocks = Array(repeating: Block(), count: count) }
  func embed(_ tokens: [Int], positions: [Int]) -> Matrix { Matrix(rows: tokens.count, columns: 1) }
  func headInputs(_ hidden: Matrix) -> Matrix { hidden }
  func hiddenGradient(_ gradient: Matrix, at hidden: Matrix) -> Matrix { gradient }
}

/// The game of the blocks against one coalition at a time.
@Suite struct LayerGameTests {
  static let all = (0..<16).map { mask in Coalition((0..<4).filter { mask >> $0 & 1 == 1 }, of: 4) }

  /// Forms that are the blocks as they are.
  private func forms(of model: any CausalLM) -> [PrunedForm] { model.blocks.map { PrunedForm($0, from: $0) } }

  /// Edges of the trie, counted as the different prefixes of the coalitions that end in a block that is applied.
  private func edges(_ coalitions: [Coalition], bypassing: Bool) -> Int {
    var prefixes: Set<[Bool]> = []
    for coalition in coalitions {
      let bits = (0..<coalition.playerCount).map(coalition.contains)
      for depth in bits.indices where bits[depth] || !bypassing { prefixes.insert(Array(bits[...depth])) }
    }
    return prefixes.count
  }

  @Test(arguments: ["llama3-gqa", "opt-350m"], [false, true])
  func valuesAreThoseOfEachCoalitionAlone(_ name: String, _ isBypassing: Bool) throws {
    let model = try TinyModels.load(name)
    let windows = randomTokens(70, 64, below: 512)
    let strips = windows.strips(ofRows: WorkingMemory().stripRows).count
    #expect(strips == 2)
    let samples = try TinyModels.calibration()
    let absence = try SmallWeights.$leaveOutZeros.withValue(true) {
      isBypassing ? LayerGame.Absence.bypassed : try .pruned(model, by: WandaPruner(), to: 0.7, calibration: samples)
    }
    func alone(_ coalition: Coalition) -> Double {
      var hidden = model.embed(windows)
      for (index, block) in model.blocks.enumerated() {
        if coalition.contains(index) {
          block.apply(to: &hidden, sequences: windows.sequences)
        } else if case .replaced(let forms) = absence {
          forms[index].block(block).apply(to: &hidden, sequences: windows.sequences)
        }
      }
      return model.windowMeans(hidden, of: windows).reduce(0, +) / 70
    }
    let means = Self.all.map(alone)
    #expect(Set(means).count == 16, "every coalition is worth something else")

    var calls: [Int] = []
    let needed = edges(Self.all, bypassing: isBypassing)
    var game = LayerGame(model, granularity: .blocks, windows: windows, absence: absence) { applied, total in
      calls.append(applied)
      #expect(total == needed * strips)
    }
    // Out of order and with a repetition.
    let order = Array(Self.all.reversed()) + [Self.all[5]]
    #expect(try game.values(of: order) == order.map { coalition in -means[Self.all.firstIndex(of: coalition) ?? 0] })
    #expect(game.forwardStepsAsked == needed)
    #expect(calls == Array(1...needed * strips))
    #expect(needed == (isBypassing ? 15 : 30))

    var perplexities = LayerGame(model, granularity: .blocks, windows: windows, absence: absence, value: .perplexity)
    #expect(try perplexities.values(of: [Self.all[15]]) == [-model.perplexity(windows).perplexity])
    #expect(try perplexities.values(of: [Self.all[6]]) == [-Math.exp(means[6])])
  }

  @Test(arguments: [false, true])
  func absentBlocksArePrunedWithStatisticsOfTheDenseModel(_ leavingOutZeros: Bool) throws {
    try SmallWeights.$leaveOutZeros.withValue(leavingOutZeros) { try absentBlocks() }
  }

  private func absentBlocks() throws {
    let model = try TinyModels.load("opt-350m")
    let samples = try TinyModels.calibration()
    guard
      case .replaced(let forms) = try LayerGame.Absence.pruned(
        model, by: SparseGPTPruner(), to: 0.6, calibration: samples)
    else {
      Issue.record("pruned blocks replace others")
      return
    }
    var expected = model
    _ = try ModelPruner(SparseGPTPruner(), propagation: .dense).prune(
      &expected, patterns: Array(repeating: .unstructured(0.6), count: 4), calibration: samples)
    var found = model
    found.blocks = zip(forms, model.blocks).map { $0.block($1) }
    #expect(found.weightBits == expected.weightBits)
    // As they are multiplied: without their zeros where that is faster, else as stored.
    let held = expected.blocks.map { block in
      block.roles.reduce(0) { $0 + block[$1].weight.inFasterForm(for: .manyTokens, modelBytes: .max).residentByteCount }
    }
    #expect(forms.map(\.byteCount) == held)
    #expect(throws: PruningError.sparsityOutOfRange(2)) {
      try LayerGame.Absence.pruned(model, by: MagnitudePruner(), to: 2, calibration: samples)
    }
  }

  @Test(
    "Absent players without their zeros are worth what they are worth with them, whether forms are kept or made each time",
    arguments: TinyModels.names)
  func formsWithoutZeros(_ name: String) throws {
    let model = try TinyModels.load(name)
    let samples = try TinyModels.calibration()
    let windows = randomTokens(4, 64, below: 512)
    for pruner in [WandaPruner(), SparseGPTPruner()] as [any Pruner] {
      var pruned = model
      _ = try ModelPruner(pruner, propagation: .dense).prune(
        &pruned, patterns: Array(repeating: .unstructured(0.8), count: model.blocks.count), calibration: samples)
      func values(leavingOutZeros: Bool, packedBytes: Int) throws -> (values: [Double], bytes: Int) {
        let forms = SmallWeights.$leaveOutZeros.withValue(true) {
          zip(pruned.blocks, model.blocks).map { PrunedForm($0, from: $1, leavingOutZeros: leavingOutZeros) }
        }
        var game = LayerGame(
          model, granularity: .blocks, windows: windows, absence: .replaced(forms),
          memory: WorkingMemory(packedWeightBytes: packedBytes, sparseFormBytes: packedBytes))
        return (try game.values(of: Self.all), forms.reduce(0) { $0 + $1.byteCount })
      }
      let full = try values(leavingOutZeros: false, packedBytes: 1 << 30)
      let (kept, made) = (
        try values(leavingOutZeros: true, packedBytes: 1 << 30), try values(leavingOutZeros: true, packedBytes: 0)
      )
      #expect(kept.values == made.values)
      for (value, expected) in zip(kept.values, full.values) { #expect(abs(value - expected) < 1e-5 * abs(expected)) }
      // 0.2 of the weights and a bit for each place, but for rounding and the number of each row's first one.
      if pruner.updatesWeights { #expect(Double(kept.bytes) < 0.45 * Double(full.bytes)) }
    }
  }

  @Test("Where a method only clears weights, a bit a weight is held", arguments: ["llama3-gqa", "opt-125m"])
  func masks(_ name: String) throws {
    let model = try TinyModels.load(name)
    let samples = try TinyModels.calibration()
    for pruner in [MagnitudePruner(), WandaPruner()] as [any Pruner] {
      guard case .replaced(let forms) = try LayerGame.Absence.pruned(model, by: pruner, to: 0.6, calibration: samples)
      else {
        Issue.record("pruned blocks replace others")
        return
      }
      var expected = model
      _ = try ModelPruner(pruner, propagation: .dense).prune(
        &expected, patterns: Array(repeating: .unstructured(0.6), count: 4), calibration: samples)
      var found = model
      found.blocks = zip(forms, model.blocks).map { $0.block($1) }
      #expect(found.weightBits == expected.weightBits)
      #expect(forms.map(\.byteCount) == model.blocks.map { $0.prunableParameters / 8 })
      // One linear in the pruned form, the others as they were.
      let mixed = forms[1].block(model.blocks[1], roles: [.value])
      for role in mixed.roles {
        let source = role == .value ? expected : model
        #expect(mixed[role].weight.widened() == source.blocks[1][role].weight.widened())
      }
    }
  }

  @Test(arguments: [1, 2, 5, 17, 70])
  func forwardStepsNeededAreTheEdgesOfTheTrie(_ players: Int) throws {
    var generator = SeededGenerator(seed: UInt64(players))
    let model = CountingModel(players)
    for count in [0, 1, 3, 40] {
      let coalitions = (0..<count).map { _ in
        Coalition((0..<players).filter { _ in generator.below(4) > 0 }, of: players)
      }
      for isBypassing in [true, false] {
        let absence = isBypassing ? LayerGame.Absence.bypassed : .replaced(forms(of: model))
        var game = LayerGame(
          model, granularity: .blocks, windows: TokenBatch(tokens: [0, 0], length: 2), absence: absence)
        let expected = edges(coalitions, bypassing: isBypassing)
        #expect(game.forwardStepsNeeded(for: coalitions) == expected)
        #expect(try game.values(of: coalitions).count == count)
        _ = try game.values(of: coalitions)
        #expect(game.forwardStepsAsked == 2 * expected)
      }
    }
  }

  /// Players, window length, and the share of blocks applied, absence pruned and bypassed.
  static let shares: [(Int, Int, Double, Double)] = [
    (12, 3, 0.504, 0.422), (12, 5, 0.425, 0.342), (12, 7, 0.345, 0.262), (24, 3, 0.501, 0.460), (24, 5, 0.460, 0.419),
    (24, 7, 0.419, 0.377), (32, 3, 0.501, 0.470), (32, 5, 0.470, 0.439), (32, 7, 0.439, 0.407),
  ]

  @Test("What sharing saves with sliding windows", arguments: shares)
  func sharesOfSlidingWindows(_ players: Int, _ length: Int, _ pruned: Double, _ bypassed: Double) throws {
    var recorded = MemoisedGame(RecordingGame(AdditiveGame(weights: Array(repeating: 1, count: players))))
    _ = try SlidingWindowShapley(length: length).estimate(&recorded)
    // The empty coalition is asked for beside the windows and is none of them.
    let coalitions = recorded.game.batches.flatMap { $0 }.filter { !$0.isEmpty }
    #expect(Set(coalitions).count == coalitions.count)
    let model = CountingModel(players)
    for (absence, expected) in [(LayerGame.Absence.replaced(forms(of: model)), pruned), (.bypassed, bypassed)] {
      let game = LayerGame(
        model, granularity: .blocks, windows: TokenBatch(tokens: [0, 0], length: 2), absence: absence)
      let share = Double(game.forwardStepsNeeded(for: coalitions)) / Double(coalitions.count * players)
      #expect(abs(share - expected) < 0.0005 + 1e-12, "\(share)")
    }
  }
}
