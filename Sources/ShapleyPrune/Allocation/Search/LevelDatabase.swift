import Tensor
import Transformer

/// Every linear of a model pruned to every level of a search, with statistics of the dense model, so that all levels of all linears can be
/// combined.
struct LevelDatabase {
  private let model: any CausalLM
  private let levels: SearchLevels
  /// The linears in the order of the levels.
  private let players: [Player]
  /// The linears of each block: a range of `players`.
  private let playersOfBlock: [Range<Int>]
  /// The pruned forms of each block: that of a level is at the level less the least of all.
  private var forms: [[PrunedForm]] = []
  private let least: Int

  /// Prunes the linears of the model to all levels, block by block; `progress` is told the blocks done and their number.
  ///
  /// One pass of the samples, and for each level the cost of pruning the model once. Throws `PruningError`, and `StopRequested` where the
  /// token says stop between two blocks.
  ///
  /// - Parameter pruner: with the dense model's propagation.
  init(
    of model: any CausalLM, _ levels: SearchLevels, by pruner: ModelPruner, calibration: TokenBatch, stop: StopToken,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws {
    self.model = model
    self.levels = levels
    players = Granularity.linears.cut(model)
    var first = 0
    playersOfBlock = model.blocks.map { block in
      defer { first += block.roles.count }
      return first..<first + block.roles.count
    }
    least = levels.ranges.map(\.lowerBound).min() ?? 0
    let greatest = levels.ranges.map(\.upperBound).max() ?? 0
    let kind = pruner.pruner.statistics
    var walk = kind > .none ? CalibrationWalk(calibration, through: model, memory: pruner.memory) : nil
    for (index, dense) in model.blocks.enumerated() {
      try stop.check()
      let statistics = MemoryPool.shared.phase { walk?.advance(through: dense, collecting: kind) }
      forms.append(
        try (least...greatest).map { level in
          var block = dense
          _ = try pruner.prune(
            &block, dense.roles, to: pattern(ofBlock: index, at: level),
            given: statistics ?? BlockStatistics(.none), scales: pruner.sensitivity?.scales[index])
          return PrunedForm(block, from: dense)
        })
      progress?(index + 1, model.blocks.count)
    }
  }

  /// The pattern of a block whose linears all have a level; those that do not have it stay dense.
  private func pattern(ofBlock index: Int, at level: Int) -> BlockPattern {
    var pattern = BlockPattern(.unstructured(0))
    for player in playersOfBlock[index] where levels.ranges[player].contains(level) {
      for role in players[player].roles {
        pattern.exceptions[role] = .unstructured(levels.sparsity(player, at: level))
      }
    }
    return pattern
  }

  /// A block with each linear in the form of its level; O(weights) where forms are masks.
  func block(_ index: Int, at chosen: [Int]) -> any TransformerBlock {
    playersOfBlock[index].reduce(model.blocks[index]) { block, player in
      forms[index][chosen[player] - least].block(block, roles: players[player].roles)
    }
  }

  /// The sum of the divergences of a candidate from the dense model over the tokens of some windows, divided by their number.
  ///
  /// A whole forward pass; the windows pass in strips.
  func divergence(
    at chosen: [Int], from dense: DenseDistribution, windows: [Int], memory: WorkingMemory
  ) -> Double {
    let length = dense.windows.length
    let step = BatchShape(sequences: windows.count, length: length).strip(ofRows: memory.stripRows).sequences
    let strips = stride(from: 0, to: windows.count, by: step).map { Array(windows[$0..<min(windows.count, $0 + step)]) }
    var sum = 0.0
    strips.forEachPhase(of: \.count) { strip in
      let tokens = dense.windows[sequences: strip]
      var hidden = model.embed(tokens)
      for index in model.blocks.indices { block(index, at: chosen).apply(to: &hidden, sequences: strip.count) }
      sum += dense.divergence(of: model, hidden, windows: strip)
    }
    return sum / Double(windows.count * length)
  }

  /// What the forms of all levels hold: masks and one block in full, or the weights once for each level.
  static func footprint(_ forecast: MemoryForecast, _ pruner: any Pruner) -> [Footprint.Part] {
    let block = forecast.linearsOfBlock
    let weights = block * Double(forecast.shape.blockCount) * Double(2 * SearchLevels.usualReach + 1)
    let stored = Double(forecast.shape.storedByteCount)
    guard !pruner.updatesWeights else { return [Footprint.Part("levels of linears", weights * stored)] }
    return [Footprint.Part("levels of linears", weights / 8), Footprint.Part("a pruned block", block * stored)]
  }
}
