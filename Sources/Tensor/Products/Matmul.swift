import Support

/// The product A · Bᵀ: (m, k) by (n, k) gives (m, n).
///
/// A linear layer's inputs by its weight.
///
/// - Precondition: both have the same number of columns.
/// - Complexity: 2·m·n·k floating-point operations.
public func matmul(_ a: Matrix, transposed b: Matrix) -> Matrix {
  precondition(a.columns == b.columns, "\(a.columns) columns do not meet \(b.columns)")
  return b.withElements { pb in
    product(a, columns: b.rows, StridedView(pb, outerStride: b.columns, depthStride: 1))
  }
}

/// The product A · Bᵀ with a weight as it is stored: (m, k) by (n, k) gives (m, n).
///
/// The weight is widened while it is packed.
///
/// - Precondition: both have the same number of columns.
public func matmul(_ a: Matrix, transposed b: StoredMatrix) -> Matrix {
  matmul(a, transposed: b, rows: 0..<b.rows)
}

/// The products A · Bᵀ of one A with several stored weights, in one go: (m, k) by (n, k) gives (m, n) for each.
///
/// The same numbers as one after the other; A is packed once for all, and threads wait for one another once.
///
/// - Precondition: all have the columns of A.
public func matmul(_ a: Matrix, transposed weights: [StoredMatrix]) -> [Matrix] {
  precondition(weights.allSatisfy { $0.columns == a.columns }, "\(a.columns) columns do not meet those of every weight")
  var results = weights.map { Matrix(uninitializedRows: a.rows, columns: $0.rows) }
  // Elements stay where they are as long as their matrix lives and nobody else writes to it.
  let sides = weights.indices.map { index in
    let weight = weights[index]
    return weight.rightSide(
      rows: 0..<weight.rows, c: results[index].withMutableElements { $0 }, stride: weight.rows)
  }
  a.withElements { elements in
    let rows = StridedView(elements, outerStride: a.columns, depthStride: 1)
    GeneralProduct(rows: a.rows, depth: a.columns, a: rows).run(by: sides)
  }
  withExtendedLifetime((weights, results)) {}
  return results
}

/// The product of A with some rows of a stored weight: (m, k) by (n, k) gives (m, range.count).
///
/// - Precondition: both have the same number of columns, and the rows exist.
public func matmul(_ a: Matrix, transposed b: StoredMatrix, rows range: Range<Int>) -> Matrix {
  var result = Matrix(uninitializedRows: a.rows, columns: range.count)
  result.setProduct(a, transposed: b, rows: range)
  return result
}

/// The product A · B: (m, k) by (k, n) gives (m, n).
///
/// - Precondition: A has as many columns as B has rows.
public func matmul(_ a: Matrix, _ b: Matrix) -> Matrix {
  precondition(a.columns == b.rows, "\(a.columns) columns do not meet \(b.rows) rows")
  return b.withElements { pb in
    product(a, columns: b.columns, StridedView(pb, outerStride: 1, depthStride: b.columns))
  }
}

/// Adds the product AᵀA to a square matrix: (m, k) adds (k, k).
///
/// Half the multiplications of a general product: the result is symmetric.
///
/// - Precondition: `sum` is (k, k) and symmetric.
public func addGram(_ a: Matrix, to sum: inout Matrix) {
  precondition(sum.rows == a.columns && sum.columns == a.columns, "the sum must be \(a.columns) square")
  let n = a.columns
  a.withElements { pa in
    sum.withMutableElements { c in
      let columns = StridedView(pa, outerStride: 1, depthStride: n)
      GeneralProduct(rows: n, depth: a.rows, a: columns, accumulate: true, region: .lowerTriangle)
        .run(by: columns, columns: n, into: c, stride: n)
      mirrorLowerTriangle(c, n)
    }
  }
}

/// Copies what is below the diagonal of a square matrix to the places above it, in squares of 32: both sides of one fit the
/// first-level cache.
private func mirrorLowerTriangle(_ c: UnsafeMutablePointer<Float>, _ n: Int) {
  let side = 32
  Parallel.forEach((n + side - 1) / side) { band in
    for across in stride(from: band * side, to: n, by: side) {
      for i in band * side..<min(n, (band + 1) * side) {
        for j in max(i + 1, across)..<max(i + 1, min(n, across + side)) { c[i * n + j] = c[j * n + i] }
      }
    }
  }
}

extension Matrix {
  /// Overwrites the matrix, (m, range.count), with the product of A and some rows of a stored weight, (m, k) by (n, k).
  ///
  /// - Precondition: both have the same number of columns, and the rows exist.
  package mutating func setProduct(_ a: Matrix, transposed b: StoredMatrix, rows range: Range<Int>) {
    product(a, transposed: b, rows: range, accumulate: false)
  }

  /// Adds the product A · Bᵀ with a stored weight, (m, k) by (n, k): a linear layer in front of a residual connection.
  ///
  /// - Precondition: both have the same number of columns, and the matrix is (m, n).
  public mutating func addProduct(_ a: Matrix, transposed b: StoredMatrix) {
    product(a, transposed: b, rows: 0..<b.rows, accumulate: true)
  }

  private mutating func product(_ a: Matrix, transposed b: StoredMatrix, rows range: Range<Int>, accumulate: Bool) {
    precondition(a.columns == b.columns, "\(a.columns) columns do not meet \(b.columns)")
    precondition(range.lowerBound >= 0 && range.upperBound <= b.rows, "rows \(range) are outside")
    precondition(rows == a.rows && columns == range.count, "the product is (\(a.rows), \(range.count))")
    let stride = columns
    withMutableElements { c in
      a.withElements { pa in
        let rows = StridedView(pa, outerStride: a.columns, depthStride: 1)
        GeneralProduct(rows: a.rows, depth: a.columns, a: rows, accumulate: accumulate)
          .run(by: [b.rightSide(rows: range, c: c, stride: stride)])
        withExtendedLifetime(b) {}
      }
    }
  }

  /// Subtracts a product from some columns: self[:, columns] -= a · b[rows, columns].
  ///
  /// - Precondition: `a` is (rows of self, rows.count), and `b` has the columns of self.
  package mutating func subtractProduct(_ a: Matrix, _ b: Matrix, rows: Range<Int>, columns: Range<Int>) {
    precondition(a.rows == self.rows && a.columns == rows.count && b.columns == self.columns, "shapes differ")
    precondition(rows.upperBound <= b.rows && columns.upperBound <= self.columns, "the part lies outside")
    let stride = self.columns
    let count = self.rows
    withMutableElements { c in
      a.withElements { pa in
        b.withElements { pb in
          let part = pb + rows.lowerBound * stride + columns.lowerBound
          let left = StridedView(pa, outerStride: rows.count, depthStride: 1)
          GeneralProduct(rows: count, depth: rows.count, a: left, scale: -1, accumulate: true).run(
            by: StridedView(part, outerStride: 1, depthStride: stride), columns: columns.count,
            into: c + columns.lowerBound, stride: stride)
        }
      }
    }
  }
}

private func product(_ a: Matrix, columns: Int, _ b: StridedView) -> Matrix {
  var result = Matrix(uninitializedRows: a.rows, columns: columns)
  a.withElements { pa in
    result.withMutableElements { c in
      let rows = StridedView(pa, outerStride: a.columns, depthStride: 1)
      GeneralProduct(rows: a.rows, depth: a.columns, a: rows).run(by: b, columns: columns, into: c, stride: columns)
    }
  }
  return result
}
