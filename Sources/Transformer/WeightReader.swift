import Tensor

/// Reads a model's weights by name, checks shape and finiteness, and counts what it read.
struct WeightReader {
  let checkpoint: Checkpoint
  /// Whether weights are only looked up, to check their names, types and shapes; what is returned for them is empty.
  private let isRehearsal: Bool
  private(set) var parameterCount = 0

  init(_ checkpoint: Checkpoint, isRehearsal: Bool = false) {
    self.checkpoint = checkpoint
    self.isRehearsal = isRehearsal
  }

  func has(_ name: String) -> Bool { checkpoint.shard(of: TensorName(name)) != nil }

  /// A weight, (rows, columns).
  mutating func matrix(_ name: String, _ rows: Int, _ columns: Int) throws(ModelError) -> StoredMatrix {
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
