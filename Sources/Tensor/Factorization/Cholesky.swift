import Support

/// A matrix that has no Cholesky factor.
public struct CholeskyError: Error, Equatable, CustomStringConvertible {
  /// The column at which the factorisation stopped.
  public let column: Int
  /// What was left on the diagonal there: zero, negative, or not a number.
  public let pivot: Float
  /// One line for the reader of a report.
  public var description: String { "not positive definite: the pivot of column \(column) is \(pivot)" }
}

/// Cholesky factors and what is computed from them.
///
/// All functions take a symmetric matrix and read its lower triangle only. Nearly all of the work is in matrix products.
/// Complexity: n³/6 multiply-adds for the factor, as much again for the inverse of a triangle, n³/2 for that of a symmetric
/// matrix.
public enum Cholesky {
  /// The lower triangular L with A = L Lᵀ; zeros above the diagonal.
  ///
  /// Throws `CholeskyError` where A is not positive definite in Float.
  public static func factor(_ a: consuming Matrix) throws(CholeskyError) -> Matrix {
    precondition(a.rows == a.columns, "only a square matrix has a Cholesky factor")
    let n = a.rows
    let failure = a.withMutableRows { elements in
      let triangle = LowerTriangle(elements: elements)
      let failure = triangle.factor(0..<n)
      triangle.clearUpper()
      return failure
    }
    if let failure { throw failure }
    return a
  }

  /// Bytes that `upperFactorOfInverse` needs beside a matrix of `n` rows that it may overwrite: a quarter of the matrix, and the
  /// panels of the largest product.
  package static func footprint(n: Double) -> Double {
    n * n + ProductShape(rows: n / 2, columns: n / 2, depth: n / 2).packedByteCount
  }

  /// The inverse of a lower triangular matrix without zeros on its diagonal.
  public static func inverse(ofLower l: consuming Matrix) -> Matrix {
    precondition(l.rows == l.columns, "only a square matrix has an inverse")
    l.withMutableRows { LowerTriangle(elements: $0).invert() }
    return l
  }

  /// The inverse of a symmetric positive definite matrix: L⁻ᵀ L⁻¹.
  ///
  /// Throws `CholeskyError` where A is not positive definite in Float.
  public static func inverse(_ a: consuming Matrix) throws(CholeskyError) -> Matrix {
    var result = Matrix(rows: a.rows, columns: a.columns)
    addGram(inverse(ofLower: try factor(a)), to: &result)
    return result
  }

  /// The upper triangular U with A⁻¹ = Uᵀ U, which SparseGPT prunes with.
  ///
  /// Its authors factor A, invert, and factor again. Reversing the order of rows and columns gives the same in one
  /// factorisation and one triangular inverse: with J the reversal and J Aᵀ J = L Lᵀ, A = V Vᵀ for the upper triangular
  /// V = J L J, so A⁻¹ = V⁻ᵀ V⁻¹ and U = V⁻¹ = J L⁻¹ J. (A is symmetric; its transpose is taken so that the lower triangle
  /// is the one that is read.) Everything happens in the memory of A where nobody else holds it.
  ///
  /// Throws `CholeskyError` where A is not positive definite in Float; its column is one of A.
  public static func upperFactorOfInverse(_ a: consuming Matrix) throws(CholeskyError) -> Matrix {
    let n = a.rows
    a.reflectInOtherDiagonal()
    do {
      var result = inverse(ofLower: try factor(a))
      result.reverse()
      return result
    } catch {
      throw CholeskyError(column: n - 1 - error.column, pivot: error.pivot)
    }
  }
}

extension Matrix {
  /// Reverses the order of the rows and of the columns of a square matrix: J A J.
  fileprivate mutating func reverse() {
    let count = count
    withMutableElements { x in
      Parallel.forEachRange(count / 2, grain: 1 << 14) { range in
        for i in range { (x[i], x[count - 1 - i]) = (x[count - 1 - i], x[i]) }
      }
    }
  }

  /// Reflects the lower triangle of a square matrix in the other diagonal: J Aᵀ J, whose lower triangle is made of the elements
  /// of A's.
  ///
  /// In squares of 16, a cache line each way.
  fileprivate mutating func reflectInOtherDiagonal() {
    let n = rows
    let side = 16
    let squares = (n + side - 1) / side
    withMutableElements { x in
      Parallel.forEach(squares) { down in
        for across in 0...down {
          for i in down * side..<min(n, (down + 1) * side) {
            // (i, j) and (n-1-j, n-1-i) change places once, for the one of them above the other diagonal.
            let last = min((across + 1) * side, i + 1, n - 1 - i)
            for j in across * side..<max(last, across * side) {
              let mirrored = (n - 1 - j) * n + n - 1 - i
              (x[i * n + j], x[mirrored]) = (x[mirrored], x[i * n + j])
            }
          }
        }
      }
    }
  }
}
