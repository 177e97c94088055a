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
  func prepared(_ block: any TransformerBlock) -> any TransformerBlock {
    strips.count > 1 && block.packedByteCount <= memory.packedWeightBytes ? block.packed() : block
  }

  /// Calls `body` with every strip's number and sequences, in their order.
  mutating func forEachStrip(_ body: (_ walk: inout Self, _ index: Int, _ sequences: Int) -> Void) {
    Array(strips.map(\.sequences).enumerated()).forEachPhase(of: \.element) { body(&self, $0, $1) }
  }

  /// The hidden states of a strip.
  func states(_ index: Int) -> Matrix { strips[index].states.matrix }

  /// Replaces the hidden states of a strip.
  mutating func change(_ index: Int, _ body: (inout Matrix) -> Void) {
    var hidden = strips[index].states.matrix
    // Released here, so that the block writes in place.
    strips[index].states = .absent
    body(&hidden)
    strips[index].states = States(hidden, as: memory.calibrationStates)
  }

  /// Applies a block, or one half of it, and collects statistics of the inputs that its linears see meanwhile.
  @discardableResult
  package mutating func advance(
    through block: any TransformerBlock, in sublayers: [Sublayer] = Sublayer.allCases,
    collecting kind: StatisticsKind = .none
  ) -> BlockStatistics {
    var statistics = BlockStatistics(kind)
    let block = prepared(block)
    forEachStrip { walk, index, sequences in
      walk.change(index) { statistics.collect(block, sublayers, &$0, sequences: sequences) }
    }
    return statistics
  }
}

extension CalibrationWalk {
  /// What the walk holds as long as it lasts: hidden states and ids of all samples, and one block's statistics.
  static func footprint(_ forecast: MemoryForecast, _ samples: BatchShape, _ kind: StatisticsKind) -> [Footprint.Part] {
    let bytes = Double(forecast.memory.calibrationStates.byteCount)
    return [
      forecast.weights, Footprint.Part("states of samples", samples.rows * (bytes * forecast.hidden + 16)),
      Footprint.Part(
        "input statistics",
        forecast.shape.inputSizes.reduce(0) { $0 + InputStatistics.footprint(inputs: $1, kind: kind) }),
    ]
  }

  /// What is held beside that while a block is applied.
  ///
  /// - Parameter copies: whether a strip is kept in front of the block.
  static func footprint(
    ofBlock forecast: MemoryForecast, _ samples: BatchShape, _ kind: StatisticsKind, copies: Bool
  ) -> [Footprint.Part] {
    let rows = forecast.strip(samples).rows
    return forecast.packedWeights(blocks: 1, for: samples)
      + (copies ? [Footprint.Part("a strip's copy", 4 * rows * forecast.hidden)] : [])
      + forecast.block(samples, inPlace: true, grams: kind == .gram)
  }
}
