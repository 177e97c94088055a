import Tensor

/// What a model of some shape holds in memory, for those who add up the footprint of their work; Documentation/Memory.md tells the
/// formulas.
package struct MemoryForecast: Sendable {
  package let shape: ModelShape
  package let memory: WorkingMemory

  package init(_ shape: ModelShape, _ memory: WorkingMemory) { (self.shape, self.memory) = (shape, memory) }

  package var hidden: Double { Double(shape.hiddenSize) }

  /// Weights of one block's linears.
  package var linearsOfBlock: Double { shape.linears.reduce(0) { $0 + $1.count } }

  package var weights: Footprint.Part { Footprint.Part("weights", Double(shape.weightBytes)) }

  /// The linears once more, as stored.
  package var copy: Footprint.Part {
    Footprint.Part("pruned copy", linearsOfBlock * Double(shape.blockCount) * Double(shape.storedByteCount))
  }

  /// The largest strip of a batch.
  package func strip(_ batch: BatchShape) -> BatchShape { batch.strip(ofRows: memory.stripRows) }

  /// The linears of some blocks packed, `bytesPerWeight` for each weight; nothing where that is more than they may take.
  package func packedWeights(blocks: Int, bytesPerWeight: Double = 4) -> [Footprint.Part] {
    let bytes = bytesPerWeight * linearsOfBlock * Double(blocks)
    return bytes <= Double(memory.packedWeightBytes) ? [Footprint.Part("packed weights", bytes)] : []
  }

  /// Those of blocks that are packed where several strips of a batch pass them.
  package func packedWeights(blocks: Int, for batch: BatchShape) -> [Footprint.Part] {
    batch.sequences > strip(batch).sequences ? packedWeights(blocks: blocks) : []
  }

  /// A strip of a batch in a block: its hidden states, what the block allocates, and packed panels.
  ///
  /// - Parameters:
  ///   - inPlace: whether the hidden states are counted elsewhere.
  ///   - grams: whether the products of all pairs of the linears' inputs are summed up meanwhile.
  package func block(_ batch: BatchShape, inPlace: Bool = false, grams: Bool = false) -> [Footprint.Part] {
    let strip = strip(batch)
    let rows = strip.rows
    let columns = shape.blockColumns.reduce(inPlace ? 0 : hidden) { $0 + Double($1) }
    var products = shape.products.map {
      ProductShape(rows: rows, columns: Double($0.outputs), depth: Double($0.inputs))
    }
    if grams {
      products += shape.inputSizes.map { ProductShape(rows: Double($0), columns: Double($0), depth: rows) }
    }
    let keys = shape.attention.footprint(sequences: Double(strip.sequences), length: Double(strip.length))
    return [
      Footprint.Part("activations", 4 * rows * columns),
      Footprint.Part("packed panels", keys + ProductShape.footprint(of: products)),
    ]
  }
}
