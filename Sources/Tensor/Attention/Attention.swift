import KernelTemplate
import Support

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

  /// Query heads on one key and value head.
  var group: Int { heads / keyValueHeads }

  /// Bytes of the packed keys and values of sequences of `length` keys, as many as are packed at a time.
  package func footprint(sequences: Double, length: Double) -> Double {
    let bytes = 8 * length * Double(keyValueHeads) * Double(headDimension)
    return bytes * PackingMemory.sequences(sequences, ofBytes: bytes)
  }
}

/// Causal attention, softmax(Q Kᵀ / sqrt(d)) V, for one or more sequences of equal length.
///
/// - Parameters:
///   - queries: (sequences · queryLength, heads · headDimension).
///   - keys: (sequences · keyLength, keyValueHeads · headDimension). The last query of a sequence sees all of its keys, each
///     earlier one a key less: with a cache, `keyLength` exceeds `queryLength`.
///   - values: as the keys.
///   - shape: heads of queries and of keys, and their dimension.
///   - sequences: how many sequences the rows hold, one behind the other.
/// - Returns: (sequences · queryLength, heads · headDimension).
public func causalAttention(
  queries: Matrix, keys: Matrix, values: Matrix, shape: AttentionShape, sequences: Int
) -> Matrix {
  precondition(sequences > 0 && queries.rows % sequences == 0 && keys.rows % sequences == 0, "rows must fill sequences")
  return causalAttention(
    queries: queries, keys: keys, values: values, keyLength: keys.rows / sequences, shape: shape, sequences: sequences,
    statistics: nil)
}

/// The same for one sequence, whose keys and values were appended one by one.
///
/// Those in 16 bits are read as they are by few queries; for more they are widened once, as packing them for all would do.
package func causalAttention(
  queries: Matrix, keys: GrowingMatrix, values: GrowingMatrix, shape: AttentionShape
) -> Matrix {
  guard keys.elementType == .float32 || Kernel.current != .reference && queries.rows <= AttentionWork.narrowQueries
  else {
    return causalAttention(queries: queries, keys: keys.widened, values: values.widened, shape: shape, sequences: 1)
  }
  return keys.withView { keys in
    values.withView { values in
      causalAttention(
        queries: queries, keys: keys, values: values, keyLength: keys.rows, shape: shape, sequences: 1, statistics: nil)
    }
  }
}

/// The same, which writes down what the softmax of every query and head was relative to, where somebody asks.
func causalAttention(
  queries: Matrix, keys: Matrix, values: Matrix, keyLength: Int, shape: AttentionShape, sequences: Int,
  statistics: SoftmaxStatistics.Places?
) -> Matrix {
  keys.withView { keys in
    values.withView { values in
      causalAttention(
        queries: queries, keys: keys, values: values, keyLength: keyLength, shape: shape, sequences: sequences,
        statistics: statistics)
    }
  }
}

/// The one attention that the others are.
private func causalAttention(
  queries: Matrix, keys: StridedView, values: StridedView, keyLength: Int, shape: AttentionShape, sequences: Int,
  statistics: SoftmaxStatistics.Places?
) -> Matrix {
  let d = shape.headDimension
  precondition(sequences > 0 && queries.rows % sequences == 0, "rows must fill sequences")
  precondition(keys.rows >= sequences * keyLength && values.rows >= sequences * keyLength, "keys or values are missing")
  precondition(queries.columns == shape.heads * d, "queries must have heads times head dimension columns")
  precondition(keys.columns == shape.keyValueHeads * d && values.columns == keys.columns)
  precondition(shape.keyValueHeads > 0 && shape.heads % shape.keyValueHeads == 0, "heads must share key heads evenly")
  let queryLength = queries.rows / sequences
  precondition(keyLength >= queryLength, "every query needs its own key")

  var result = Matrix(uninitializedRows: queries.rows, columns: queries.columns)
  let kernel = Kernel.current
  queries.withView { q in
    result.withMutableRows { out in
      let work = AttentionWork(
        shape: shape, sequences: sequences, queryLength: queryLength, keyLength: keyLength, queries: q, keys: keys,
        values: values, out: out, statistics: statistics, instructions: kernel.instructions)
      if kernel == .reference {
        work.runReference()
      } else if queryLength <= AttentionWork.narrowQueries {
        work.runNarrow()
      } else {
        work.runTiled()
      }
    }
  }
  return result
}

/// What the softmax of every query and head was relative to, which its gradient needs.
struct SoftmaxStatistics {
  /// Where an attention writes them down.
  struct Places {
    fileprivate let maxima: MutableRows
    fileprivate let sums: MutableRows

    /// Takes the numbers of a query's row and a head.
    @inline(__always)
    func record(row: Int, head: Int, largest: Float, sum: Float) {
      maxima[row][head] = largest
      sums[row][head] = sum
    }
  }

  /// The largest score, (queries, heads).
  private(set) var maxima: Matrix
  /// Σ e^(score - largest), (queries, heads).
  private(set) var sums: Matrix

  init(queries: Int, heads: Int) {
    maxima = Matrix(uninitializedRows: queries, columns: heads)
    sums = Matrix(uninitializedRows: queries, columns: heads)
  }

  /// Calls `body` with the places of all numbers; valid during the call only.
  mutating func withPlaces<R>(_ body: (Places) -> R) -> R {
    maxima.withMutableRows { maxima in sums.withMutableRows { body(Places(maxima: maxima, sums: $0)) } }
  }
}

/// Where the rows and columns of an attention lie.
protocol AttentionGeometry {
  var shape: AttentionShape { get }
  var sequences: Int { get }
  var queryLength: Int { get }
  var keyLength: Int { get }
}

extension AttentionGeometry {
  /// What scores are multiplied by.
  var scale: Float { 1 / Float(shape.headDimension).squareRoot() }

  /// The rows of some queries of a sequence, and of their results.
  func rows(_ queries: Range<Int>, of sequence: Int) -> Range<Int> {
    sequence * queryLength + queries.lowerBound..<sequence * queryLength + queries.upperBound
  }

  /// The rows of a sequence's keys, and of its values.
  func keyRows(of sequence: Int) -> Range<Int> { sequence * keyLength..<(sequence + 1) * keyLength }

  /// The columns of a head or key head.
  func columns(of head: Int) -> Range<Int> { head * shape.headDimension..<(head + 1) * shape.headDimension }

  /// Keys that a query of a sequence sees.
  func visible(_ query: Int) -> Int { keyLength - queryLength + query + 1 }
}

/// What an attention reads and writes.
struct AttentionWork: AttentionGeometry {
  let shape: AttentionShape
  let sequences: Int
  let queryLength: Int
  let keyLength: Int
  let queries: StridedView
  let keys: StridedView
  let values: StridedView
  let out: MutableRows
  let statistics: SoftmaxStatistics.Places?
  let instructions: any InstructionSet.Type

  /// The definition, one score after the other.
  func runReference() {
    let d = shape.headDimension
    for sequence in 0..<sequences {
      for head in 0..<shape.heads {
        for query in 0..<queryLength {
          let (own, shared) = (columns(of: head), columns(of: head / shape.group))
          let q = queries.part(rows: rows(query..<query + 1, of: sequence), columns: own)
          let k = keys.part(rows: keyRows(of: sequence), columns: shared)
          let v = values.part(rows: keyRows(of: sequence), columns: shared)
          var scores = (0..<visible(query)).map { key in
            scale * (0..<d).reduce(Float(0)) { $0 + q.floats[$1] * k.floats[key * k.rowStride + $1] }
          }
          scores.withUnsafeMutableBufferPointer { scores in
            guard let first = scores.baseAddress else { return }
            let (largest, sum) = softmax(first, count: scores.count, instructions)
            let row = rows(query..<query + 1, of: sequence).lowerBound
            statistics?.record(row: row, head: head, largest: largest, sum: sum)
          }
          let target = out.part(rows: rows(query..<query + 1, of: sequence), columns: own).first
          for j in 0..<d {
            target[j] = scores.indices.reduce(Float(0)) { $0 + scores[$1] * v.floats[$1 * v.rowStride + j] }
          }
        }
      }
    }
  }

  /// Queries up to which keys and values are read where they lie instead of being packed.
  static let narrowQueries = 8

  /// Few queries, as in generation: dot products with the keys where they lie, and sums of the values.
  func runNarrow() {
    let d = shape.headDimension
    let group = shape.group
    // The scores of a group of heads on the same keys.
    Parallel.forEach(
      sequences * shape.keyValueHeads, threads: keyLength * keys.columns < 1 << 14 ? 1 : Parallel.threadCount,
      state: { AlignedStorage(byteCount: 4 * group * keyLength) }
    ) { storage, index in
      let (sequence, keyHead) = (index / shape.keyValueHeads, index % shape.keyValueHeads)
      for query in 0..<queryLength {
        let row = sequence * queryLength + query
        // The heads of a query lie side by side: a matrix, a head a row.
        let start = keyHead * group * d
        let q = StridedView(queries.floats + row * queries.rowStride + start, rows: group, columns: d, rowStride: d)
        let seen = sequence * keyLength..<sequence * keyLength + visible(query)
        let scores = MutableRows(
          storage.pointer.assumingMemoryBound(to: Float.self), rows: group, columns: seen.count, stride: keyLength)
        instructions.dotProducts(
          q, keys.part(rows: seen, columns: columns(of: keyHead)), into: scores, accumulate: false)
        for head in 0..<group {
          instructions.scale(scores[head], count: seen.count, by: scale)
          let (largest, sum) = softmax(scores[head], count: seen.count, instructions)
          statistics?.record(row: row, head: keyHead * group + head, largest: largest, sum: sum)
          instructions.weightedSum(
            scores[head], of: values.part(rows: seen, columns: columns(of: keyHead)), into: out[row] + start + head * d)
        }
      }
    }
  }
}
