import Support
import Tensor
import TestSupport
import Testing

@Suite struct MatmulTests {
  static let depths = [0, 1, 255, 256, 257, 700]
  /// Around the tiles of six rows by 8, 16 or 32 columns, and primes.
  static let sizes = [0, 1, 5, 6, 7, 15, 16, 17, 31, 33, 67, 101]

  @Test("A · Bᵀ is within the bound of a sum in Float at every odd shape", arguments: availableKernels, depths)
  func transposedProduct(kernel: Kernel, depth: Int) {
    Kernel.$current.withValue(kernel) {
      for rows in Self.sizes {
        let a = Matrix.random(rows, depth, seed: UInt64(rows + 1000 * depth))
        for columns in Self.sizes {
          let b = Matrix.random(columns, depth, seed: UInt64(columns + 7777 * depth))
          let exact = ExactProduct(DoubleMatrix(a), DoubleMatrix(b).transposed)
          poisonHeap(floats: rows * columns)
          let excess = exact.excess(of: matmul(a, transposed: b))
          #expect(excess <= 1, "(\(rows), \(depth)) by (\(columns), \(depth))")
        }
      }
    }
  }

  @Test("A · B is within the bound of a sum in Float at every odd shape", arguments: availableKernels, depths)
  func plainProduct(kernel: Kernel, depth: Int) {
    Kernel.$current.withValue(kernel) {
      for rows in Self.sizes {
        let a = Matrix.random(rows, depth, seed: UInt64(rows + 1000 * depth))
        for columns in Self.sizes {
          let b = Matrix.random(depth, columns, seed: UInt64(columns + 7777 * depth))
          let exact = ExactProduct(DoubleMatrix(a), DoubleMatrix(b))
          poisonHeap(floats: rows * columns)
          let excess = exact.excess(of: matmul(a, b))
          #expect(excess <= 1, "(\(rows), \(depth)) by (\(depth), \(columns))")
        }
      }
    }
  }

  @Test(
    "A stored weight and any of its rows give the product with the widened weight",
    arguments: availableKernels, ElementType.allCases)
  func storedProduct(kernel: Kernel, type: ElementType) {
    Kernel.$current.withValue(kernel) {
      for depth in [0, 1, 17, 257, 700] {
        for rows in [1, 6, 7, 33] {
          let a = Matrix.random(rows, depth, seed: UInt64(rows + 1000 * depth))
          for columns in [1, 15, 33, 101] {
            let b = StoredMatrix(Matrix.random(columns, depth, seed: UInt64(columns + 7777 * depth)), as: type)
            let exact = ExactProduct(DoubleMatrix(a), DoubleMatrix(b.widened()).transposed)
            poisonHeap(floats: rows * columns)
            let whole = matmul(a, transposed: b)
            #expect(exact.excess(of: whole) <= 1, "(\(rows), \(depth)) by (\(columns), \(depth))")
            for range in [0..<0, 0..<columns, columns / 3..<columns, columns - 1..<columns, 0..<columns / 2] {
              let part = matmul(a, transposed: b, rows: range)
              #expect(part.bits == whole.block(rows: 0..<rows, columns: range).bits, "rows \(range)")
            }
          }
        }
      }
    }
  }

  @Test("The Gram product adds AᵀA and stays symmetric to the bit", arguments: availableKernels)
  func gram(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      for depth in Self.depths {
        for columns in Self.sizes {
          let a = Matrix.random(depth, columns, seed: UInt64(columns + 31 * depth))
          var sum = Matrix.random(columns, columns, seed: 5)
          for i in 0..<columns { for j in 0..<i { sum[j, i] = sum[i, j] } }
          let x = DoubleMatrix(a)
          let exact = ExactProduct(x.transposed, x, addedTo: DoubleMatrix(sum))
          addGram(a, to: &sum)
          #expect(exact.excess(of: sum) <= 1, "(\(depth), \(columns))")
          #expect(sum.bits == sum.transposed.bits, "(\(depth), \(columns))")
        }
      }
    }
  }

  @Test("Subtracting a product changes the columns of the range and no others", arguments: availableKernels)
  func subtraction(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      for (count, width) in [(1, 1), (5, 7), (6, 33), (31, 67), (101, 300)] {
        for rows in [0..<0, 0..<1, 2..<19, 10..<310] {
          for columns in [0..<width, width / 2..<width, width / 3..<width / 2 + 1] {
            let before = Matrix.random(count, width, seed: UInt64(width))
            let a = Matrix.random(count, rows.count, seed: UInt64(count))
            let b = Matrix.random(310, width, seed: 9)
            var after = before
            after.subtractProduct(a, b, rows: rows, columns: columns)
            let all = 0..<count
            let exact = ExactProduct(
              DoubleMatrix(a), DoubleMatrix(b.block(rows: rows, columns: columns)),
              addedTo: DoubleMatrix(before.block(rows: all, columns: columns)), sign: -1)
            #expect(exact.excess(of: after.block(rows: all, columns: columns)) <= 1, "\(rows) \(columns)")
            for rest in [0..<columns.lowerBound, columns.upperBound..<width] {
              #expect(after.block(rows: all, columns: rest).bits == before.block(rows: all, columns: rest).bits)
            }
          }
        }
      }
    }
  }

  @Test("A product is the same to the bit on any number of threads", arguments: availableKernels)
  func threads(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      let a = Matrix.random(211, 263, seed: 1)
      let b = Matrix.random(301, 263, seed: 2)
      let results = threadCounts.map { count in
        Parallel.$threadCount.withValue(count) {
          var gram = Matrix(rows: 263, columns: 263)
          addGram(a, to: &gram)
          return [matmul(a, transposed: b).bits, matmul(a.rows(0..<7), transposed: b).bits, gram.bits]
        }
      }
      for other in results.dropFirst() { #expect(other == results[0]) }
    }
  }

  @Test(
    "A row of a product does not depend on how many others there are, among those that dot products take and among the others",
    arguments: availableKernels)
  func rowIndependence(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      let dots = PackingMemory.unpackedRows
      let a = Matrix.random(300, 300, seed: 1)
      let b = Matrix.random(67, 300, seed: 2)
      // The largest count is packed, the smaller ones are read in place.
      for (count, ranges) in [
        (300, [0..<dots + 1, 5..<50, 96..<192, 150..<205, 1..<257, 1..<258]),
        (dots, [0..<1, 3..<5, 1..<8, 7..<8, 2..<dots]),
      ] {
        let whole = matmul(a.rows(0..<count), transposed: b)
        for range in ranges {
          let isSame = matmul(a.rows(range), transposed: b).bits == whole.rows(range).bits
          #expect(isSame, "rows \(range) of \(count)")
        }
      }
    }
  }

  @Test(
    "Dot products of every number of rows, in tiles of every height, are the products and each row's alone",
    arguments: availableKernels, ElementType.allCases)
  func dotProducts(kernel: Kernel, type: ElementType) {
    Kernel.$current.withValue(kernel) {
      for depth in [15, 64, 337] {
        let a = Matrix.random(PackingMemory.unpackedRows, depth, seed: 1)
        // One to four rows of the weight at a time.
        for columns in [1, 2, 7, 33] {
          let weight = StoredMatrix(Matrix.random(columns, depth, seed: 2), as: type)
          let whole = matmul(a, transposed: weight)
          let exact = ExactProduct(DoubleMatrix(a), DoubleMatrix(weight.widened()).transposed)
          #expect(exact.excess(of: whole) <= 1, "(\(a.rows), \(depth)) by (\(columns), \(depth))")
          for rows in 1..<a.rows {
            let first = matmul(a.rows(0..<rows), transposed: weight)
            #expect(first.bits == whole.rows(0..<rows).bits, "\(rows) rows, depth \(depth), \(columns) columns")
          }
        }
      }
    }
  }

  @Test("Several weights in one go give the numbers of one after the other", arguments: availableKernels)
  func severalWeights(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      let types = ElementType.allCases
      for (rows, depth) in [(1, 300), (7, 31), (32, 515), (33, 515), (97, 1), (0, 5), (5, 0)] {
        let a = Matrix.random(rows, depth, seed: 1)
        let weights = [13, 0, 64, 1, 259].enumerated().map { index, outputs in
          StoredMatrix(Matrix.random(outputs, depth, seed: UInt64(index + 2)), as: types[index % types.count])
        }
        let found = matmul(a, transposed: weights)
        #expect(found.count == weights.count)
        for (found, weight) in zip(found, weights) {
          let wanted = matmul(a, transposed: weight)
          #expect(found.rows == rows && found.columns == weight.rows)
          #expect(found.bits == wanted.bits, "\(rows) rows by \(weight.rows) of \(weight.elementType), depth \(depth)")
        }
      }
      #expect(matmul(Matrix.random(3, 4, seed: 1), transposed: [StoredMatrix]()).isEmpty)
    }
  }

  @Test(
    "A packed weight gives the numbers of the weight, in part, beside others, and on another kernel",
    arguments: availableKernels, ElementType.allCases)
  func packedWeights(kernel: Kernel, type: ElementType) {
    Kernel.$current.withValue(kernel) {
      for (rows, depth) in [(32, 40), (33, 0), (33, 1), (33, 255), (40, 257), (97, 515)] {
        let a = Matrix.random(rows, depth, seed: 1)
        for columns in [0, 1, 8, 33, 64, 101] {
          let weight = StoredMatrix(Matrix.random(columns, depth, seed: 2), as: type)
          let packed = weight.packed()
          #expect(packed.byteCount == weight.byteCount && packed.elementType == type)
          poisonHeap(floats: rows * columns)
          let wanted = matmul(a, transposed: weight)
          #expect(matmul(a, transposed: packed).bits == wanted.bits, "(\(rows), \(depth)) by \(columns)")
          for range in [0..<columns, min(32, columns)..<columns, columns / 3..<columns, 0..<columns / 2] {
            let part = matmul(a, transposed: packed, rows: range)
            #expect(part.bits == wanted.block(rows: 0..<rows, columns: range).bits, "rows \(range)")
          }
          for found in matmul(a, transposed: [packed, weight, packed]) { #expect(found.bits == wanted.bits) }
          var (sum, other) = (Matrix.random(rows, columns, seed: 3), Matrix.random(rows, columns, seed: 3))
          sum.addProduct(a, transposed: packed)
          other.addProduct(a, transposed: weight)
          #expect(sum.bits == other.bits)
          Kernel.$current.withValue(.portable) {
            #expect(matmul(a, transposed: packed).bits == matmul(a, transposed: weight).bits)
          }
        }
      }
    }
  }

  @Test(
    "A product of more rows than dot products take reads the panels that are kept, not the stored elements",
    arguments: packingKernels)
  func keptPanels(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      let a = Matrix.random(33, 70, seed: 1)
      let weight = StoredMatrix(Matrix.random(100, 70, seed: 2), as: .float32).packed()
      let before = matmul(a, transposed: weight)
      // Nobody writes to stored elements but a test that wants to know who reads them.
      weight.withBytes { bytes in
        let stored = UnsafeMutableRawPointer(mutating: bytes)
        stored.initializeMemory(as: UInt8.self, repeating: 0, count: weight.byteCount)
      }
      #expect(matmul(a, transposed: weight).bits == before.bits)
      #expect(matmul(a, transposed: [weight])[0].bits == before.bits)
      #expect(matmul(a.rows(0..<8), transposed: weight).elements.allSatisfy { $0 == 0 }, "few rows read what is stored")
    }
  }

  @Test("NaN in an operand reaches exactly its row or column", arguments: availableKernels)
  func notANumber(kernel: Kernel) {
    Kernel.$current.withValue(kernel) {
      var a = Matrix.random(13, 40, seed: 1)
      var b = Matrix.random(35, 40, seed: 2)
      a[7, 39] = .nan
      b[33, 0] = .nan
      let product = matmul(a, transposed: b)
      for i in 0..<13 {
        for j in 0..<35 { #expect(product[i, j].isNaN == (i == 7 || j == 33), "(\(i), \(j))") }
      }
    }
  }

  @Test("The automatic kernel is available, and the portable ones always are")
  func availability() {
    #expect(Kernel.automatic.isAvailable)
    #expect(Kernel.reference.isAvailable)
    #expect(Kernel.portable.isAvailable)
  }
}
