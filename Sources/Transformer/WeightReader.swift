import Tensor

/// Reads a model's weights by name, checks shape and finiteness, and counts what it read.
final class WeightReader {
  private let checkpoint: Checkpoint
  /// Whether weights are only looked up, to check their names, types and shapes; what is returned for them is empty.
  private let isRehearsal: Bool
  private(set) var parameterCount = 0

  init(_ checkpoint: Checkpoint, isRehearsal: Bool = false) {
    self.checkpoint = checkpoint
    self.isRehearsal = isRehearsal
  }

  func has(_ name: String) -> Bool { checkpoint.shard(of: TensorName(name)) != nil }

  /// A weight, (rows, columns).
  func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
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
    let weight = try matrix("\(name).weight", outputs, inputs)
    return Linear(
      name: TensorName("\(name).weight"), weight: weight, bias: bias ? try vector("\(name).bias", outputs) : nil)
  }
}
