import Support
import Tensor
import TestSupport
import Testing

@Suite struct ZeroMaskTests {
  /// The same matrix with some elements cleared.
  private func cleared(_ matrix: Matrix, using generator: inout SeededGenerator) -> Matrix {
    var copy = matrix
    copy.withMutableElements { elements in
      for index in 0..<matrix.count where generator.below(3) == 0 { elements[index] = 0 }
    }
    return copy
  }

  @Test(
    "A mask leads from the dense matrix to the pruned one, bit by bit",
    arguments: ElementType.allCases, [(1, 1), (3, 21), (8, 8), (5, 13), (1, 64), (1, 65), (130, 517), (0, 4)])
  func roundTrip(_ type: ElementType, _ shape: (rows: Int, columns: Int)) throws {
    var generator = SeededGenerator(seed: 5)
    var matrix = Matrix.random(shape.rows, shape.columns, seed: 9)
    // Zeros of both signs in the dense matrix stay what they are, or become +0.
    matrix.withMutableElements { elements in
      for index in stride(from: 0, to: shape.rows * shape.columns, by: 4) {
        elements[index] = index % 8 == 0 ? 0 : -0.0
      }
    }
    let dense = StoredMatrix(matrix, as: type)
    let pruned = StoredMatrix(cleared(matrix, using: &generator), as: type)
    let mask = try #require(ZeroMask(from: dense, to: pruned))
    for threads in [1, 3] {
      Parallel.$threadCount.withValue(threads) {
        let found = mask.applied(to: dense)
        #expect(found.elementType == type && found.rows == shape.rows && found.columns == shape.columns)
        #expect(found.widened().bits == pruned.widened().bits)
      }
    }
    #expect(mask.byteCount == (dense.count + 63) / 64 * 8)
  }

  @Test("There is no mask where an element was changed, or stored in another type", arguments: [0, 63, 64, 69])
  func changed(_ index: Int) {
    let matrix = Matrix.random(7, 10, seed: 3)
    var other = matrix
    other.withMutableElements { $0[index] += 1 }
    let dense = StoredMatrix(matrix, as: .bfloat16)
    #expect(ZeroMask(from: dense, to: StoredMatrix(other, as: .bfloat16)) == nil)
    #expect(ZeroMask(from: dense, to: StoredMatrix(matrix, as: .float16)) == nil)
  }
}
