import Support

/// Why there are no eigenvalues.
public enum EigenvalueError: Error, Equatable, CustomStringConvertible {
  /// An element is NaN or infinite.
  case notFinite
  /// The iteration for one of them did not end.
  case noConvergence
  /// One line for the reader of a report.
  public var description: String {
    switch self {
    case .notFinite: "no eigenvalues: an element is not a finite number"
    case .noConvergence: "no eigenvalues: the QL iteration did not converge"
    }
  }
}

/// Eigenvalues of symmetric matrices, without vectors.
///
/// Householder reflections make the matrix tridiagonal (Golub and Van Loan, Matrix Computations, section 8.3.1), QL iterations
/// with implicit shifts make that diagonal (section 8.3.3). Both are backward stable: an eigenvalue is off by a small
/// multiple of n ε times the largest in magnitude, with ε that of Double. The same to the bit for any number of threads.
public enum SymmetricEigenvalues {
  /// The eigenvalues of a symmetric matrix, ascending; the lower triangle is read.
  ///
  /// Throws `EigenvalueError`. Complexity: 2 n³ additions and multiplications, and 8 n² bytes.
  ///
  /// - Parameters:
  ///   - elements: row by row, (count, count).
  ///   - count: rows, and columns.
  /// - Precondition: `elements.count == count * count`.
  public static func ascending(_ elements: [Double], count: Int) throws(EigenvalueError) -> [Double] {
    precondition(count >= 0 && elements.count == count * count, "\(elements.count) elements are not \(count) squared")
    let matrix = SymmetricDoubles(count: count)
    matrix.withElements { target in
      for i in 0..<count {
        for j in 0...i {
          target[i * matrix.stride + j] = elements[i * count + j]
          target[j * matrix.stride + i] = elements[i * count + j]
        }
      }
    }
    return try ascending(matrix)
  }

  /// The squares of a weight's singular values, ascending: min(rows, columns) numbers that are not negative.
  ///
  /// They are the eigenvalues of the weight's Gram matrix in Double, so they are off by a small multiple of n ε times the
  /// largest, and those of a matrix that lacks rank are as small instead of zero.
  /// Throws `EigenvalueError`. Complexity: n² m / 2 multiply-adds for n the smaller and m the larger side, and 2 n³ more.
  public static func squaredSingularValues(of weight: Matrix) throws(EigenvalueError) -> [Double] {
    try ascending(DoubleGram(of: weight).matrix()).map { max($0, 0) }
  }

  /// Bytes that `squaredSingularValues` holds beside the weight.
  package static func footprint(rows: Double, columns: Double) -> Double {
    DoubleGram.footprint(lines: min(rows, columns))
  }

  /// Destroys the matrix.
  private static func ascending(_ matrix: SymmetricDoubles) throws(EigenvalueError) -> [Double] {
    let largest = matrix.withElements { x -> Double in
      let rows = Parallel.map(matrix.count) { i in
        // The sum of differences is NaN where one element is not finite, which no comparison would tell.
        var (largest, differences) = (0.0, 0.0)
        for j in 0..<matrix.count {
          let value = x[i * matrix.stride + j]
          largest = max(largest, value.magnitude)
          differences += value - value
        }
        return differences == 0 ? largest : .infinity
      }
      return rows.reduce(0, max)
    }
    guard largest.isFinite else { throw .notFinite }
    guard largest > 0 else { return Array(repeating: 0, count: matrix.count) }
    // With elements up to 1 no square overflows, and what underflows is below the rounding of the others.
    let exponent = Int(largest.exponent) + 1
    scale(matrix, by: -exponent)
    var tridiagonal = matrix.withElements { HouseholderTridiagonalization($0, matrix.count, matrix.stride).run() }
    try tridiagonal.diagonalize()
    return tridiagonal.diagonal.map { scaled($0, by: exponent) }.sorted()
  }

  private static func scale(_ matrix: SymmetricDoubles, by exponent: Int) {
    matrix.withElements { x in
      Parallel.forEachRange(matrix.count, grain: 64) { rows in
        for i in rows.lowerBound * matrix.stride..<rows.upperBound * matrix.stride { x[i] = scaled(x[i], by: exponent) }
      }
    }
  }

  /// Times a power of two, in two steps: the powers that the least and the greatest numbers need are not numbers themselves.
  private static func scaled(_ value: Double, by exponent: Int) -> Double {
    let half = exponent / 2
    return value * Double(sign: .plus, exponent: half, significand: 1)
      * Double(sign: .plus, exponent: exponent - half, significand: 1)
  }
}
