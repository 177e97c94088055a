import KernelTemplate
import Support

/// The product A · Bᵀ: (m, k) by (n, k) gives (m, n).
///
/// A linear layer's inputs by its weight.
///
/// - Precondition: both have the same number of columns.
/// - Complexity: 2·m·n·k floating-point operations.
public func matmul(_ a: Matrix, transposed b: Matrix) -> Matrix {
  precondition(a.columns == b.columns, "\(a.columns) columns do not meet \(b.columns)")
  return b.withView { product(a, $0) }
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
  return products(a, weights[...], beside: [])
}

/// The products with all weights, computed together with those whose targets are known already.
private func products(
  _ a: Matrix, _ weights: ArraySlice<StoredMatrix>, beside targets: [GeneralProduct.ProductTarget]
) -> [Matrix] {
  guard let weight = weights.first else {
    a.withView { GeneralProduct(a: $0).run(by: targets) }
    return []
  }
  var result = Matrix(uninitializedRows: a.rows, columns: weight.rows)
  // One closure within the other: every pointer is in use until the products are done.
  let others = result.withMutableRows { c in
    weight.withRightSide(rows: 0..<weight.rows) { b in
      products(a, weights.dropFirst(), beside: targets + [GeneralProduct.ProductTarget(b: b, c: c)])
    }
  }
  return [result] + others
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
  return b.withView { product(a, $0.transposed) }
}

/// The product A · B with a weight as it is stored: (m, k) by (k, n) gives (m, n).
///
/// What takes the gradient at a linear layer's outputs to that at its inputs. The weight is widened while it is packed.
///
/// - Precondition: A has as many columns as B has rows.
public func matmul(_ a: Matrix, _ b: StoredMatrix) -> Matrix {
  var result = Matrix(uninitializedRows: a.rows, columns: b.columns)
  result.product(a, b, rows: 0..<b.rows, accumulate: false)
  return result
}

/// Adds the product AᵀA to a square matrix: (m, k) adds (k, k).
///
/// Half the multiplications of a general product: the result is symmetric.
///
/// - Precondition: `sum` is (k, k) and symmetric.
public func addGram(_ a: Matrix, to sum: inout Matrix) {
  precondition(sum.rows == a.columns && sum.columns == a.columns, "the sum must be \(a.columns) square")
  a.withView { a in
    sum.withMutableRows { c in
      let columns = a.transposed
      GeneralProduct(a: columns, accumulate: true, region: .lowerTriangle).run(by: columns, into: c)
      mirrorLowerTriangle(c)
    }
  }
}

/// Adds the product AᵀB to a matrix: (m, k) and (m, n) add (k, n).
///
/// Sums over tokens of the products of two kinds of activations.
///
/// - Precondition: both have the same number of rows, and `sum` is (k, n).
package func addProduct(transposing a: Matrix, _ b: Matrix, to sum: inout Matrix) {
  precondition(a.rows == b.rows, "\(a.rows) rows do not meet \(b.rows)")
  precondition(sum.rows == a.columns && sum.columns == b.columns, "the sum must be (\(a.columns), \(b.columns))")
  a.withView { a in
    b.withView { b in
      sum.withMutableRows { GeneralProduct(a: a.transposed, accumulate: true).run(by: b.transposed, into: $0) }
    }
  }
}

/// Copies what is below the diagonal of a square matrix to the places above it, in squares of 32: both sides of one fit the
/// first-level cache.
private func mirrorLowerTriangle(_ c: MutableRows) {
  let (side, n) = (32, c.rows)
  Parallel.forEach((n + side - 1) / side) { band in
    for across in stride(from: band * side, to: n, by: side) {
      for i in band * side..<min(n, (band + 1) * side) {
        for j in max(i + 1, across)..<max(i + 1, min(n, across + side)) { c[i][j] = c[j][i] }
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

  /// Adds the product A · B with a stored weight, (m, k) by (k, n).
  ///
  /// - Precondition: A has as many columns as B has rows, and the matrix is (m, n).
  public mutating func addProduct(_ a: Matrix, _ b: StoredMatrix) { addProduct(a, b, rows: 0..<b.rows) }

  /// Adds the product of A with some rows of a stored weight, (m, range.count) by (range.count, n).
  ///
  /// - Precondition: A has as many columns as there are rows, which exist, and the matrix is (m, n).
  package mutating func addProduct(_ a: Matrix, _ b: StoredMatrix, rows range: Range<Int>) {
    product(a, b, rows: range, accumulate: true)
  }

  fileprivate mutating func product(_ a: Matrix, _ b: StoredMatrix, rows range: Range<Int>, accumulate: Bool) {
    precondition(range.lowerBound >= 0 && range.upperBound <= b.rows, "rows \(range) are outside")
    precondition(a.columns == range.count, "\(a.columns) columns do not meet \(range.count) rows")
    precondition(rows == a.rows && columns == b.columns, "the product is (\(a.rows), \(b.columns))")
    withMutableRows { c in
      a.withView { a in
        b.withView { GeneralProduct(a: a, accumulate: accumulate).run(by: $0.part(rows: range).transposed, into: c) }
      }
    }
  }

  private mutating func product(_ a: Matrix, transposed b: StoredMatrix, rows range: Range<Int>, accumulate: Bool) {
    precondition(a.columns == b.columns, "\(a.columns) columns do not meet \(b.columns)")
    precondition(range.lowerBound >= 0 && range.upperBound <= b.rows, "rows \(range) are outside")
    precondition(rows == a.rows && columns == range.count, "the product is (\(a.rows), \(range.count))")
    withMutableRows { c in
      a.withView { a in
        b.withRightSide(rows: range) { b in
          GeneralProduct(a: a, accumulate: accumulate).run(by: [GeneralProduct.ProductTarget(b: b, c: c)])
        }
      }
    }
  }

  /// Subtracts a product from some columns: self[:, columns] -= a · b[rows, columns].
  ///
  /// - Precondition: `a` is (rows of self, rows.count), and `b` has the columns of self.
  package mutating func subtractProduct(_ a: Matrix, _ b: Matrix, rows: Range<Int>, columns: Range<Int>) {
    precondition(a.rows == self.rows && a.columns == rows.count && b.columns == self.columns, "shapes differ")
    precondition(rows.upperBound <= b.rows && columns.upperBound <= self.columns, "the part lies outside")
    withMutableRows { c in
      a.withView { a in
        b.withView { b in
          GeneralProduct(a: a, scale: -1, accumulate: true).run(
            by: b.part(rows: rows, columns: columns).transposed, into: c.part(rows: 0..<c.rows, columns: columns))
        }
      }
    }
  }
}

private func product(_ a: Matrix, _ b: StridedView) -> Matrix {
  var result = Matrix(uninitializedRows: a.rows, columns: b.rows)
  a.withView { a in result.withMutableRows { GeneralProduct(a: a).run(by: b, into: $0) } }
  return result
}
