import Tensor

/// Reads a model's weights by name, checks shape and finiteness, and counts what it read.
struct WeightReader {
  let checkpoint: Checkpoint
  /// Whether weights are only looked up, to check their names, types and shapes; what is returned for them is empty.
  private let isRehearsal: Bool
  private(set) var parameterCount = 0
  /// Tensors that were read.
  private(set) var names: Set<TensorName> = []
  /// What a reader of the results should know.
  private(set) var notes: [String] = []

  init(_ checkpoint: Checkpoint, isRehearsal: Bool = false) {
    self.checkpoint = checkpoint
    self.isRehearsal = isRehearsal
  }

  func has(_ name: String) -> Bool { checkpoint.shard(of: TensorName(name)) != nil }

  /// A weight, (rows, columns).
  mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
    names.insert(TensorName(name))
    if isRehearsal {
      try check(name, [rows, columns])
      return StoredMatrix(rows: 0, columns: 0, elementType: .float32, storage: AlignedStorage(byteCount: 0))
    }
    let matrix: StoredMatrix
    do throws(CheckpointError) {
      matrix = try checkpoint.matrix(TensorName(name), rows: rows, columns: columns)
    } catch { throw .checkpoint(error) }
    if let index = matrix.firstNonFiniteIndex { throw nonFinite(name, index) }
    parameterCount += matrix.count
    return matrix
  }

  /// A norm's weight or a bias.
  mutating func vector(_ name: String, _ count: Int) throws(ModelError) -> [Float] {
    names.insert(TensorName(name))
    if isRehearsal {
      try check(name, [count])
      return []
    }
    let vector: [Float]
    do throws(CheckpointError) { vector = try checkpoint.vector(TensorName(name), count: count) } catch {
      throw .checkpoint(error)
    }
    if let index = vector.firstIndex(where: { !$0.isFinite }) { throw nonFinite(name, index) }
    parameterCount += count
    return vector
  }

  private func check(_ name: String, _ shape: [Int]) throws(ModelError) {
    do throws(CheckpointError) { try checkpoint.check(TensorName(name), shape: shape) } catch {
      throw .checkpoint(error)
    }
  }

  private func nonFinite(_ name: String, _ index: Int) -> ModelError {
    .nonFiniteWeight(file: checkpoint.shard(of: TensorName(name))?.path ?? "", tensor: name, index: index)
  }

  /// `name`.weight, and `name`.bias where the architecture has biases.
  mutating func linear(_ name: String, inputs: Int, outputs: Int, bias: Bool) throws(ModelError) -> Linear {
    let weight = try matrix("\(name).weight", outputs, inputs)
    return Linear(
      name: TensorName("\(name).weight"), weight: weight, bias: bias ? try vector("\(name).bias", outputs) : nil)
  }
}

/// The tables that turn ids into hidden states, and these into logits; one where they are tied.
struct Vocabulary: Sendable {
  /// (entries, columns).
  let embedding: StoredMatrix
  /// (entries, columns): the embedding table where the two are tied.
  let head: StoredMatrix
}

extension WeightReader {
  /// Reads the tables of a model, as transformers 5 takes them.
  ///
  /// Where the configuration ties them and both are stored, the stored head counts if it differs; where only the head is stored, it
  /// is the embedding too.
  mutating func vocabulary(
    embedding name: String, _ configuration: some ModelConfiguration
  ) throws(ModelError) -> Vocabulary {
    let headName = "lm_head.weight"
    let (rows, columns) = (configuration.vocabularySize, configuration.embeddingSize)
    guard configuration.isTied, has(headName) else {
      let embedding = try matrix(name, rows, columns)
      let head = configuration.isTied ? embedding : try matrix(headName, rows, columns)
      return Vocabulary(embedding: embedding, head: head)
    }
    guard has(name) else {
      let table = try matrix(headName, rows, columns)
      return Vocabulary(embedding: table, head: table)
    }
    let embedding = try matrix(name, rows, columns)
    names.insert(TensorName(headName))
    if try isSame(name, headName) { return Vocabulary(embedding: embedding, head: embedding) }
    notes.append(
      "tie_word_embeddings is true, but \(headName) is stored and differs from \(name): the stored head counts")
    return Vocabulary(embedding: embedding, head: try matrix(headName, rows, columns))
  }

  /// Whether two tensors have the same type, shape and bytes.
  private func isSame(_ first: String, _ second: String) throws(ModelError) -> Bool {
    let names = (TensorName(first), TensorName(second))
    guard let shards = checkpoint.shard(of: names.0).flatMap({ a in checkpoint.shard(of: names.1).map { (a, $0) } }),
      let entries = shards.0.entry(names.0).flatMap({ a in shards.1.entry(names.1).map { (a, $0) } }),
      entries.0.type == entries.1.type, entries.0.shape == entries.1.shape
    else { return false }
    do throws(CheckpointError) {
      return try shards.0.bytes(of: names.0) == shards.1.bytes(of: names.1)
    } catch { throw .checkpoint(error) }
  }

  /// Reads so many blocks in their order; `progress` is told the blocks read and their number.
  mutating func blocks(
    _ count: Int, _ progress: ((Int, Int) -> Void)?,
    _ read: (_ index: Int, _ reader: inout WeightReader) throws(ModelError) -> any TransformerBlock
  ) throws(ModelError) -> [any TransformerBlock] {
    var blocks: [any TransformerBlock] = []
    for index in 0..<count {
      blocks.append(try read(index, &self))
      progress?(index + 1, count)
    }
    return blocks
  }
}
