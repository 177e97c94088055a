import Tensor
import TestSupport
import Testing

@Suite struct MatrixTests {
  /// Element (i, j) is 10 i + j.
  static func counting(_ rows: Int, _ columns: Int) -> Matrix {
    Matrix(
      rows: rows, columns: columns,
      elements: (0..<rows).flatMap { i in (0..<columns).map { Float(10 * i + $0) } })
  }

  @Test("A matrix is a value: writing a copy leaves the original alone, whichever way it is written")
  func valueSemantics() {
    let original = Self.counting(3, 4)
    let writers: [(inout Matrix) -> Void] = [
      { $0[1, 2] = -1 }, { $0.withMutableElements { $0[0] = -1 } }, { $0.add($0) }, { $0.applySoftmax() },
      { $0.addToRows([1, 2, 3, 4]) }, { $0.replaceBlock(row: 0, column: 0, with: Matrix(rows: 3, columns: 4)) },
    ]
    for write in writers {
      var copy = original
      write(&copy)
      #expect(copy != original)
      #expect(original.elements == Self.counting(3, 4).elements)
    }
  }

  @Test("A matrix that nobody shares is written in place")
  func inPlace() {
    var matrix = Self.counting(3, 4)
    let before = matrix.withElements { UInt(bitPattern: $0) }
    matrix[0, 0] = 5
    #expect(matrix.withElements { UInt(bitPattern: $0) } == before)
    #expect(before % 64 == 0)
    let copy = matrix
    matrix[0, 0] = 6
    #expect(matrix.withElements { UInt(bitPattern: $0) } != before)
    #expect(copy[0, 0] == 5)
  }

  @Test("A new matrix is zero, and elements stand row by row")
  func elements() {
    #expect(Matrix(rows: 7, columns: 5).bits == Array(repeating: 0, count: 35))
    let matrix = Self.counting(3, 4)
    #expect(matrix[2, 1] == 21)
    #expect(matrix.elements == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23])
    #expect(matrix.count == 12)
  }

  @Test("Ranges of rows and blocks are copies of their part")
  func parts() {
    let matrix = Self.counting(5, 4)
    #expect(matrix.rows(1..<3).elements == [10, 11, 12, 13, 20, 21, 22, 23])
    #expect(matrix.rows(2..<2) == Matrix(rows: 0, columns: 4))
    #expect(matrix.rows(0..<5) == matrix)
    #expect(matrix.block(rows: 3..<5, columns: 1..<3).elements == [31, 32, 41, 42])
    #expect(matrix.block(rows: 3..<3, columns: 1..<3) == Matrix(rows: 0, columns: 2))
    #expect(matrix.block(rows: 0..<5, columns: 4..<4) == Matrix(rows: 5, columns: 0))
  }

  @Test("Replacing a block writes that block only")
  func replacing() {
    var matrix = Self.counting(5, 4)
    matrix.replaceBlock(row: 3, column: 2, with: Matrix(rows: 2, columns: 2, elements: [-1, -2, -3, -4]))
    var expected = Self.counting(5, 4)
    (expected[3, 2], expected[3, 3], expected[4, 2], expected[4, 3]) = (-1, -2, -3, -4)
    #expect(matrix == expected)
    matrix.replaceBlock(row: 5, column: 4, with: Matrix(rows: 0, columns: 0))
    #expect(matrix == expected)
    #expect(matrix.block(rows: 3..<5, columns: 2..<4).elements == [-1, -2, -3, -4])
  }

  @Test("Appending puts the rows of one matrix below those of another")
  func appending() {
    let matrix = Self.counting(5, 4)
    #expect(matrix.rows(0..<2).appending(matrix.rows(2..<5)) == matrix)
    #expect(Matrix(rows: 0, columns: 4).appending(matrix) == matrix)
    #expect(matrix.appending(Matrix(rows: 0, columns: 4)) == matrix)
  }

  @Test("Equality asks for the shape and for numbers that are equal")
  func equality() {
    #expect(Matrix(rows: 2, columns: 3) != Matrix(rows: 3, columns: 2))
    #expect(Matrix(rows: 1, columns: 1, elements: [-0.0]) == Matrix(rows: 1, columns: 1))
    let missing = Matrix(rows: 1, columns: 1, elements: [.nan])
    #expect(missing != missing)
    #expect(!missing.isFinite)
    #expect(!Matrix(rows: 1, columns: 2, elements: [0, -.infinity]).isFinite)
    #expect(Matrix(rows: 1, columns: 2, elements: [0, .greatestFiniteMagnitude]).isFinite)
    #expect(Matrix(rows: 0, columns: 2).isFinite)
  }
}

@Suite struct StoredMatrixTests {
  @Test("Zeros of either sign are counted, and nothing else", arguments: ElementType.allCases)
  func zeros(type: ElementType) {
    var matrix = Matrix.random(31, 7, seed: 1)
    #expect(StoredMatrix(matrix, as: type).zeroCount == 0)
    matrix[0, 0] = 0
    matrix[30, 6] = -0.0
    matrix[5, 5] = .nan
    matrix[6, 6] = .infinity
    // The least number of each type is no zero.
    matrix[7, 0] = [.float32: .leastNonzeroMagnitude, .float16: 0x1p-24, .bfloat16: 0x1p-133][type] ?? 1
    #expect(StoredMatrix(matrix, as: type).zeroCount == 2)
    #expect(StoredMatrix(Matrix(rows: 3, columns: 5), as: type).zeroCount == 15)
    #expect(StoredMatrix(Matrix(rows: 0, columns: 5), as: type).zeroCount == 0)
  }

  @Test("The first number that is not finite is found", arguments: ElementType.allCases)
  func nonFinite(type: ElementType) {
    var matrix = Matrix.random(31, 7, seed: 1)
    #expect(StoredMatrix(matrix, as: type).firstNonFiniteIndex == nil)
    #expect(StoredMatrix(Matrix(rows: 0, columns: 5), as: type).firstNonFiniteIndex == nil)
    for (row, column, value) in [(30, 6, Float.infinity), (20, 3, .nan), (9, 1, -.infinity), (0, 0, -.nan)] {
      matrix[row, column] = value
      #expect(StoredMatrix(matrix, as: type).firstNonFiniteIndex == 7 * row + column)
    }
  }

  @Test("Weights of several tasks' size are looked at from end to end", arguments: ElementType.allCases)
  func large(type: ElementType) {
    let (rows, columns) = (300, 500)
    let bits: [UInt16] = (0..<rows * columns).map { UInt16($0 % 1000 + 0x3C00) }
    var matrix = Matrix(rows: rows, columns: columns, elements: bits.map { Half.widened($0) })
    #expect(StoredMatrix(matrix, as: .float16).widened() == matrix, "every number is one of binary16")
    for (index, value) in [(149_999, Float.infinity), (131_072, .nan), (65_536, -.infinity), (65_535, .nan)] {
      matrix[index / columns, index % columns] = value
      let stored = StoredMatrix(matrix, as: type)
      #expect(stored.firstNonFiniteIndex == index)
      #expect(!matrix.isFinite)
    }
    for index in [0, 65_535, 65_536, 131_071, 149_999] { matrix[index / columns, index % columns] = -0.0 }
    #expect(StoredMatrix(matrix, as: type).zeroCount == 5)
    #expect(StoredMatrix(matrix, as: type).widened()[299, 499].sign == .minus)
  }

  @Test("Widening gives the rounded elements, whole or by rows", arguments: ElementType.allCases)
  func widening(type: ElementType) {
    let matrix = Matrix.random(9, 5, seed: 2)
    let stored = StoredMatrix(matrix, as: type)
    #expect(stored.rows == 9)
    #expect(stored.columns == 5)
    #expect(stored.count == 45)
    #expect(stored.byteCount == 45 * type.byteCount)
    let expected = matrix.elements.map { value in
      switch type {
      case .float32: value
      case .float16: Half.widened(Half.rounded(value))
      case .bfloat16: BFloat16.widened(BFloat16.rounded(value))
      }
    }
    #expect(stored.widened().elements == expected)
    for range in [0..<9, 4..<5, 3..<9, 2..<2] {
      var part = Matrix(rows: range.count, columns: 5)
      part.withMutableElements { stored.widen(range, into: $0) }
      #expect(part.elements == Array(expected[5 * range.lowerBound..<5 * range.upperBound]))
    }
    #expect(StoredMatrix(stored.widened(), as: type).widened() == stored.widened(), "rounding twice is rounding once")
  }
}
