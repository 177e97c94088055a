import Support
import Tensor
import TestSupport
import Testing

/// A matrix of which a fraction of the elements is zero, some rows entirely, with numbers that a bitmap must not lose.
private func sparseMatrix(_ rows: Int, _ columns: Int, zeros: Double, seed: UInt64) -> Matrix {
  var generator = SeededGenerator(seed: seed)
  var matrix = Matrix.random(rows, columns, seed: seed &+ 1)
  for row in 0..<rows {
    for column in 0..<columns where row % 7 == 3 || generator.unit() < zeros { matrix[row, column] = 0 }
  }
  return matrix
}

/// The kernels for which there are products between those of dot products and those of tiles of tokens, whatever the right side is.
private let expandingKernels = availableKernels.filter {
  $0 != .reference && PackingMemory.unpackedRows < PackingMemory.expandedRows($0, vectors: 2)
}

@Suite struct SparseProductTests {
  /// Around a vector, a word of the bitmap, and the blocks of the depth.
  static let depths = [0, 1, 4, 7, 8, 12, 63, 64, 65, 129, 700]

  @Test(
    "A product by a compressed weight is within the bound of a sum in Float at every odd shape",
    arguments: availableKernels,
    ElementType.allCases)
  func product(kernel: Kernel, type: ElementType) {
    Kernel.$current.withValue(kernel) {
      for depth in Self.depths {
        for (columns, zeros) in [(1, 0.5), (15, 1), (33, 0.7), (70, 0.9), (131, 0)] {
          let dense = StoredMatrix(sparseMatrix(columns, depth, zeros: zeros, seed: UInt64(columns + depth)), as: type)
          let compressed = dense.compressed()
          let weights = DoubleMatrix(dense.widened()).transposed
          // Around what dot products take, and tiles of two to eight vectors.
          for rows in [0, 1, 2, 3, 5, 8, 9, 15, 24, 33, 47, 49, 70, 90, 97, 120, 205] {
            let a = Matrix.random(rows, depth, seed: UInt64(rows + 1000 * depth))
            poisonHeap(floats: rows * columns)
            let product = matmul(a, transposed: compressed)
            let excess = ExactProduct(DoubleMatrix(a), weights).excess(of: product)
            #expect(excess <= 1, "(\(rows), \(depth)) by (\(columns), \(depth)), \(zeros) zeros")
          }
        }
      }
    }
  }

  @Test("Any rows of a compressed weight give the same rows of the product, to the bit", arguments: availableKernels)
  func ranges(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      // The rows of the second one have many elements left in front and few behind: how they are multiplied goes by all of them.
      var uneven = sparseMatrix(150, 203, zeros: 0.95, seed: 1)
      for row in 0..<60 { for column in 0..<203 { uneven[row, column] = 1 + Float(row * column % 17) } }
      for matrix in [sparseMatrix(150, 203, zeros: 0.6, seed: 1), uneven] {
        let weight = StoredMatrix(matrix, as: .bfloat16).compressed()
        for rows in [1, 7, 8, 16, 20, 24, 32, 40, 48, 120] {
          let a = Matrix.random(rows, 203, seed: 2)
          let whole = matmul(a, transposed: weight)
          for range in [0..<0, 0..<150, 149..<150, 37..<111] {
            let part = matmul(a, transposed: weight, rows: range)
            #expect(part.bits == whole.block(rows: 0..<rows, columns: range).bits, "\(rows), rows \(range)")
          }
        }
      }
    }
  }

  @Test("Compressed and dense weights in one product, and a sum added to, give what each gives alone")
  func mixture() {
    // Each of them has another number of rows up to which it is expanded.
    var groups = sparseMatrix(40, 96, zeros: 0, seed: 3)
    for row in 0..<40 { for column in 0..<96 where column % 4 < 2 { groups[row, column] = 0 } }
    let weights = ([0, 0.5, 0.7, 0.9].map { sparseMatrix(40, 96, zeros: $0, seed: 3) } + [groups]).flatMap { matrix in
      let dense = StoredMatrix(matrix, as: .bfloat16)
      return [dense, dense.compressed()]
    }
    for rows in [1, 6, 16, 20, 24, 32, 40, 48, 100] {
      let a = Matrix.random(rows, 96, seed: 4)
      let together = matmul(a, transposed: weights)
      for ((weight, dense), product) in zip(zip(weights, weights.indices.map { weights[$0 / 2 * 2] }), together) {
        #expect(product.bits == matmul(a, transposed: weight).bits)
        let start = Matrix.random(rows, 40, seed: 5)
        var sum = start
        sum.addProduct(a, transposed: weight)
        let exact = ExactProduct(
          DoubleMatrix(a), DoubleMatrix(dense.widened()).transposed, addedTo: DoubleMatrix(start))
        #expect(exact.excess(of: sum) <= 1)
      }
    }
  }

  @Test(
    "A token's sums do not depend on how many others there are, among those that each way to multiply takes",
    arguments: availableKernels, ElementType.allCases)
  func tokens(kernel: Kernel, type: ElementType) {
    guard kernel != .reference else { return }
    for zeros in [0.55, 0.7] { tokens(kernel, type, zeros: zeros) }
  }

  private func tokens(_ kernel: Kernel, _ type: ElementType, zeros: Double) {
    Kernel.$current.withValue(kernel) {
      let weight = StoredMatrix(sparseMatrix(70, 600, zeros: zeros, seed: 6), as: type).compressed()
      let a = Matrix.random(230, 600, seed: 7)
      // A seventh of the rows is empty: with 55 % zeros in the others up to two vectors are expanded, with 70 % none.
      let dots = PackingMemory.sparseDotRows(kernel)
      let expanded = zeros < 0.6 ? PackingMemory.expandedRows(kernel, vectors: 2) : 0
      let ways = [
        // Tiles of every height where elements are expanded in registers; elsewhere a row by few others has several sums.
        (0..<dots, kernel.instructions.expandsInRegisters ? (1..<dots).map { 0..<$0 } + [10..<dots, 3..<4] : []),
        (0..<max(dots, expanded), dots < expanded ? [0..<dots + 1, expanded - dots - 2..<expanded] : []),
        // Tiles of tokens, wide and narrow.
        (0..<230, [0..<max(dots, expanded) + 1, 7..<47, 20..<100, 100..<150, 5..<202]),
      ]
      for (whole, parts) in ways {
        let product = matmul(a.rows(whole), transposed: weight)
        for part in parts {
          #expect(matmul(a.rows(part), transposed: weight).bits == product.rows(part).bits, "\(part), \(zeros) zeros")
        }
      }
    }
  }

  @Test(
    "Between dot products and tiles of tokens a compressed weight's rows are expanded: the dense product to the bit",
    arguments: expandingKernels, ElementType.allCases)
  func expanded(kernel: Kernel, type: ElementType) {
    Kernel.$current.withValue(kernel) {
      for depth in [1, 63, 64, 100, 256, 257, 300, 512, 700] {
        for (columns, zeros, vectors) in [(1, 0.45, 2), (150, 0.6, 2), (205, 0, 3)] {
          let dense = StoredMatrix(sparseMatrix(columns, depth, zeros: zeros, seed: UInt64(depth)), as: type)
          // Few columns have another share of zeros by chance.
          guard depth > 256 || zeros == 0 else { continue }
          for rows in [PackingMemory.unpackedRows + 1, PackingMemory.expandedRows(kernel, vectors: vectors)] {
            let a = Matrix.random(rows, depth, seed: UInt64(rows))
            var (sum, denseSum) = (Matrix.random(rows, columns, seed: 3), Matrix.random(rows, columns, seed: 3))
            sum.addProduct(a, transposed: dense.compressed())
            denseSum.addProduct(a, transposed: dense)
            #expect(sum.bits == denseSum.bits, "(\(rows), \(depth)) by (\(columns), \(depth)), \(zeros) zeros")
          }
        }
      }
    }
  }

  @Test(
    "A sparse product is the same to the bit on any number of threads", arguments: availableKernels, [0.55, 0.7])
  func threads(kernel: Kernel, zeros: Double) {
    Kernel.$current.withValue(kernel) {
      let weight = StoredMatrix(sparseMatrix(700, 300, zeros: zeros, seed: 8), as: .bfloat16)
      for rows in [1, 8, 30, 150] {
        let a = Matrix.random(rows, 300, seed: 9)
        let results = threadCounts.map { count in
          Parallel.$threadCount.withValue(count) { matmul(a, transposed: weight.compressed()).bits }
        }
        let areEqual = results.allSatisfy { $0 == results[0] }
        #expect(areEqual)
      }
    }
  }

  @Test("Infinity in the activations of one row leaves the sums of the others as they are")
  func specialActivations() {
    var weights = sparseMatrix(20, 130, zeros: 0.6, seed: 10)
    weights[4, 5] = 1
    let weight = StoredMatrix(weights, as: .float32).compressed()
    for rows in [1, 3, 40] {
      var a = Matrix.random(rows, 130, seed: 11)
      let plain = matmul(a, transposed: weight)
      a[0, 5] = .infinity
      let product = matmul(a, transposed: weight)
      #expect(!product[0, 4].isFinite)
      let others = (1..<max(1, rows)).allSatisfy { product.rows($0..<$0 + 1).bits == plain.rows($0..<$0 + 1).bits }
      #expect(others)
    }
  }
}

@Suite struct CompressedMatrixTests {
  @Test(
    "Compressing and expanding gives every bit back: signs of zeros, NaN, infinities", arguments: ElementType.allCases)
  func roundTrip(type: ElementType) {
    for (rows, columns) in [(0, 5), (5, 0), (1, 1), (3, 8), (7, 9), (20, 64), (33, 131)] {
      var matrix = sparseMatrix(rows, columns, zeros: 0.6, seed: UInt64(rows))
      for (index, special) in [-0.0, Float.nan, .infinity, -.infinity, 0].enumerated()
      where index < min(rows, columns) {
        matrix[index, columns - 1] = special
      }
      let dense = StoredMatrix(matrix, as: type)
      let compressed = dense.compressed()
      #expect(compressed.isCompressed && !compressed.expanded().isCompressed)
      #expect(compressed.widened().bits == dense.widened().bits)
      #expect(compressed.expanded().widened().bits == dense.widened().bits)
      #expect(compressed.zeroCount == dense.zeroCount)
      #expect(compressed.firstNonFiniteIndex == dense.firstNonFiniteIndex)
      #expect(compressed.byteCount == dense.byteCount)
      #expect(compressed.compressed().residentByteCount == compressed.residentByteCount)
    }
  }

  @Test("An element is kept whichever single bit of it is set", arguments: [ElementType.float32, .bfloat16])
  func singleBits(type: ElementType) {
    let patterns = (0..<8 * type.byteCount).map { UInt32(1) << UInt32(32 - 8 * type.byteCount + $0) }
    let spaced: [Float] = patterns.flatMap { [Float(bitPattern: $0), Float(0), Float(0)] } + [Float(1)]
    let dense = StoredMatrix(Matrix(rows: 1, columns: spaced.count, elements: spaced), as: type)
    let compressed = dense.compressed()
    // The sign alone is -0: a zero that is kept.
    #expect(compressed.zeroCount == 2 * patterns.count + 1)
    #expect(compressed.expanded().widened().bits == dense.widened().bits)
    #expect(dense.widened().bits == spaced.map(\.bitPattern))
  }

  @Test("At 70 % zeros in BF16 a matrix takes 0.725 bytes an element and a number a row")
  func size() {
    let dense = StoredMatrix(sparseMatrix(1024, 1024, zeros: 0.7, seed: 1), as: .bfloat16)
    let bytes = Double(dense.compressed().residentByteCount)
    let kept = Double(dense.count - dense.zeroCount)
    #expect(bytes == 2 * kept + Double(dense.count) / 8 + 8 * 1025)
  }

  @Test("Rows of a compressed weight are widened like those of a dense one")
  func rows() {
    let dense = StoredMatrix(sparseMatrix(20, 37, zeros: 0.6, seed: 2), as: .float16)
    let expected = dense.widened()
    let compressed = dense.compressed()
    for range in [0..<20, 3..<4, 19..<20, 5..<17] {
      var found = Matrix(rows: range.count, columns: 37)
      found.withMutableElements { compressed.widen(range, into: $0) }
      #expect(found.bits == expected.rows(range).bits)
    }
  }
}
