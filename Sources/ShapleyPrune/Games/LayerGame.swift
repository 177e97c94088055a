import Support
import Tensor
import Transformer

/// The game whose players are the parts of a model: its blocks, their halves, or their linears.
///
/// A coalition is the set of players that are intact; its value tells how well the model predicts the evaluation windows with
/// the others absent.
public struct LayerGame: Game {
  /// What an absent player is.
  public enum Absence: Sendable {
    /// The identity: the residual stream passes by. Not for linears, which have no such stream of their own.
    case bypassed
    /// The player with its linears pruned; here the forms of all blocks of the model.
    case replaced([PrunedForm])
  }

  /// What a coalition is worth.
  public enum Value: String, Sendable, CaseIterable {
    /// Minus the mean negative log-likelihood a token: bounded, and additive over tokens.
    case nll
    /// Minus the perplexity.
    case perplexity

    /// The worth of a coalition whose windows have these mean negative log-likelihoods, summed in their order.
    package func worth(windowMeans: [Double]) -> Double {
      let mean = windowMeans.reduce(0, +) / Double(windowMeans.count)
      return self == .nll ? -mean : -Math.exp(mean)
    }
  }

  /// With packed weights, where memory allows: every block is passed again and again.
  private let model: any CausalLM
  private let windows: TokenBatch
  private let absence: Absence
  private let value: Value
  private let memory: WorkingMemory
  private let progress: ((_ completed: Int, _ total: Int) -> Void)?
  private let stages: [ForwardStep]
  /// What was measured before, and where to put what is measured.
  private let ledger: any MeasurementStore

  /// How many players the game has.
  public let playerCount: Int

  /// Steps of one pass through the model: blocks, or halves of blocks where the players are smaller.
  public var stageCount: Int { stages.count }

  /// Stages that all coalitions asked for so far need, whether or not a ledger knew some: the unit of cost.
  public private(set) var stagesAsked = 0

  private var strips: [TokenBatch] { windows.strips(ofRows: memory.stripRows) }

  /// A game on `windows`; `progress` is told of the stages applied and their number, one window strip after the other.
  ///
  /// `memory` says how many tokens are in the model at a time.
  ///
  /// - Precondition: linears are not bypassed.
  public init(
    _ model: any CausalLM, players: Granularity = .blocks, windows: TokenBatch, absence: Absence, value: Value = .nll,
    memory: WorkingMemory = WorkingMemory(),
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) {
    self.init(
      model, players: players, windows: windows, absence: absence, value: value, memory: memory,
      ledger: NoMeasurementStore(),
      progress: progress)
  }

  /// A game that finds in a ledger what was measured before, and enters there what it measures.
  package init(
    _ model: any CausalLM, players: Granularity = .blocks, windows: TokenBatch, absence: Absence, value: Value = .nll,
    memory: WorkingMemory = WorkingMemory(), ledger: any MeasurementStore,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) {
    let room = memory.packedWeightBytes
    self.model = model.packed(within: room)
    self.windows = windows
    self.absence = absence.packed(for: model, within: room - model.packedByteCount)
    self.value = value
    self.memory = memory
    self.ledger = ledger
    self.progress = progress
    stages = ForwardStep.stages(of: model, players)
    playerCount = stages.last?.players.upperBound ?? 0
    precondition(players != .linears || !isBypassing, "a linear cannot be skipped")
  }

  /// The values of coalitions, each computed from the deepest state that it shares with another.
  ///
  /// The coalitions are walked as a trie over the stages, depth first: two of them that agree on the first players pass those
  /// once, a bypassed player costs nothing, and the states in memory are those at which the path branches.
  ///
  /// Throws what the ledger throws.
  public mutating func values(of coalitions: [Coalition]) throws -> [Double] {
    let strips = strips
    var means = [[Double]](repeating: [], count: coalitions.count)
    // What is missing differs from strip to strip where a run was cut off.
    var firstWindow = 0
    let tasks = strips.map { strip in
      defer { firstWindow += strip.sequences }
      let known = coalitions.map { ledger.means(of: $0, windows: firstWindow..<firstWindow + strip.sequences) }
      return (strip: strip, firstWindow: firstWindow, known: known)
    }
    let total = tasks.reduce(0) { sum, task in
      sum + stagesNeeded(for: zip(coalitions, task.known).filter { $0.1 == nil }.map(\.0))
    }
    var done = 0
    for task in tasks {
      if task.strip.sequences != strips.first?.sequences { AlignedStorage.trim() }
      var walk = TrieWalk(game: self, coalitions: coalitions, strip: task.strip, firstWindow: task.firstWindow) {
        [progress] in
        done += 1
        progress?(done, total)
      }
      walk.means = task.known
      let missing = coalitions.indices.filter { task.known[$0] == nil }
      if !missing.isEmpty { try walk.visit(depth: 0, missing, model.embed(task.strip)) }
      for index in coalitions.indices { means[index] += walk.means[index] ?? [] }
    }
    stagesAsked += stagesNeeded(for: coalitions)
    return means.map(value.worth)
  }

  /// How many stages must be applied for these coalitions: the edges of their trie that are not bypasses.
  public func stagesNeeded(for coalitions: [Coalition]) -> Int {
    func edges(_ depth: Int, _ group: [Coalition]) -> Int {
      guard depth < stages.count, !group.isEmpty else { return 0 }
      return branches(of: group, at: depth) { $0 }.reduce(0) { sum, branch in
        sum + (isBypassing && branch.members == 0 ? 0 : 1) + edges(depth + 1, branch.group)
      }
    }
    return edges(0, coalitions)
  }

  /// Seconds that one stage takes for all windows, from its first strip.
  package func secondsPerStage() -> Double {
    secondsForAll { strip in
      guard let stage = stages.first else { return }
      var hidden = model.embed(strip)
      stage.apply(model.blocks[stage.block], to: &hidden, sequences: strip.sequences)
    }
  }

  /// Seconds that the loss of one coalition takes for all windows, from the first strip.
  package func secondsPerLoss() -> Double { secondsForAll { _ = model.windowMeans(model.embed($0), of: $0) } }

  private func secondsForAll(_ work: (TokenBatch) -> Void) -> Double {
    guard let strip = strips.first else { return 0 }
    let start = ContinuousClock.now
    work(strip)
    return (ContinuousClock.now - start).seconds * Double(windows.sequences) / Double(strip.sequences)
  }

  private var isBypassing: Bool { if case .bypassed = absence { true } else { false } }

  /// A group of coalitions by who of them is present at a stage; ascending, so that the grand coalition's way comes last.
  private func branches<Element>(
    of group: [Element], at depth: Int, _ coalition: (Element) -> Coalition
  ) -> [(members: UInt64, group: [Element])] {
    Dictionary(grouping: group) { stages[depth].members(of: coalition($0)) }
      .map { (members: $0.key, group: $0.value) }.sorted { $0.members < $1.members }
  }

  /// One strip of windows on its way through the trie.
  private struct TrieWalk {
    let game: LayerGame
    let coalitions: [Coalition]
    let strip: TokenBatch
    let firstWindow: Int
    let applied: () -> Void
    /// The mean negative log-likelihoods of the strip's windows, for each coalition that has arrived.
    var means: [[Double]?] = []

    init(
      game: LayerGame, coalitions: [Coalition], strip: TokenBatch, firstWindow: Int, applied: @escaping () -> Void
    ) {
      self.game = game
      self.coalitions = coalitions
      self.strip = strip
      self.firstWindow = firstWindow
      self.applied = applied
    }

    /// Continues with the coalitions of `group`, all of which agree on the stages before `depth` and share `hidden` there.
    mutating func visit(depth: Int, _ group: [Int], _ hidden: consuming Matrix) throws {
      guard depth < game.stages.count else {
        let found = game.model.windowMeans(hidden, of: strip)
        for index in group {
          means[index] = found
          try game.ledger.enter(found, of: coalitions[index], firstWindow: firstWindow)
        }
        return
      }
      var branches = game.branches(of: group, at: depth) { coalitions[$0] }
      guard let last = branches.popLast() else { return }
      // The state is kept only where several ways are gone.
      for branch in branches { try follow(branch.members, depth, branch.group, copy hidden) }
      try follow(last.members, depth, last.group, hidden)
    }

    /// Continues behind the stage at `depth` with coalitions of which the same players are present there.
    private mutating func follow(
      _ members: UInt64, _ depth: Int, _ group: [Int], _ hidden: consuming Matrix
    ) throws {
      let stage = game.stages[depth]
      let dense = game.model.blocks[stage.block]
      switch game.absence {
      case .bypassed where members == 0:
        try visit(depth: depth + 1, group, hidden)
      case .bypassed:
        try visit(depth: depth + 1, group, try pass(stage, dense, hidden))
      case .replaced(let forms):
        // The block has no name here: it would be held until the way behind it has been gone.
        try visit(
          depth: depth + 1, group,
          try pass(stage, forms[stage.block].block(dense, roles: stage.absentRoles(members: members)), hidden))
      }
    }

    private func pass(_ stage: ForwardStep, _ block: any TransformerBlock, _ hidden: consuming Matrix) throws -> Matrix
    {
      var hidden = hidden
      try game.ledger.proceed()
      stage.apply(block, to: &hidden, sequences: strip.sequences)
      applied()
      return hidden
    }
  }
}

extension LayerGame.Absence {
  /// The same with the forms in full and packed, or as it is where that takes more than so many bytes.
  fileprivate func packed(for model: any CausalLM, within byteCount: Int) -> LayerGame.Absence {
    guard case .replaced(let forms) = self else { return self }
    let pairs = Array(zip(forms, model.blocks))
    guard pairs.reduce(0, { $0 + $1.0.packedByteCount(for: $1.1) }) <= byteCount else { return self }
    return .replaced(pairs.map { $0.packed(for: $1) })
  }

  /// Absent blocks as a pruner leaves them: each with statistics of the dense model, so that they mix with intact ones freely.
  ///
  /// Throws `PruningError` as `ModelPruner.prune`.
  public static func pruned(
    _ model: any CausalLM, by pruner: any Pruner, to sparsity: Double, calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) -> LayerGame.Absence {
    try pruned(
      model, by: ModelPruner(pruner, propagation: .dense), to: sparsity, calibration: calibration, progress: progress)
  }

  package static func pruned(
    _ model: any CausalLM, by modelPruner: ModelPruner, to sparsity: Double, calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) -> LayerGame.Absence {
    var copy = model
    var forms: [PrunedForm] = []
    let patterns = Array(repeating: BlockPattern(.unstructured(sparsity)), count: model.blocks.count)
    _ = try modelPruner.prune(&copy, patterns: patterns, calibration: calibration, progress: progress) { index, block in
      let dense = model.blocks[index]
      forms.append(PrunedForm(block, from: dense))
      // One pruned block at a time is held in full.
      block = dense
    }
    return .replaced(forms)
  }
}
