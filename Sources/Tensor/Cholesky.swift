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
/// All functions take a symmetric matrix and read its lower triangle only. Blocked, with the bulk of the work in the matrix
/// product. Complexity: n³/3 multiply-adds for the factor, as much again for each inverse.
public enum Cholesky {
  /// Columns of a block: small enough that the unblocked part stays a few per cent of the work.
  private static let block = 64

  /// The lower triangular L with A = L Lᵀ; zeros above the diagonal.
  ///
  /// Throws `CholeskyError` where A is not positive definite in Float.
  public static func factor(_ a: Matrix) throws(CholeskyError) -> Matrix {
    precondition(a.rows == a.columns, "only a square matrix has a Cholesky factor")
    var l = a
    let n = a.rows
    var failure: CholeskyError?
    l.withMutableElements { l in
      for start in stride(from: 0, to: n, by: block) {
        let end = min(n, start + block)
        failure = factorDiagonal(l, n, start..<end)
        if failure != nil { return }
        solvePanel(l, n, start..<end)
        // A22 -= L21 L21ᵀ, on and below the diagonal.
        let panel = Operand(l + end * n + start, outerStride: n, depthStride: 1)
        GeneralProduct(
          rows: n - end, columns: n - end, depth: end - start, a: panel, b: panel, scale: -1, accumulate: true,
          region: .lowerTriangle
        ).run(into: l + end * n + end, stride: n)
      }
      for i in 0..<n { for j in i + 1..<max(n, i + 1) { l[i * n + j] = 0 } }
    }
    if let failure { throw failure }
    return l
  }

  /// The inverse of a lower triangular matrix without zeros on its diagonal.
  public static func inverse(ofLower l: Matrix) -> Matrix {
    precondition(l.rows == l.columns, "only a square matrix has an inverse")
    let n = l.rows
    var result = Matrix(rows: n, columns: n)
    var product = Matrix(uninitializedRows: min(block, n), columns: n)
    l.withElements { l in
      result.withMutableElements { x in
        product.withMutableElements { t in
          for start in stride(from: 0, to: n, by: block) {
            let end = min(n, start + block)
            invertDiagonal(l, x, n, start..<end)
            // X21 = -X22 (L21 X11)
            GeneralProduct(
              rows: end - start, columns: start, depth: start,
              a: Operand(l + start * n, outerStride: n, depthStride: 1), b: Operand(x, outerStride: 1, depthStride: n)
            ).run(into: t, stride: n)
            GeneralProduct(
              rows: end - start, columns: start, depth: end - start,
              a: Operand(x + start * n + start, outerStride: n, depthStride: 1),
              b: Operand(t, outerStride: 1, depthStride: n), scale: -1
            ).run(into: x + start * n, stride: n)
          }
        }
      }
    }
    return result
  }

  /// The inverse of a symmetric positive definite matrix: L⁻ᵀ L⁻¹.
  ///
  /// Throws `CholeskyError` where A is not positive definite in Float.
  public static func inverse(_ a: Matrix) throws(CholeskyError) -> Matrix {
    let inverse = inverse(ofLower: try factor(a))
    var result = Matrix(rows: a.rows, columns: a.columns)
    addGram(inverse, to: &result)
    return result
  }

  /// The upper triangular U with A⁻¹ = Uᵀ U, which SparseGPT prunes with.
  ///
  /// Its authors factor A, invert, and factor again. Reversing the order of rows and columns gives the same in one
  /// factorisation and one triangular inverse: with J the reversal and J Aᵀ J = L Lᵀ, A = V Vᵀ for the upper triangular
  /// V = J L J, so A⁻¹ = V⁻ᵀ V⁻¹ and U = V⁻¹ = J L⁻¹ J. (A is symmetric; its transpose is taken so that the lower triangle
  /// is the one that is read.)
  ///
  /// Throws `CholeskyError` where A is not positive definite in Float; its column is one of A.
  public static func upperFactorOfInverse(_ a: Matrix) throws(CholeskyError) -> Matrix {
    let n = a.rows
    do {
      return inverse(ofLower: try factor(a.reversedTranspose())).reversed()
    } catch {
      throw CholeskyError(column: n - 1 - error.column, pivot: error.pivot)
    }
  }

  /// Factors the diagonal block in place.
  private static func factorDiagonal(
    _ l: UnsafeMutablePointer<Float>, _ n: Int, _ range: Range<Int>
  ) -> CholeskyError? {
    for j in range {
      var pivot = l[j * n + j]
      for k in range.lowerBound..<j { pivot -= l[j * n + k] * l[j * n + k] }
      guard pivot > 0, pivot.isFinite else { return CholeskyError(column: j, pivot: pivot) }
      let root = pivot.squareRoot()
      l[j * n + j] = root
      for i in j + 1..<max(range.upperBound, j + 1) {
        var sum = l[i * n + j]
        for k in range.lowerBound..<j { sum -= l[i * n + k] * l[j * n + k] }
        l[i * n + j] = sum / root
      }
    }
    return nil
  }

  /// Solves X L11ᵀ = A21 in place, row by row.
  private static func solvePanel(_ l: UnsafeMutablePointer<Float>, _ n: Int, _ range: Range<Int>) {
    Parallel.forEachRange(n - range.upperBound, grain: 32) { rows in
      for row in rows {
        let x = l + (range.upperBound + row) * n
        for j in range {
          var sum = x[j]
          for k in range.lowerBound..<j { sum -= x[k] * l[j * n + k] }
          x[j] = sum / l[j * n + j]
        }
      }
    }
  }

  /// Inverts the lower triangular diagonal block of `l` into `x`, column by column.
  private static func invertDiagonal(
    _ l: UnsafePointer<Float>, _ x: UnsafeMutablePointer<Float>, _ n: Int, _ range: Range<Int>
  ) {
    for j in range {
      x[j * n + j] = 1 / l[j * n + j]
      for i in j + 1..<max(range.upperBound, j + 1) {
        var sum: Float = 0
        for k in j..<i { sum -= l[i * n + k] * x[k * n + j] }
        x[i * n + j] = sum / l[i * n + i]
      }
    }
  }
}

extension Matrix {
  /// The matrix with the order of its rows and of its columns reversed: J A J.
  fileprivate func reversed() -> Matrix {
    var result = Matrix(uninitializedRows: rows, columns: columns)
    let count = count
    withElements { source in
      result.withMutableElements { for i in 0..<count { $0[i] = source[count - 1 - i] } }
    }
    return result
  }

  /// The transpose with the order of its rows and of its columns reversed, J Aᵀ J: the mirror image in the other diagonal.
  fileprivate func reversedTranspose() -> Matrix {
    var result = Matrix(uninitializedRows: columns, columns: rows)
    let (rows, columns) = (rows, columns)
    withElements { source in
      result.withMutableElements { target in
        for i in 0..<columns {
          for j in 0..<rows { target[i * rows + j] = source[(rows - 1 - j) * columns + columns - 1 - i] }
        }
      }
    }
    return result
  }
}
