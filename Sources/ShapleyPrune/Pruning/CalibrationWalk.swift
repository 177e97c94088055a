import Tensor
import Transformer

/// The statistics of every linear of a block; linears with the same inputs share them.
package typealias BlockStatistics = [LinearRole: InputStatistics]

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
    // Linears with the same inputs come in one call, so their sums are kept once, under the first of their roles.
    var sums: [LinearRole: InputStatistics] = [:]
    var owners: [LinearRole: LinearRole] = [:]
    for index in strips.indices {
      let count = sequences[index]
      block.apply(to: &strips[index], sequences: count) { inputs, roles in
        guard kind > .none, let owner = roles.first else { return }
        for role in roles { owners[role] = owner }
        sums[owner, default: InputStatistics(inputs: inputs.columns, kind: kind)].accumulate(inputs, sequences: count)
      }
    }
    return owners.compactMapValues { sums[$0] }
  }

  /// The statistics of a block without passing it.
  package func statistics(of block: any TransformerBlock, kind: StatisticsKind) -> BlockStatistics {
    guard kind > .none else { return [:] }
    var copy = self
    return copy.advance(through: block, collecting: kind)
  }
}
