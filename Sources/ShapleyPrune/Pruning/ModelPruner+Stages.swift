import Support
import Tensor
import Transformer

extension ModelPruner {
  /// Whether more is done than SparseGPT and Wanda do.
  var isStaged: Bool { propagation == .pruned && (targets == .dense || sequencing == .stage) }

  /// What is summed up over the inputs.
  package var statisticsKind: StatisticsKind { isStaged && targets == .dense ? .gram : pruner.statistics }

  /// Linears that are pruned one group after the other, and the halves of the block that samples pass when they are done.
  private func parts(of block: any TransformerBlock) -> [(sublayers: [Sublayer], stages: [[LinearRole]])] {
    switch sequencing {
    case .block: [(Sublayer.allCases, [block.roles])]
    case .stage:
      Sublayer.allCases.map { sublayer in ([sublayer], block.groups.filter { $0.first?.sublayer == sublayer }) }
    }
  }

  /// Prunes with the samples in two streams of hidden states: those of the model as it becomes and, for dense targets, those of the
  /// model as it was.
  func pruneInStages(
    _ model: inout any CausalLM, _ patterns: [BlockPattern], _ calibration: TokenBatch,
    _ progress: ((_ completed: Int, _ total: Int) -> Void)?,
    _ finished: (_ index: Int, _ block: inout any TransformerBlock) -> Void
  ) throws(PruningError) -> [BlockReport] {
    let kind = statisticsKind
    var walk = kind > .none ? CalibrationWalk(calibration, through: model, memory: memory) : nil
    var denseWalk = targets == .dense ? walk : nil
    // Until something is pruned, the two streams are one.
    var differ = false
    var reports: [BlockReport] = []
    for (index, pattern) in patterns.enumerated() {
      let original = model.blocks[index]
      var outcomes: [LinearRole: PruningOutcome] = [:]
      for part in parts(of: original) {
        for stage in part.stages {
          let statistics = MemoryPool.shared.phase {
            walk?.statistics(
              of: stage, in: part.sublayers, of: model.blocks[index], kind: kind,
              towards: differ ? denseWalk.map { ($0, original) } : nil)
          }
          let pruned = try MemoryPool.shared.phase { () throws(PruningError) in
            try self.outcomes(
              &model.blocks[index], stage, pattern, statistics ?? BlockStatistics(.none), mayLackInputs: differ)
          }
          outcomes.merge(pruned) { $1 }
          differ = differ || !pruned.isEmpty
        }
        // Behind the last linear nobody looks at the states.
        for sublayer in part.sublayers where index + 1 < patterns.count || sublayer != Sublayer.allCases.last {
          walk?.advance(through: sublayer, of: model.blocks[index])
          denseWalk?.advance(through: sublayer, of: original)
        }
      }
      reports.append(BlockReport(model.blocks[index], pattern, outcomes))
      finished(index, &model.blocks[index])
      progress?(index + 1, patterns.count)
    }
    return reports
  }
}
