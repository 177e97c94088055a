import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite struct AttentionGradientTests {
  struct Inputs {
    let q: Matrix
    let k: Matrix
    let v: Matrix
    let gradient: Matrix

    init(_ shape: AttentionShape, queries: Int, keys: Int, sequences: Int, scale: Float = 1) {
      (q, k, v) = AttentionTests.inputs(shape, queryLength: queries, keyLength: keys, sequences: sequences)
      gradient = .random(q.rows, q.columns, seed: 99, scale: scale)
    }

    func gradients(_ shape: AttentionShape, sequences: Int) -> [Matrix] {
      let attention = RecordedAttention(queries: q, keys: k, values: v, shape: shape, sequences: sequences)
      let (atQueries, atKeys, atValues) = attention.gradients(gradient)
      return [atQueries, atKeys, atValues]
    }
  }

  /// Σ gradient · attention(q, k, v) in Double, straight from the definition.
  private static func loss(
    _ q: [Double], _ k: [Double], _ v: [Double], _ gradient: [Double], _ shape: AttentionShape, sequences: Int
  ) -> Double {
    let d = shape.headDimension
    let (columns, keyColumns) = (shape.heads * d, shape.keyValueHeads * d)
    let (queryLength, keyLength) = (q.count / columns / sequences, k.count / keyColumns / sequences)
    var loss = 0.0
    for row in 0..<sequences * queryLength {
      let first = row / queryLength * keyLength
      let seen = first...first + keyLength - queryLength + row % queryLength
      for head in 0..<shape.heads {
        let own = row * columns + head * d
        let shared = head / (shape.heads / shape.keyValueHeads) * d
        let powers = seen.map { (key: Int) -> Double in
          let start = key * keyColumns + shared
          let score = (0..<d).reduce(0.0) { (sum: Double, p: Int) -> Double in sum + q[own + p] * k[start + p] }
          return exp(score / Double(d).squareRoot())
        }
        let sum = powers.reduce(0, +)
        for (key, power) in zip(seen, powers) {
          for j in 0..<d { loss += gradient[own + j] * power / sum * v[key * keyColumns + shared + j] }
        }
      }
    }
    return loss
  }

  @Test(
    "Gradients at queries, keys and values are those of central differences",
    arguments: [
      (AttentionShape(heads: 2, keyValueHeads: 2, headDimension: 3), 5, 5, 2),
      (AttentionShape(heads: 4, keyValueHeads: 2, headDimension: 4), 13, 13, 1),
      (AttentionShape(heads: 3, keyValueHeads: 1, headDimension: 5), 9, 9, 3),
      (AttentionShape(heads: 2, keyValueHeads: 1, headDimension: 6), 10, 17, 1),
      (AttentionShape(heads: 1, keyValueHeads: 1, headDimension: 1), 1, 1, 1),
    ], availableKernels)
  func centralDifferences(_ test: (shape: AttentionShape, queries: Int, keys: Int, sequences: Int), kernel: Kernel) {
    let shape = test.shape
    let inputs = Inputs(shape, queries: test.queries, keys: test.keys, sequences: test.sequences)
    let found = Kernel.$current.withValue(kernel) { inputs.gradients(shape, sequences: test.sequences) }
    let (q, k, v) = (
      inputs.q.elements.map(Double.init), inputs.k.elements.map(Double.init), inputs.v.elements.map(Double.init)
    )
    let g = inputs.gradient.elements.map(Double.init)
    func loss(_ q: [Double], _ k: [Double], _ v: [Double]) -> Double {
      Self.loss(q, k, v, g, shape, sequences: test.sequences)
    }
    let expected = [
      TestSupport.centralDifferences(q) { loss($0, k, v) }, TestSupport.centralDifferences(k) { loss(q, $0, v) },
      TestSupport.centralDifferences(v) { loss(q, k, $0) },
    ]
    // One key has no choice: its score changes nothing, up to the differences' own roundings.
    let names = test.keys == 1 ? ["values"] : ["queries", "keys", "values"]
    for (name, (found, expected)) in zip(names, zip(found.suffix(names.count), expected.suffix(names.count))) {
      #expect(largestRelativeDifference(found.elements.map(Double.init), expected) <= 1e-5, "\(name), \(kernel)")
    }
    if test.keys == 1 { for zero in found.prefix(2) { #expect(zero.elements.allSatisfy { abs($0) <= 1e-6 }) } }
  }

  @Test("In blocks as in the definition", arguments: AttentionTests.shapes, [1, 8, 9, 95, 96, 97, 193, 257, 300])
  func blocks(shape: AttentionShape, length: Int) {
    let sequences = length < 100 ? 3 : 1
    let inputs = Inputs(shape, queries: length, keys: length, sequences: sequences)
    poisonHeap(floats: inputs.q.count)
    let found = inputs.gradients(shape, sequences: sequences)
    let expected = Kernel.$current.withValue(.reference) { inputs.gradients(shape, sequences: sequences) }
    for (found, expected) in zip(found, expected) where length > 1 || expected == inputs.gradient {
      #expect(
        largestRelativeDifference(found.elements.map(Double.init), expected.elements.map(Double.init)) <= 2e-5,
        "\(length) tokens")
    }
  }

  @Test("Queries at the end of the keys, on every kernel", arguments: availableKernels)
  func cache(kernel: Kernel) {
    let shape = AttentionShape(heads: 6, keyValueHeads: 2, headDimension: 10)
    let inputs = Inputs(shape, queries: 100, keys: 300, sequences: 2)
    let expected = Kernel.$current.withValue(.reference) { inputs.gradients(shape, sequences: 2) }
    let found = Kernel.$current.withValue(kernel) { inputs.gradients(shape, sequences: 2) }
    for (found, expected) in zip(found, expected) {
      #expect(
        largestRelativeDifference(found.elements.map(Double.init), expected.elements.map(Double.init)) <= 2e-5)
    }
  }

  @Test("Outputs are those of the attention, to the bit", arguments: AttentionTests.shapes, [1, 8, 130])
  func outputs(shape: AttentionShape, length: Int) {
    let inputs = Inputs(shape, queries: length, keys: length, sequences: 2)
    let attention = RecordedAttention(queries: inputs.q, keys: inputs.k, values: inputs.v, shape: shape, sequences: 2)
    let plain = causalAttention(queries: inputs.q, keys: inputs.k, values: inputs.v, shape: shape, sequences: 2)
    #expect(attention.outputs.bits == plain.bits)
  }

  @Test("Sequences do not see one another, and the gradient of each is its own to the bit")
  func sequences() {
    let shape = AttentionShape(heads: 4, keyValueHeads: 2, headDimension: 8)
    let inputs = Inputs(shape, queries: 120, keys: 120, sequences: 3)
    let whole = inputs.gradients(shape, sequences: 3)
    let rows = 120..<240
    let attention = RecordedAttention(
      queries: inputs.q.rows(rows), keys: inputs.k.rows(rows), values: inputs.v.rows(rows), shape: shape, sequences: 1)
    let (atQueries, atKeys, atValues) = attention.gradients(inputs.gradient.rows(rows))
    for (own, all) in zip([atQueries, atKeys, atValues], whole) { #expect(own.bits == all.rows(rows).bits) }
  }

  @Test("Gradients are the same to the bit on any number of threads", arguments: AttentionTests.shapes)
  func threads(shape: AttentionShape) {
    let inputs = Inputs(shape, queries: 290, keys: 290, sequences: 2)
    let results = threadCounts.map { count in
      Parallel.$threadCount.withValue(count) { inputs.gradients(shape, sequences: 2).map(\.bits) }
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
  }

  @Test("Scores of thousands: the largest takes all, and nothing goes through the softmax")
  func largeScores() {
    let shape = AttentionShape(heads: 1, keyValueHeads: 1, headDimension: 4)
    let q = Matrix(rows: 300, columns: 4, elements: Array(repeating: 100, count: 1200))
    var k = Matrix(rows: 300, columns: 4)
    k.replaceBlock(row: 0, column: 0, with: Matrix(rows: 1, columns: 4, elements: [100, 100, 100, 100]))
    let attention = RecordedAttention(queries: q, keys: k, values: .random(300, 4, seed: 1), shape: shape, sequences: 1)
    let (atQueries, atKeys, atValues) = attention.gradients(
      Matrix(rows: 300, columns: 4, elements: Array(repeating: 1, count: 1200)))
    #expect(atQueries.isFinite && atKeys.isFinite)
    #expect(atValues.rows(0..<1).elements == [300, 300, 300, 300])
    #expect(atValues.rows(1..<300).elements.allSatisfy { $0 == 0 })
  }
}
