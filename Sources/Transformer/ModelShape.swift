import Tensor

/// The sizes that tell what a model takes in memory, from its configuration and the headers of its files: no weight is read.
package struct ModelShape: Sendable, Equatable {
  /// A linear of a block.
  package struct LinearShape: Sendable, Equatable {
    package let outputs: Int
    package let inputs: Int

    /// Weights.
    package var count: Double { Double(outputs) * Double(inputs) }
  }

  package let blockCount: Int
  package let hiddenSize: Int
  package let vocabularySize: Int
  /// Columns of the head.
  package let embeddingSize: Int
  /// The heads of a block.
  package let attention: AttentionShape
  /// The linears of one block.
  package let linears: [LinearShape]
  /// The products of one block: linears that share their inputs make one, with the outputs of all.
  package let products: [LinearShape]
  /// Columns of the matrices that a block allocates beside the hidden states, those that take the place of an earlier one left
  /// out.
  package let blockColumns: [Int]
  /// Columns of the matrices that a block allocates while a gradient passes it backwards, beside its inputs; those that take the
  /// place of an earlier one left out.
  package let gradientColumns: [Int]
  /// Bytes of the tensors that are read, as they are held: as stored, or without zeros.
  package internal(set) var weightBytes: Int
  /// Bytes of a number in the largest tensor.
  package let storedByteCount: Int

  /// Bytes of all linears with their zeros.
  package var linearBytes: Int {
    Int(linears.reduce(0) { $0 + $1.count }) * blockCount * storedByteCount
  }

  /// Columns of the inputs that a block's linears have, each of those that share them counted once.
  package var inputSizes: [Int] { products.map(\.inputs) }

  init(_ configuration: any ModelConfiguration, _ checkpoint: Checkpoint, read names: Set<TensorName>) {
    let sizes = configuration.sizes
    attention = sizes.attention
    blockCount = sizes.blockCount
    hiddenSize = sizes.hiddenSize
    vocabularySize = sizes.vocabularySize
    embeddingSize = sizes.embeddingSize
    let layout = configuration.linears
    linears = layout.joined().map { LinearShape(outputs: $0.outputs, inputs: $0.inputs) }
    products = layout.map { row in
      LinearShape(outputs: row.reduce(0) { $0 + $1.outputs }, inputs: row.first?.inputs ?? 0)
    }
    // The normalised inputs and the outputs of every linear but those that add to the hidden states. The heads' outputs take the
    // place of the normalised inputs where they have as many columns.
    let heads = attention.heads * attention.headDimension
    func inner(_ half: Sublayer) -> [Int] {
      layout.joined().filter { $0.role.sublayer == half }.dropLast().map(\.outputs)
    }
    blockColumns = [hiddenSize] + Sublayer.allCases.flatMap(inner) + (heads == hiddenSize ? [] : [heads])
    // What attention computes on the way: its inputs, the linears' outputs (those of queries and keys twice, where they are
    // normalised) and the heads' outputs; the gradients at all of these, and that at the block's outputs. Its own gradients come
    // after the MLP, whose hidden states take the same places in the pool; but what is between its linears, which is there with its
    // gradients, has a size of its own.
    let raw = configuration.normalizesHeads ? [heads, attention.keyValueHeads * attention.headDimension] : []
    let mixing = [hiddenSize, heads] + inner(.attention)
    gradientColumns = mixing + raw + mixing + inner(.mlp) + inner(.mlp) + [hiddenSize]
    let tensors = checkpoint.shards.flatMap(\.entries).filter { names.contains($0.name) }
    weightBytes = tensors.reduce(0) { $0 + $1.range.count }
    let largest = tensors.max { $0.range.count < $1.range.count }
    storedByteCount = largest.flatMap { ElementType(rawValue: $0.type)?.byteCount } ?? 4
  }
}
