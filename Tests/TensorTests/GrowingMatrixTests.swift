import Support
import Tensor
import TestSupport
import Testing

@Suite struct GrowingMatrixTests {
  @Test("Rows come back as they were rounded, and a copy keeps what it had", arguments: ElementType.allCases)
  func appending(type: ElementType) {
    var rows = GrowingMatrix(type)
    var expected: [Float] = []
    for (index, count) in [3, 1, 1, 0, 7, 1, 40].enumerated() {
      let part = Matrix.random(count, 12, seed: UInt64(index))
      rows.append(part)
      expected += StoredMatrix(part, as: type).widened().elements
      let copy = rows
      var other = copy
      other.append(Matrix.random(2, 12, seed: 99))
      #expect(rows.rows * 12 == expected.count && other.rows == rows.rows + 2)
      #expect(rows.widened.elements == expected && copy.widened.elements == expected)
      #expect(Array(other.widened.elements.prefix(expected.count)) == expected)
    }
  }

  @Test(
    "Attention to keys and values in 16 bits is attention to what they were rounded to, to the bit",
    arguments: availableKernels, ElementType.allCases)
  func attention(kernel: Kernel, type: ElementType) {
    Kernel.$current.withValue(kernel) {
      for (heads, shared, d, length) in [(4, 2, 20, 37), (2, 2, 64, 130), (6, 1, 33, 9), (1, 1, 5, 1)] {
        let shape = AttentionShape(heads: heads, keyValueHeads: shared, headDimension: d)
        var (keys, values) = (GrowingMatrix(type), GrowingMatrix(type))
        keys.append(Matrix.random(length, shared * d, seed: 1))
        values.append(Matrix.random(length, shared * d, seed: 2))
        for count in [1, 8, 9, 30] where count <= length {
          let queries = Matrix.random(count, heads * d, seed: 3)
          let found = causalAttention(queries: queries, keys: keys, values: values, shape: shape)
          let expected = causalAttention(
            queries: queries, keys: keys.widened, values: values.widened, shape: shape, sequences: 1)
          #expect(found.bits == expected.bits, "\(heads) heads of \(d), \(count) of \(length)")
        }
      }
    }
  }
}
