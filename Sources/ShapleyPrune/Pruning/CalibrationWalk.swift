import Tensor
import Transformer

/// A calibration text on its way through a model, block by block.
package struct CalibrationWalk {
  /// Hidden states in front of the next block, strip by strip: (sequences · length, hidden size).
  private var strips: [Matrix]
  /// Sequences of each strip.
  private let sequences: [Int]

  /// The samples in front of the first block.
  package init(_ samples: TokenBatch, through model: any CausalLM) {
    let batches = samples.strips(ofRows: TokenBatch.stripRows)
    strips = batches.map { model.embed($0) }
    sequences = batches.map(\.sequences)
  }

  /// Applies a block and collects statistics of the inputs that its linears see meanwhile.
  @discardableResult
  package mutating func advance(through block: any TransformerBlock, collecting kind: StatisticsKind) -> BlockStatistics
  {
    var statistics = BlockStatistics()
    for index in strips.indices {
      let count = sequences[index]
      block.apply(to: &strips[index], sequences: count) { inputs, roles in
        statistics.accumulate(inputs, for: roles, sequences: count, kind: kind)
      }
    }
    return statistics
  }

  /// The statistics of a block without passing it.
  package func statistics(of block: any TransformerBlock, kind: StatisticsKind) -> BlockStatistics {
    guard kind > .none else { return BlockStatistics() }
    var copy = self
    return copy.advance(through: block, collecting: kind)
  }
}
