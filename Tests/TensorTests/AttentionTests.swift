import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite struct AttentionTests {
  static let shapes = [(4, 4), (8, 2), (6, 1)].flatMap { heads, shared in
    [8, 10, 32].map { AttentionShape(heads: heads, keyValueHeads: shared, headDimension: $0) }
  }

  /// Attention by its definition in Double, one query and head at a time, and how far the blocked one may be from it.
  static func exact(
    _ q: Matrix, _ k: Matrix, _ v: Matrix, _ shape: AttentionShape, sequences: Int
  ) -> (value: DoubleMatrix, bound: DoubleMatrix) {
    let d = shape.headDimension
    let queryLength = q.rows / sequences
    let keyLength = k.rows / sequences
    let (queries, keys, values) = (DoubleMatrix(q), DoubleMatrix(k), DoubleMatrix(v))
    var value = DoubleMatrix(rows: q.rows, columns: q.columns)
    var bound = value
    for row in 0..<q.rows {
      let first = row / queryLength * keyLength
      let visible = keyLength - queryLength + row % queryLength + 1
      for head in 0..<shape.heads {
        let column = head * d
        let shared = head / (shape.heads / shape.keyValueHeads) * d
        var scores: [Double] = []
        var scoreError = 0.0
        for key in first..<first + visible {
          var (sum, size) = (0.0, 0.0)
          for j in 0..<d {
            let term = queries[row, column + j] * keys[key, shared + j]
            sum += term
            size += term.magnitude
          }
          let scale = 1 / Double(d).squareRoot()
          scores.append(sum * scale)
          scoreError = max(scoreError, Double(d + 8) * unitRoundoff * size * scale)
        }
        let largest = scores.max() ?? 0
        let spread = largest - (scores.min() ?? 0)
        let powers = scores.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        // An error of a score is a relative one of its power and of the sum; then the roundings of two sums over the keys.
        let relative = 2 * scoreError + (2 * spread + 2 * Double(visible) + 32) * unitRoundoff
        for (key, power) in powers.enumerated() {
          for j in 0..<d {
            let term = power / sum * values[first + key, shared + j]
            value[row, column + j] += term
            bound[row, column + j] += relative * term.magnitude
          }
        }
      }
    }
    return (value, bound)
  }

  static func inputs(
    _ shape: AttentionShape, queryLength: Int, keyLength: Int, sequences: Int
  ) -> (q: Matrix, k: Matrix, v: Matrix) {
    let seed = UInt64(queryLength + 1000 * keyLength)
    return (
      .random(sequences * queryLength, shape.heads * shape.headDimension, seed: seed, scale: 2),
      .random(sequences * keyLength, shape.keyValueHeads * shape.headDimension, seed: seed + 1, scale: 2),
      .random(sequences * keyLength, shape.keyValueHeads * shape.headDimension, seed: seed + 2)
    )
  }

  static func check(
    _ shape: AttentionShape, queryLength: Int, keyLength: Int, sequences: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (q, k, v) = inputs(shape, queryLength: queryLength, keyLength: keyLength, sequences: sequences)
    let exact = exact(q, k, v, shape, sequences: sequences)
    poisonHeap(floats: q.count)
    let found = causalAttention(queries: q, keys: k, values: v, shape: shape, sequences: sequences)
    let excess = largestExcess(found, exact.value, bound: exact.bound)
    #expect(
      excess <= 1, "\(queryLength) queries, \(keyLength) keys, \(sequences) sequences", sourceLocation: sourceLocation)
  }

  @Test("Attention over one sequence is its definition", arguments: shapes, [1, 2, 63, 64, 65, 255, 256, 257, 300])
  func lengths(shape: AttentionShape, length: Int) {
    Self.check(shape, queryLength: length, keyLength: length, sequences: 1)
  }

  @Test("Several sequences do not see one another", arguments: shapes)
  func sequences(shape: AttentionShape) {
    for length in [1, 7, 65, 130] { Self.check(shape, queryLength: length, keyLength: length, sequences: 3) }
  }

  @Test("With a cache the queries stand at the end of the keys", arguments: shapes)
  func cache(shape: AttentionShape) {
    for (queries, keys) in [(1, 2), (1, 300), (3, 258), (64, 65), (65, 257), (70, 600)] {
      Self.check(shape, queryLength: queries, keyLength: keys, sequences: 1)
      Self.check(shape, queryLength: queries, keyLength: keys, sequences: 2)
    }
  }

  @Test(
    "What lies wholly behind the diagonal is left out: NaN in the values there reaches no query in front of it",
    arguments: availableKernels)
  func behindTheDiagonal(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      let shape = AttentionShape(heads: 2, keyValueHeads: 1, headDimension: 40)
      let (q, k, values) = Self.inputs(shape, queryLength: 300, keyLength: 300, sequences: 1)
      var v = values
      // A multiple of every tile's rows within a block of queries, so that a zero share of NaN would be multiplied out.
      for key in 48..<300 { for j in 0..<v.columns { v[key, j] = .nan } }
      let found = causalAttention(queries: q, keys: k, values: v, shape: shape, sequences: 1)
      #expect(found.rows(0..<48).elements.allSatisfy { $0.isFinite })
      #expect(found.rows(48..<300).elements.allSatisfy { $0.isNaN })
    }
  }

  @Test("Every kernel computes the same attention", arguments: availableKernels)
  func kernels(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      let shape = AttentionShape(heads: 6, keyValueHeads: 2, headDimension: 10)
      Self.check(shape, queryLength: 100, keyLength: 300, sequences: 2)
    }
  }

  @Test("Attention is the same to the bit on any number of threads", arguments: shapes)
  func threads(shape: AttentionShape) {
    let (q, k, v) = Self.inputs(shape, queryLength: 130, keyLength: 300, sequences: 2)
    let results = threadCounts.map { count in
      Parallel.$threadCount.withValue(count) {
        causalAttention(queries: q, keys: k, values: v, shape: shape, sequences: 2).bits
      }
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
  }

  @Test("What comes later in a sequence changes nothing before it")
  func causality() {
    let shape = AttentionShape(heads: 4, keyValueHeads: 2, headDimension: 8)
    let (q, k, v) = Self.inputs(shape, queryLength: 300, keyLength: 300, sequences: 1)
    let whole = causalAttention(queries: q, keys: k, values: v, shape: shape, sequences: 1)
    for length in [1, 40, 64, 257] {
      var (changedKeys, changedValues) = (k, v)
      changedKeys.replaceBlock(row: length, column: 0, with: .random(300 - length, k.columns, seed: 77, scale: 50))
      changedValues.replaceBlock(row: length, column: 0, with: .random(300 - length, v.columns, seed: 78, scale: 50))
      let changed = causalAttention(queries: q, keys: changedKeys, values: changedValues, shape: shape, sequences: 1)
      #expect(changed.rows(0..<length).bits == whole.rows(0..<length).bits)
      #expect(changed.rows(length..<300) != whole.rows(length..<300))
    }
  }

  @Test("Scores of thousands overflow nothing: the largest takes all")
  func largeScores() {
    let shape = AttentionShape(heads: 1, keyValueHeads: 1, headDimension: 4)
    let q = Matrix(rows: 300, columns: 4, elements: Array(repeating: 100, count: 1200))
    var k = Matrix(rows: 300, columns: 4)
    k.replaceBlock(row: 280, column: 0, with: Matrix(rows: 1, columns: 4, elements: [100, 100, 100, 100]))
    let v = Matrix.random(300, 4, seed: 1)
    let found = causalAttention(queries: q, keys: k, values: v, shape: shape, sequences: 1)
    #expect(found.isFinite)
    for row in 280..<300 { #expect(found.rows(row..<row + 1).bits == v.rows(280..<281).bits) }
  }
}
