import Tensor
import Transformer

/// The pass of a calibration text through a model, block by block.
///
/// The hidden states of all samples are held once. Beside them, the activations of one strip at a time are held.
package struct CalibrationWalk {
  /// Hidden states in front of the next block, strip by strip.
  private var strips: [Strip]
  private let memory: WorkingMemory

  /// Hidden states of some sequences, (sequences · length, hidden size).
  private struct Strip {
    var states: States
    let sequences: Int
  }

  private enum States {
    case float(Matrix)
    case rounded(StoredMatrix)
    /// Moved out, so that a block changes the only reference in place.
    case absent

    init(_ hidden: Matrix, as type: ElementType) {
      self = type == .float32 ? .float(hidden) : .rounded(StoredMatrix(hidden, as: type))
    }

    var matrix: Matrix {
      switch self {
      case .float(let matrix): matrix
      case .rounded(let stored): stored.widened()
      case .absent: Matrix(rows: 0, columns: 0)
      }
    }
  }

  /// The samples in front of the first block.
  package init(_ samples: TokenBatch, through model: any CausalLM, memory: WorkingMemory = WorkingMemory()) {
    self.memory = memory
    strips = samples.strips(ofRows: memory.stripRows).map {
      Strip(states: States(model.embed($0), as: memory.calibrationStates), sequences: $0.sequences)
    }
  }

  /// The block in the form in which all strips pass it.
  private func prepared(_ block: any TransformerBlock) -> any TransformerBlock {
    strips.count > 1 && block.packedByteCount <= memory.packedWeightBytes ? block.packed() : block
  }

  /// Applies a block and collects statistics of the inputs that its linears see meanwhile.
  @discardableResult
  package mutating func advance(through block: any TransformerBlock, collecting kind: StatisticsKind) -> BlockStatistics
  {
    let collector = StatisticsCollector(kind)
    let block = prepared(block)
    for index in strips.indices {
      var hidden = strips[index].states.matrix
      // Released here, so that the block writes in place.
      strips[index].states = .absent
      collector.apply(block, to: &hidden, sequences: strips[index].sequences)
      strips[index].states = States(hidden, as: memory.calibrationStates)
    }
    return collector.statistics
  }

  /// The statistics of a block without passing it.
  package func statistics(of block: any TransformerBlock, kind: StatisticsKind) -> BlockStatistics {
    guard kind > .none else { return BlockStatistics(kind) }
    let collector = StatisticsCollector(kind)
    let block = prepared(block)
    for strip in strips {
      var hidden = strip.states.matrix
      collector.apply(block, to: &hidden, sequences: strip.sequences)
    }
    return collector.statistics
  }
}

/// Sums up the statistics of one block's linears over the strips.
private final class StatisticsCollector {
  private let kind: StatisticsKind
  private(set) var statistics: BlockStatistics
  /// Sequences of the strip before.
  private var last: Int?

  init(_ kind: StatisticsKind) {
    self.kind = kind
    statistics = BlockStatistics(kind)
  }

  func apply(_ block: any TransformerBlock, to hidden: inout Matrix, sequences: Int) {
    // Blocks of memory for a whole strip do not serve the rest at the end.
    if let last, sequences != last { AlignedStorage.trim() }
    last = sequences
    guard kind > .none else { return block.apply(to: &hidden, sequences: sequences) }
    block.apply(to: &hidden, sequences: sequences) { [self] inputs, roles in
      statistics.accumulate(inputs, of: roles, sequences: sequences)
    }
  }
}
