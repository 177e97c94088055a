import Tensor

extension MemoryForecast {
  /// A strip of a batch on its way forwards and backwards: the inputs of all blocks, what one block holds, and the loss.
  ///
  /// What the observer keeps or computes is not in it.
  package func gradients(_ batch: BatchShape) -> [Footprint.Part] {
    let strip = strip(batch)
    let rows = strip.rows
    let columns = shape.gradientColumns.reduce(0.0) { $0 + Double($1) }
    // Backwards a product's outputs are its depth.
    let products = shape.products.flatMap { product in
      let (outputs, inputs) = (Double(product.outputs), Double(product.inputs))
      return [
        ProductShape(rows: rows, columns: outputs, depth: inputs),
        ProductShape(rows: rows, columns: inputs, depth: outputs),
      ]
    }
    let keys = shape.attention.footprint(sequences: Double(strip.sequences), length: Double(strip.length))
    return [
      Footprint.Part("inputs of blocks", 4 * rows * hidden * Double(shape.blockCount)),
      Footprint.Part("gradients", 4 * rows * columns),
      Footprint.Part("packed panels", keys + ProductShape.footprint(of: products)),
      lossGradient(batch),
    ]
  }

  /// What the loss has, and for a chunk of tokens two matrices as wide as the head.
  private func lossGradient(_ batch: BatchShape) -> Footprint.Part {
    let rows = min(strip(batch).rows, Double(tokenChunk))
    return Footprint.Part("logits", loss(batch).bytes + 8 * rows * Double(shape.embeddingSize))
  }
}
