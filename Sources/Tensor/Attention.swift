/// The shape of an attention: heads, and how many of them share a key and value head.
public struct AttentionShape: Sendable, Equatable {
  /// Query heads.
  public var heads: Int
  /// Key and value heads; a divisor of `heads` (Ainslie et al., "GQA", 2023).
  public var keyValueHeads: Int
  /// Columns of one head.
  public var headDimension: Int

  /// A shape of `heads` query heads on `keyValueHeads` key and value heads of `headDimension` columns each.
  public init(heads: Int, keyValueHeads: Int, headDimension: Int) {
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
  }
}

/// Causal attention, softmax(Q Kᵀ / sqrt(d)) V, for one or more sequences of equal length.
///
/// Each task takes 64 queries of one head and walks over the keys they may see in blocks of 256, keeping the running maximum and
/// sum of the softmax (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018): no score matrix exists
/// beyond a block of 64 × 256.
///
/// - Parameters:
///   - queries: (sequences · queryLength, heads · headDimension).
///   - keys: (sequences · keyLength, keyValueHeads · headDimension). The last query of a sequence sees all of its keys, each
///     earlier one a key less: with a cache, `keyLength` exceeds `queryLength`.
///   - values: as the keys.
///   - sequences: how many sequences the rows hold, one behind the other.
/// - Returns: (sequences · queryLength, heads · headDimension).
public func causalAttention(
  queries: Matrix, keys: Matrix, values: Matrix, shape: AttentionShape, sequences: Int
) -> Matrix {
  let d = shape.headDimension
  precondition(sequences > 0 && queries.rows % sequences == 0 && keys.rows % sequences == 0, "rows must fill sequences")
  precondition(queries.columns == shape.heads * d, "queries must have heads times head dimension columns")
  precondition(keys.columns == shape.keyValueHeads * d && values.columns == keys.columns && values.rows == keys.rows)
  precondition(shape.keyValueHeads > 0 && shape.heads % shape.keyValueHeads == 0, "heads must share key heads evenly")
  let queryLength = queries.rows / sequences
  let keyLength = keys.rows / sequences
  precondition(keyLength >= queryLength, "every query needs its own key")

  var result = Matrix(uninitializedRows: queries.rows, columns: queries.columns)
  let blocks = (queryLength + AttentionTask.queryBlock - 1) / AttentionTask.queryBlock
  let kernel = MatmulKernel.current
  queries.withElements { q in
    keys.withElements { k in
      values.withElements { v in
        result.withMutableElements { out in
          Parallel.forEach(
            sequences * shape.heads * blocks, state: { AttentionTask(headDimension: d, kernel: kernel) }
          ) { task, index in
            let sequence = index / (shape.heads * blocks)
            let head = index / blocks % shape.heads
            let start = index % blocks * AttentionTask.queryBlock
            let row = sequence * queryLength + start
            let shared = head / (shape.heads / shape.keyValueHeads) * d
            task.run(
              queries: q + row * queries.columns + head * d, queryStride: queries.columns,
              count: min(AttentionTask.queryBlock, queryLength - start), firstPosition: keyLength - queryLength + start,
              keys: k + sequence * keyLength * keys.columns + shared,
              values: v + sequence * keyLength * keys.columns + shared, keyStride: keys.columns,
              into: out + row * queries.columns + head * d)
          }
        }
      }
    }
  }
  return result
}

/// The scratch memory of one thread and the work on one block of queries.
private struct AttentionTask {
  static let queryBlock = 64
  static let keyBlock = 256

  let headDimension: Int
  let kernel: MatmulKernel
  let workspace = GeneralProduct.Workspace()
  /// (queryBlock, keyBlock): scores, then their exponentials.
  let scores: AlignedStorage
  /// Per query: the largest score so far, and the sum of exponentials relative to it.
  var maxima: [Float]
  var sums: [Float]

  init(headDimension: Int, kernel: MatmulKernel) {
    self.headDimension = headDimension
    self.kernel = kernel
    scores = AlignedStorage(byteCount: 4 * Self.queryBlock * Self.keyBlock)
    maxima = Array(repeating: 0, count: Self.queryBlock)
    sums = maxima
  }

  mutating func run(
    queries: UnsafePointer<Float>, queryStride: Int, count: Int, firstPosition: Int,
    keys: UnsafePointer<Float>, values: UnsafePointer<Float>, keyStride: Int, into out: UnsafeMutablePointer<Float>
  ) {
    let d = headDimension
    let scale = 1 / Float(d).squareRoot()
    let scores = scores.pointer.assumingMemoryBound(to: Float.self)
    for i in 0..<count { (maxima[i], sums[i]) = (-.infinity, 0) }
    let end = firstPosition + count
    for start in stride(from: 0, to: end, by: Self.keyBlock) {
      let width = min(Self.keyBlock, end - start)
      GeneralProduct(
        rows: count, columns: width, depth: d, a: Operand(queries, outerStride: queryStride, depthStride: 1),
        b: Operand(keys + start * keyStride, outerStride: keyStride, depthStride: 1), scale: scale
      ).run(into: scores, stride: Self.keyBlock, kernel: kernel, threads: 1, workspace: workspace)
      for i in 0..<count {
        let row = scores + i * Self.keyBlock
        let visible = max(0, min(width, firstPosition + i + 1 - start))
        (row + visible).update(repeating: 0, count: width - visible)
        guard visible > 0 else { continue }
        let largest = max(maxima[i], maximum(row, count: visible))
        let correction = exponentialOf(maxima[i] - largest)
        sums[i] = sums[i] * correction + exponentiate(row, count: visible, minus: largest)
        maxima[i] = largest
        if start > 0, correction != 1 { for j in 0..<d { out[i * queryStride + j] *= correction } }
      }
      GeneralProduct(
        rows: count, columns: d, depth: width, a: Operand(scores, outerStride: Self.keyBlock, depthStride: 1),
        b: Operand(values + start * keyStride, outerStride: 1, depthStride: keyStride), accumulate: start > 0
      ).run(into: out, stride: queryStride, kernel: kernel, threads: 1, workspace: workspace)
    }
    for i in 0..<count {
      let factor = 1 / sums[i]
      for j in 0..<d { out[i * queryStride + j] *= factor }
    }
  }

  private func exponentialOf(_ x: Float) -> Float { exponential(FloatVector(repeating: x))[0] }
}
