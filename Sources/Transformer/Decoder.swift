import Tensor

/// A model that holds what all architectures have in common as a trunk.
protocol Decoder: CausalLM {
  var trunk: Trunk { get set }
}

extension Decoder {
  var blocks: [any TransformerBlock] {
    get { trunk.blocks }
    set { trunk.blocks = newValue }
  }
  var hiddenSize: Int { trunk.sizes.hiddenSize }
  var maximumPositions: Int { trunk.sizes.maximumPositions }
  var head: StoredMatrix { trunk.head }
}

/// What the models of all architectures hold: embedding table, blocks and head.
struct Trunk: Sendable {
  let sizes: ModelSizes
  /// (vocabulary, embedding).
  let embedding: StoredMatrix
  var blocks: [any TransformerBlock]
  /// (vocabulary, embedding): the embedding table where the two are tied.
  let head: StoredMatrix

  /// Reads the weights, all but the head below `prefix`; `block` reads the block of a name, and `progress` is told the blocks
  /// read and their number.
  init(
    _ sizes: ModelSizes, _ reader: WeightReader, below prefix: String, _ progress: ((Int, Int) -> Void)?,
    block: (_ name: String) throws(ModelError) -> any TransformerBlock
  ) throws(ModelError) {
    self.sizes = sizes
    (embedding, head) = try reader.tables(embedding: "\(prefix)embed_tokens.weight", sizes)
    blocks = []
    for index in 0..<sizes.blockCount {
      blocks.append(try block("\(prefix)layers.\(index)"))
      progress?(blocks.count, sizes.blockCount)
    }
  }

  /// Rows of the embedding table for token ids, widened: (tokens, embedding).
  func embed(_ tokens: [Int]) -> Matrix { embedding.rows(tokens) }
}

extension StoredMatrix {
  /// Some of the rows, widened, in the order of their indices.
  func rows(_ indices: [Int]) -> Matrix {
    var result = Matrix(uninitializedRows: indices.count, columns: columns)
    result.withMutableElements { target in
      for (i, row) in indices.enumerated() { widen(row..<row + 1, into: target + i * columns) }
    }
    return result
  }
}
