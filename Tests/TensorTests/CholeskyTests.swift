import Support
import Tensor
import TestSupport
import Testing

@Suite struct CholeskyTests {
  static let sizes = [1, 2, 63, 64, 65, 130, 200]

  /// XᵀX + I for a random X of 2n rows, scaled so that the eigenvalues lie between 1 and about 4.
  static func positiveDefinite(_ n: Int) -> Matrix {
    let x = Matrix.random(2 * n, n, seed: UInt64(n), scale: 1 / Float(2 * n).squareRoot())
    var a = Matrix(rows: n, columns: n)
    for i in 0..<n { a[i, i] = 1 }
    addGram(x, to: &a)
    return a
  }

  /// Whether all elements on one side of the diagonal are +0.
  static func isTriangular(_ matrix: Matrix, lower: Bool) -> Bool {
    (0..<matrix.rows).allSatisfy { i in
      (0..<matrix.columns).allSatisfy { j in (lower ? j <= i : j >= i) || matrix[i, j].bitPattern == 0 }
    }
  }

  @Test("L is lower triangular and L Lᵀ is A", arguments: sizes, availableKernels)
  func factor(n: Int, kernel: Kernel) throws {
    let a = Self.positiveDefinite(n)
    let l = try Kernel.$current.withValue(kernel) { try Cholesky.factor(a) }
    #expect(Self.isTriangular(l, lower: true))
    // |A - L Lᵀ| <= γ(n+1) |L| |Lᵀ| (Higham, Theorem 10.3).
    let exact = DoubleMatrix(l)
    let size = exact.magnitude * exact.magnitude.transposed
    let bound = size.mapped { Double(n + 4) * unitRoundoff * $0 }
    #expect(largestExcess(a, exact * exact.transposed, bound: bound) <= 1)
  }

  @Test("Only the lower triangle of A is read", arguments: [2, 65, 130])
  func lowerTriangleOnly(n: Int) throws {
    let a = Self.positiveDefinite(n)
    var garbled = a
    for i in 0..<n { for j in i + 1..<n { garbled[i, j] = .nan } }
    #expect(try Cholesky.factor(garbled).bits == Cholesky.factor(a).bits)
    #expect(try Cholesky.inverse(garbled).bits == Cholesky.inverse(a).bits)
    #expect(try Cholesky.upperFactorOfInverse(garbled).bits == Cholesky.upperFactorOfInverse(a).bits)
  }

  @Test("The inverse of a lower triangular matrix times the matrix is the identity", arguments: sizes, availableKernels)
  func inverseOfLower(n: Int, kernel: Kernel) throws {
    let l = try Cholesky.factor(Self.positiveDefinite(n))
    poisonHeap(floats: 64 * n)
    let x = Kernel.$current.withValue(kernel) { Cholesky.inverse(ofLower: l) }
    #expect(Self.isTriangular(x, lower: true))
    let (exactL, exactX) = (DoubleMatrix(l), DoubleMatrix(x))
    // The residual of the blocked inverse is n u |L| |X| |L| |X|, constants aside (Higham, section 14.2).
    let size = exactL.magnitude * exactX.magnitude
    let bound = (size * size).mapped { 2 * Double(n + 4) * unitRoundoff * $0 }
    let residual = exactL * exactX
    #expect(largestExcess(residual.elements, DoubleMatrix.identity(n).elements, bound: bound.elements) <= 1)
  }

  @Test("The inverse of A is symmetric, and times A it is the identity", arguments: sizes, availableKernels)
  func inverse(n: Int, kernel: Kernel) throws {
    let a = Self.positiveDefinite(n)
    let x = try Kernel.$current.withValue(kernel) { try Cholesky.inverse(a) }
    #expect(x.bits == x.transposed.bits)
    let residual = DoubleMatrix(a) * DoubleMatrix(x) - .identity(n)
    #expect(residual.frobeniusNorm <= Self.inverseBound(a))
  }

  @Test("U is upper triangular and Uᵀ U A is the identity", arguments: sizes, availableKernels)
  func upperFactorOfInverse(n: Int, kernel: Kernel) throws {
    let a = Self.positiveDefinite(n)
    let u = try Kernel.$current.withValue(kernel) { try Cholesky.upperFactorOfInverse(a) }
    #expect(Self.isTriangular(u, lower: false))
    #expect((0..<n).allSatisfy { u[$0, $0] > 0 })
    let exact = DoubleMatrix(u)
    let residual = exact.transposed * exact * DoubleMatrix(a) - .identity(n)
    #expect(residual.frobeniusNorm <= Self.inverseBound(a))
  }

  @Test("One factorisation of the reversed matrix gives what factoring the inverse gives", arguments: sizes)
  func classicalRoute(n: Int) throws {
    let a = Self.positiveDefinite(n)
    let direct = DoubleMatrix(try Cholesky.upperFactorOfInverse(a))
    let classical = DoubleMatrix(try Cholesky.factor(Cholesky.inverse(a))).transposed
    // The inverse is off by the residual's bound, and a factor's relative error is at most the condition number times that of
    // its matrix; both factors add their own.
    let bound = 2 * Self.inverseBound(a) * Self.condition(a)
    #expect((direct - classical).frobeniusNorm <= bound * direct.frobeniusNorm)
    #expect(bound < 0.05, "a bound as large as this proves nothing")
  }

  /// An upper bound of the condition number: the least eigenvalue of XᵀX + I is at least 1, the largest at most a row's sum.
  static func condition(_ a: Matrix) -> Double {
    let exact = DoubleMatrix(a).magnitude
    return (0..<a.rows).map { i in (0..<a.columns).reduce(0) { $0 + exact[i, $1] } }.max() ?? 1
  }

  /// How far the product of A and its inverse may be from the identity: some n u times the condition number.
  static func inverseBound(_ a: Matrix) -> Double { 4 * Double(a.rows + 4) * unitRoundoff * condition(a) }

  @Test("A zero, negative, infinite or NaN pivot is reported with its column", arguments: [1, 2, 64, 65, 130])
  func pivots(n: Int) {
    for column in Set([0, n / 2, n - 1, min(63, n - 1), min(64, n - 1)]) {
      for pivot: Float in [0, -1, .nan, .infinity, -.infinity] {
        var a = Self.positiveDefinite(n)
        for i in 0..<n where i != column { (a[i, column], a[column, i]) = (0, 0) }
        a[column, column] = pivot
        let attempts: [(Matrix) throws -> Matrix] = [
          Cholesky.factor, { try Cholesky.inverse($0) }, Cholesky.upperFactorOfInverse,
        ]
        for attempt in attempts {
          let error = try? thrown(CholeskyError.self) { try attempt(a) }
          #expect(error?.column == column)
          #expect(error?.pivot.bitPattern == pivot.bitPattern || error?.pivot.isNaN == true && pivot.isNaN)
          #expect(error?.description.contains("column \(column)") == true)
        }
      }
    }
  }

  @Test("Two equal columns: the factor stops at the second, the reversed one at the first")
  func singular() {
    for (first, second) in [(0, 1), (3, 64), (63, 100), (70, 129)] {
      var a = Matrix(rows: 130, columns: 130)
      for i in 0..<130 { a[i, i] = 1 }
      a[first, second] = 1
      a[second, first] = 1
      let error = try? thrown(CholeskyError.self) { try Cholesky.factor(a) }
      #expect(error?.column == second)
      #expect(error?.pivot == 0)
      let reversed = try? thrown(CholeskyError.self) { try Cholesky.upperFactorOfInverse(a) }
      #expect(reversed?.column == first)
      #expect(reversed?.pivot == 0)
    }
  }

  @Test("NaN beside the diagonal is found too")
  func notANumber() {
    var a = Self.positiveDefinite(130)
    (a[100, 20], a[20, 100]) = (.nan, .nan)
    let error = try? thrown(CholeskyError.self) { try Cholesky.factor(a) }
    #expect(error?.column == 100)
    let reversed = try? thrown(CholeskyError.self) { try Cholesky.upperFactorOfInverse(a) }
    #expect(reversed?.column == 20)
  }

  @Test("Factors and inverses are the same to the bit on any number of threads")
  func threads() throws {
    let a = Self.positiveDefinite(200)
    let results = try threadCounts.map { count in
      try Parallel.$threadCount.withValue(count) {
        try [Cholesky.factor(a).bits, Cholesky.inverse(a).bits, Cholesky.upperFactorOfInverse(a).bits]
      }
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
  }

  @Test("A matrix of no rows has a factor of no rows")
  func empty() throws {
    let a = Matrix(rows: 0, columns: 0)
    #expect(try Cholesky.factor(a) == a)
    #expect(try Cholesky.inverse(a) == a)
    #expect(try Cholesky.upperFactorOfInverse(a) == a)
  }
}
