import Tensor

/// The sizes that tell what a model takes in memory, from its configuration and the headers of its files: no weight is read.
package struct ModelShape: Sendable, Equatable {
  /// A linear of a block.
  package struct LinearShape: Sendable, Equatable {
    package let outputs: Int
    package let inputs: Int
  }

  package let blockCount: Int
  package let hiddenSize: Int
  package let vocabularySize: Int
  /// Columns of the head.
  package let embeddingSize: Int
  /// Columns of all key heads of a block.
  package let keyValueSize: Int
  /// The linears of one block.
  package let linears: [LinearShape]
  /// The products of one block: linears that share their inputs make one, with the outputs of all.
  package let products: [LinearShape]
  /// Columns of the matrices that a block allocates beside the hidden states, those that take the place of an earlier one left
  /// out.
  package let blockColumns: [Int]
  /// Bytes of the tensors that are read, as stored.
  package let weightBytes: Int
  /// Bytes of a number in the largest tensor.
  package let storedByteCount: Int

  /// Columns of the inputs that a block's linears have, each of those that share them counted once.
  package var inputSizes: [Int] { products.map(\.inputs) }

  private init(
    _ checkpoint: Checkpoint, isTied: Bool, blockCount: Int, hiddenSize: Int, vocabularySize: Int, embeddingSize: Int,
    keyValueSize: Int, linears: [LinearShape], products: [LinearShape], blockColumns: [Int]
  ) {
    self.blockCount = blockCount
    self.hiddenSize = hiddenSize
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.keyValueSize = keyValueSize
    self.linears = linears
    self.products = products
    self.blockColumns = blockColumns
    let tensors = checkpoint.shards.flatMap(\.entries).filter { !isTied || $0.name != TensorName("lm_head.weight") }
    weightBytes = tensors.reduce(0) { $0 + $1.range.count }
    let largest = tensors.max { $0.range.count < $1.range.count }
    storedByteCount = largest.flatMap { ElementType(rawValue: $0.type)?.byteCount } ?? 4
  }

  /// Queries, keys, values and the normalised inputs, whose place the heads' outputs take; gate and up.
  init(_ configuration: Llama.Configuration, _ checkpoint: Checkpoint) {
    let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
    let heads = configuration.attention.heads * configuration.attention.headDimension
    let shared = configuration.attention.keyValueHeads * configuration.attention.headDimension
    self.init(
      checkpoint, isTied: configuration.isTied, blockCount: configuration.blockCount, hiddenSize: hidden,
      vocabularySize: configuration.vocabularySize, embeddingSize: hidden, keyValueSize: shared,
      linears: [
        LinearShape(outputs: heads, inputs: hidden), LinearShape(outputs: shared, inputs: hidden),
        LinearShape(outputs: shared, inputs: hidden), LinearShape(outputs: hidden, inputs: heads),
        LinearShape(outputs: inner, inputs: hidden), LinearShape(outputs: inner, inputs: hidden),
        LinearShape(outputs: hidden, inputs: inner),
      ],
      products: [
        LinearShape(outputs: heads + 2 * shared, inputs: hidden), LinearShape(outputs: hidden, inputs: heads),
        LinearShape(outputs: 2 * inner, inputs: hidden), LinearShape(outputs: hidden, inputs: inner),
      ],
      blockColumns: [hidden, heads, shared, shared, inner, inner] + (heads == hidden ? [] : [heads]))
  }

  /// Queries, keys, values and the normalised inputs, whose place the heads' outputs take; the MLP's inner columns.
  init(_ configuration: OPT.Configuration, _ checkpoint: Checkpoint) {
    let (hidden, inner) = (configuration.hiddenSize, configuration.intermediateSize)
    let square = LinearShape(outputs: hidden, inputs: hidden)
    self.init(
      checkpoint, isTied: configuration.isTied, blockCount: configuration.blockCount, hiddenSize: hidden,
      vocabularySize: configuration.vocabularySize, embeddingSize: configuration.embeddingSize, keyValueSize: hidden,
      linears: [
        square, square, square, square, LinearShape(outputs: inner, inputs: hidden),
        LinearShape(outputs: hidden, inputs: inner),
      ],
      products: [
        LinearShape(outputs: 3 * hidden, inputs: hidden), square, LinearShape(outputs: inner, inputs: hidden),
        LinearShape(outputs: hidden, inputs: inner),
      ],
      blockColumns: [hidden, hidden, hidden, hidden, inner])
  }
}
