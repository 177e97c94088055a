import Support
import Tensor
import Transformer

/// A kind of work and what is in memory while it is done.
package struct MemoryPhase {
  /// Bytes of one thing that is held.
  ///
  /// In Double: sizes from a configuration multiply to anything.
  package struct Part {
    let name: String
    let bytes: Double
  }

  let name: String
  let parts: [Part]

  var bytes: Double { parts.reduce(0) { $0 + $1.bytes } }
}

/// What each kind of work holds in memory, from the shape of a model: Documentation/Memory.md tells the formulas.
package struct MemoryForecast {
  let shape: ModelShape
  var memory = WorkingMemory()

  // MARK: Kinds of work

  /// The perplexity of so many windows, with what else is held beside the weights.
  package func perplexity(_ windows: Samples, beside others: [MemoryPhase.Part] = []) -> MemoryPhase {
    let packed = hasSeveralStrips(windows) ? packedWeights(blocks: shape.blockCount) : []
    return MemoryPhase(
      name: "perplexity", parts: [weights] + others + packed + passing(windows, statistics: nil) + [loss(windows)])
  }

  /// Pruning every block in turn, with what else is held beside the weights.
  package func pruning(
    _ method: any Pruner, _ samples: Samples?, propagation: ModelPruner.Propagation = .pruned,
    beside others: [MemoryPhase.Part] = []
  ) -> [MemoryPhase] {
    let model = [weights] + others
    guard let samples, method.statistics > .none else {
      return [MemoryPhase(name: "pruning", parts: model + [linear(method)])]
    }
    let held = model + [states(samples), sums(method)]
    // A copy of the strip goes through the dense block, so that the strip itself can pass the pruned one.
    let isCopied = propagation == .pruned || memory.calibrationStates != .float32
    let strip = isCopied ? [part("a strip's copy", 4 * rows(samples) * hidden)] : []
    return [
      MemoryPhase(
        name: "calibration",
        parts: held + packedBlock(samples) + strip + passing(samples, statistics: method.statistics, inPlace: true)),
      MemoryPhase(name: "pruning", parts: held + [linear(method)]),
    ]
  }

  /// OWL's pass through the dense model.
  func outliers(_ samples: Samples) -> MemoryPhase {
    MemoryPhase(
      name: "outlier ratios",
      parts: [weights, states(samples)] + packedBlock(samples)
        + passing(samples, statistics: .squares, inPlace: true)
        + [part("a linear in Float", 4 * largestLinear)])
  }

  /// The probe, where there is one, and the game.
  func game(_ settings: GameSettings, windows: Samples, calibration: Samples?) -> [MemoryPhase] {
    let forms = settings.probe.map { pruned($0.pruner) } ?? []
    let probe =
      settings.probe.map { pruning($0.pruner, calibration ?? windows, propagation: .dense, beside: forms) } ?? []
    let players = settings.granularity.count(blocks: shape.blockCount, linears: shape.linears.count)
    let width = settings.estimator.span(playerCount: players)
    // A state is kept at every block where the path turned to absence and the other way is still to be gone. Blocks that
    // are passed by leave the state as it is, so that neighbours share one.
    let stages = settings.granularity == .blocks ? shape.blockCount : 2 * shape.blockCount
    let kept = min(settings.probe != nil ? width + 1 : (width + 1) / 2, stages)
    let states = part("states of the game", 4 * rows(windows) * hidden * Double(kept))
    return probe + [
      MemoryPhase(
        name: "Shapley values",
        parts: [weights] + forms + packedGame(against: settings.probe?.pruner) + [states]
          + passing(windows, statistics: nil) + [loss(windows)])
    ]
  }

  /// Writing the model: the tensors that are not pruned are copied piece by piece.
  package var saving: MemoryPhase {
    let piece = min(File.pieceSize, shape.weightBytes)
    return MemoryPhase(name: "saving", parts: [weights, part("a piece of a file", Double(piece))])
  }

  // MARK: What is held

  private var hidden: Double { Double(shape.hiddenSize) }
  private var largestLinear: Double { shape.linears.map(Self.count).max() ?? 0 }

  private var weights: MemoryPhase.Part { part("weights", Double(shape.weightBytes)) }

  /// Weights of one block's linears.
  private var linears: Double { shape.linears.reduce(0) { $0 + Self.count($1) } }

  /// The linears once more, as stored: a model that is pruned to try something out.
  var copy: MemoryPhase.Part {
    part("pruned copy", linears * Double(shape.blockCount) * Double(shape.storedByteCount))
  }

  /// The pruned forms of all blocks: a bit a weight, and one block in full, where a method only clears weights; the linears as
  /// stored where it changes the others.
  private func pruned(_ method: any Pruner) -> [MemoryPhase.Part] {
    if method.statistics == .gram { return [copy] }
    return [
      part("masks", linears * Double(shape.blockCount) / 8),
      part("a pruned block", linears * Double(shape.storedByteCount)),
    ]
  }

  /// Hidden states of all samples, and their ids.
  private func states(_ samples: Samples) -> MemoryPhase.Part {
    let bytes = Double(memory.calibrationStates.byteCount)
    return part("states of samples", Double(samples.count) * Double(samples.length) * (bytes * hidden + 16))
  }

  /// The linears of some blocks in Float, and what is kept beside them, where that may be packed.
  private func packedWeights(blocks: Int, bytesPerWeight: Int = 4) -> [MemoryPhase.Part] {
    let bytes = Double(bytesPerWeight) * linears * Double(blocks)
    return bytes <= Double(memory.packedWeightBytes) ? [part("packed weights", bytes)] : []
  }

  /// One block's, where several strips of samples pass it.
  private func packedBlock(_ samples: Samples) -> [MemoryPhase.Part] {
    hasSeveralStrips(samples) ? packedWeights(blocks: 1) : []
  }

  /// Those of a game: all blocks with their pruned forms, or the dense ones alone.
  private func packedGame(against method: (any Pruner)?) -> [MemoryPhase.Part] {
    let dense = packedWeights(blocks: shape.blockCount)
    guard let method else { return dense }
    // Forms that are masks are in full beside their panels.
    let form = method.statistics == .gram ? 4 : 4 + shape.storedByteCount
    let all = packedWeights(blocks: shape.blockCount, bytesPerWeight: 4 + form)
    return all.isEmpty ? dense : all
  }

  private func hasSeveralStrips(_ samples: Samples) -> Bool {
    Double(samples.count) * Double(samples.length) > rows(samples)
  }

  /// Tokens of a strip.
  private func rows(_ samples: Samples) -> Double {
    Double(min(samples.count, max(1, memory.stripRows / samples.length)) * samples.length)
  }

  /// A strip in a block: its hidden states, unless they are counted already, what the block allocates, and packed panels.
  private func passing(
    _ samples: Samples, statistics: StatisticsKind?, inPlace: Bool = false
  ) -> [MemoryPhase.Part] {
    let rows = rows(samples)
    let columns = shape.blockColumns.reduce(inPlace ? 0 : hidden) { $0 + Double($1) }
    var products = shape.products.map { Product(rows: rows, columns: Double($0.outputs), depth: Double($0.inputs)) }
    if statistics == .gram {
      products += shape.inputSizes.map { Product(rows: Double($0), columns: Double($0), depth: rows) }
    }
    // Keys and values of as many sequences as fit, at least one.
    let sequence = 8 * Double(samples.length) * Double(shape.keyValueSize)
    let keys = min(rows / Double(samples.length) * sequence, max(sequence, Double(PackingMemory.attentionBytes)))
    return [part("activations", 4 * rows * columns), part("packed panels", keys + Self.packed(products))]
  }

  /// Logits of 1,024 tokens and 4,096 entries of the vocabulary, and the head's inputs.
  private func loss(_ samples: Samples) -> MemoryPhase.Part {
    let rows = min(rows(samples), 1024)
    let logits = min(Double(shape.vocabularySize), 4096)
    let product = Product(rows: rows, columns: logits, depth: Double(shape.embeddingSize))
    return part("logits", 4 * rows * (2 * hidden + logits) + Self.packed([product]))
  }

  /// Sums over the inputs of one block's linears.
  private func sums(_ method: any Pruner) -> MemoryPhase.Part {
    part(
      "input statistics",
      shape.inputSizes.reduce(0) {
        $0 + 8 * Double($1) + (method.statistics == .gram ? 4 * Double($1) * Double($1) : 0)
      })
  }

  /// The largest linear while it is pruned: in Float, with what the method needs beside it.
  private func linear(_ method: any Pruner) -> MemoryPhase.Part {
    let bytes = shape.linears.map { linear in
      let float = 4 * Self.count(linear)
      let rounded = Self.count(linear) * Double(shape.storedByteCount)
      switch method.statistics {
      // Scores are the weights themselves, or those of a row at a time.
      case .none, .squares: return float + rounded
      // The Hessian, kept in case that it must be dampened more, its factor, and halves, quarters, … of that on the way; then the
      // factor alone.
      case .gram:
        let hessian = 4 * Double(linear.inputs) * Double(linear.inputs)
        return float + max(rounded + hessian, hessian * 7 / 3)
      }
    }
    return part("a linear", bytes.max() ?? 0)
  }

  private static func count(_ linear: ModelShape.LinearShape) -> Double {
    Double(linear.outputs) * Double(linear.inputs)
  }

  private func part(_ name: String, _ bytes: Double) -> MemoryPhase.Part { MemoryPhase.Part(name: name, bytes: bytes) }

  // MARK: Packing

  /// A matrix product, as far as its packed panels go.
  private struct Product {
    let rows: Double
    let columns: Double
    let depth: Double

    /// Bytes of the panels that are packed at a time.
    var packedBytes: Double {
      let step = 4 * 256 * (rows + columns)
      let steps = max(1, (Double(PackingMemory.productBytes) / step).rounded(.down))
      return min(steps * step, 4 * depth * (rows + columns))
    }
  }

  /// The panels of products: those whose sizes round to one power of two take turns in one piece of memory.
  private static func packed(_ products: [Product]) -> Double {
    let bytes = products.map(\.packedBytes).filter { $0 >= 1 }
    return Dictionary(grouping: bytes, by: \.exponent).values.reduce(0) { $0 + ($1.max() ?? 0) }
  }
}

/// How many sequences of which length.
package struct Samples {
  let count: Int
  let length: Int

  package init(count: Int, length: Int) {
    self.count = count
    self.length = length
  }

  package init(_ tokens: TokenBatch) { self.init(count: tokens.sequences, length: tokens.length) }
}
