import Tensor

/// Reads a model's weights by name, checks shape and finiteness, and counts what it read.
final class WeightReader {
  private let checkpoint: Checkpoint
  /// Whether weights are only looked up, to check their names, types and shapes; what is returned for them is empty.
  private let isRehearsal: Bool
  /// What the linears are for, where they may leave out their zeros, and the bytes of all of them.
  private let use: (ProductUse, modelBytes: Int)?
  private(set) var parameterCount = 0
  /// Tensors that were read.
  private(set) var names: Set<TensorName> = []
  /// Those among them that are the same as others, and are not held.
  private(set) var copies: Set<TensorName> = []
  /// What a reader of the results should know.
  private(set) var notes: [String] = []

  init(_ checkpoint: Checkpoint, isRehearsal: Bool = false, for use: (ProductUse, modelBytes: Int)? = nil) {
    self.checkpoint = checkpoint
    self.isRehearsal = isRehearsal
    self.use = use
  }

  func has(_ name: String) -> Bool { checkpoint.shard(of: TensorName(name)) != nil }

  /// A weight, (rows, columns), with its zeros.
  func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
    try stored(name, rows, columns).expanded()
  }

  /// A weight as it is stored.
  private func stored(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
    let empty = StoredMatrix(rows: 0, columns: 0, elementType: .float32, storage: AlignedStorage(byteCount: 0))
    let matrix = try read(name, [rows, columns], rehearsing: empty) { (name) throws(CheckpointError) in
      try checkpoint.matrix(name, rows: rows, columns: columns)
    }
    try count(matrix.count, name, firstNonFinite: matrix.firstNonFiniteIndex)
    return matrix
  }

  /// A norm's weight or a bias.
  func vector(_ name: String, _ count: Int) throws(ModelError) -> [Float] {
    let vector = try read(name, [count], rehearsing: []) { (name) throws(CheckpointError) in
      try checkpoint.vector(name, count: count)
    }
    try self.count(vector.count, name, firstNonFinite: vector.firstIndex { !$0.isFinite })
    return vector
  }

  private func read<Weight>(
    _ name: String, _ shape: [Int], rehearsing empty: Weight,
    _ body: (TensorName) throws(CheckpointError) -> Weight
  ) throws(ModelError) -> Weight {
    names.insert(TensorName(name))
    do throws(CheckpointError) {
      if !isRehearsal { return try body(TensorName(name)) }
      try checkpoint.check(TensorName(name), shape: shape)
      return empty
    } catch { throw .checkpoint(error) }
  }

  private func count(_ count: Int, _ name: String, firstNonFinite index: Int?) throws(ModelError) {
    if let index {
      throw .nonFiniteWeight(file: checkpoint.shard(of: TensorName(name))?.path ?? "", tensor: name, index: index)
    }
    parameterCount += count
  }

  /// `name`.weight, and `name`.bias where the architecture has biases.
  func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool) throws(ModelError) -> Linear {
    let stored = try stored("\(name).weight", outputs, inputs)
    let weight = use.map { stored.inFasterForm(for: $0.0, modelBytes: $0.modelBytes) } ?? stored.expanded()
    return Linear(
      name: TensorName("\(name).weight"), weight: weight, bias: bias ? try vector("\(name).bias", outputs) : nil)
  }
}

extension WeightReader {
  /// The embedding table and the head, (vocabulary, embedding) each, as transformers 5 takes them.
  ///
  /// Where the configuration ties them and both are stored, the stored head counts if it differs; where only the head is
  /// stored, it is the embedding too.
  func tables(embedding name: String, _ sizes: ModelSizes) throws(ModelError) -> (
    embedding: StoredMatrix, head: StoredMatrix
  ) {
    let head = "lm_head.weight"
    func table(_ name: String) throws(ModelError) -> StoredMatrix {
      try matrix(name, sizes.vocabularySize, sizes.embeddingSize)
    }
    if !sizes.isTied {
      if !has(head), has("score.weight") {
        throw .checkpoint(
          CheckpointError(
            checkpoint.directory, tensor: "score.weight", field: "name",
            reason: "this is the head of a classifier; a language model has \(head)"))
      }
      return (try table(name), try table(head))
    }
    let embedding = try table(has(name) || !has(head) ? name : head)
    guard has(name), has(head) else { return (embedding, embedding) }
    names.insert(TensorName(head))
    if try isSame(name, head) {
      copies.insert(TensorName(head))
      return (embedding, embedding)
    }
    notes.append("tie_word_embeddings is true, but \(head) is stored and differs from \(name): the stored head counts")
    return (embedding, try table(head))
  }

  /// Whether two tensors have the same type, shape and bytes.
  private func isSame(_ first: String, _ second: String) throws(ModelError) -> Bool {
    let (first, second) = (TensorName(first), TensorName(second))
    guard let file = checkpoint.shard(of: first), let other = checkpoint.shard(of: second) else { return false }
    do throws(CheckpointError) { return try file.isSame(first, as: second, of: other) } catch {
      throw .checkpoint(error)
    }
  }
}
