import Support
import Tensor
import Transformer

/// The game whose players are the blocks of a model.
///
/// A coalition is the set of blocks that are intact; its value tells how well the model predicts the evaluation windows with
/// the other blocks absent.
public struct LayerGame: Game {
  /// What an absent block is.
  public enum Absence: Sendable {
    /// The identity: the residual stream passes by.
    case bypassed
    /// The block with its linears pruned; one for each block of the model.
    case replaced([any TransformerBlock])
  }

  /// What a coalition is worth.
  public enum Value: String, Sendable, CaseIterable {
    /// Minus the mean negative log-likelihood a token: bounded, and additive over tokens.
    case nll
    /// Minus the perplexity.
    case perplexity
  }

  private let model: any CausalLM
  private let windows: TokenBatch
  private let absence: Absence
  private let value: Value
  private let memory: WorkingMemory
  private let progress: ((_ completed: Int, _ total: Int) -> Void)?

  /// Blocks that were applied to all windows so far: the unit of cost.
  public private(set) var blocksApplied = 0

  /// A game on `windows`; `progress` is told of the blocks applied and their number, one window strip after the other.
  ///
  /// `memory` says how many tokens are in the model at a time.
  public init(
    _ model: any CausalLM, windows: TokenBatch, absence: Absence, value: Value = .nll,
    memory: WorkingMemory = WorkingMemory(),
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) {
    self.model = model
    self.windows = windows
    self.absence = absence
    self.value = value
    self.memory = memory
    self.progress = progress
  }

  /// One player a block.
  public var playerCount: Int { model.blocks.count }

  /// The values of coalitions, each computed from the deepest state that it shares with another.
  ///
  /// The coalitions are walked as a trie over the blocks, depth first: two of them that agree on the first blocks pass those
  /// once, a bypassed block costs nothing, and the states in memory are those at which the path branches.
  public mutating func values(of coalitions: [Coalition]) -> [Double] {
    let strips = windows.strips(ofRows: memory.stripRows)
    var sums = [Double](repeating: 0, count: coalitions.count)
    var applied = 0
    let edges = blocksNeeded(for: coalitions)
    for strip in strips {
      if strip.sequences != strips.first?.sequences { AlignedStorage.trim() }
      var walk = TrieWalk(game: self, coalitions: coalitions, strip: strip, sums: sums) { [progress] in
        applied += 1
        progress?(applied, edges * strips.count)
      }
      walk.visit(depth: 0, Array(coalitions.indices), model.embed(strip))
      sums = walk.sums
    }
    blocksApplied += edges
    return sums.map { sum in
      let mean = sum / Double(windows.sequences)
      return value == .nll ? -mean : -Math.exp(mean)
    }
  }

  /// How many blocks must be applied for these coalitions: the edges of their trie that are not bypasses.
  public func blocksNeeded(for coalitions: [Coalition]) -> Int {
    func edges(_ depth: Int, _ group: [Int]) -> Int {
      guard depth < playerCount, !group.isEmpty else { return 0 }
      let present = group.filter { coalitions[$0].contains(depth) }
      let absent = group.filter { !coalitions[$0].contains(depth) }
      let own = (present.isEmpty ? 0 : 1) + (absent.isEmpty || isBypassing ? 0 : 1)
      return own + edges(depth + 1, present) + edges(depth + 1, absent)
    }
    return edges(0, Array(coalitions.indices))
  }

  private var isBypassing: Bool { if case .bypassed = absence { true } else { false } }

  /// One strip of windows on its way through the trie.
  private struct TrieWalk {
    let game: LayerGame
    let coalitions: [Coalition]
    let strip: TokenBatch
    /// Σ over the windows of their mean negative log-likelihoods, a coalition each.
    var sums: [Double]
    let applied: () -> Void

    /// Continues with the coalitions of `group`, all of which agree on the blocks before `depth` and share `hidden` there.
    mutating func visit(depth: Int, _ group: [Int], _ hidden: consuming Matrix) {
      guard !group.isEmpty else { return }
      guard depth < game.playerCount else {
        let means = game.model.windowMeans(hidden, of: strip)
        for index in group { for mean in means { sums[index] += mean } }
        return
      }
      let absent = group.filter { !coalitions[$0].contains(depth) }
      let present = group.filter { coalitions[$0].contains(depth) }
      // The state is kept only where both ways are gone.
      if present.isEmpty { return visitWithout(depth, absent, hidden) }
      if !absent.isEmpty { visitWithout(depth, absent, copy hidden) }
      visit(depth: depth + 1, present, applying(game.model.blocks[depth], to: hidden))
    }

    /// Continues behind the block at `depth` with coalitions from which it is absent.
    private mutating func visitWithout(_ depth: Int, _ group: [Int], _ hidden: consuming Matrix) {
      switch game.absence {
      case .bypassed: visit(depth: depth + 1, group, hidden)
      case .replaced(let blocks): visit(depth: depth + 1, group, applying(blocks[depth], to: hidden))
      }
    }

    private func applying(_ block: any TransformerBlock, to hidden: consuming Matrix) -> Matrix {
      var hidden = hidden
      block.apply(to: &hidden, sequences: strip.sequences)
      applied()
      return hidden
    }
  }
}

extension LayerGame.Absence {
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
    let patterns = Array(repeating: SparsityPattern.unstructured(sparsity), count: model.blocks.count)
    _ = try modelPruner.prune(&copy, patterns: patterns, calibration: calibration, progress: progress)
    return .replaced(copy.blocks)
  }
}
