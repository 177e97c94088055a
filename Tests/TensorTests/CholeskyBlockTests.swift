import Support
import Tensor
import TestSupport
import Testing

/// Factors and inverses where ranges are halved unevenly, against a factorisation in Double.
@Suite struct CholeskyBlockTests {
  /// One off whole blocks and whole tiles, with an even and an odd number of blocks to halve.
  static let sizes = [31, 33, 95, 127, 129, 161, 191, 193, 257, 321, 449]

  /// The textbook's factor, row by row.
  static func factor(_ a: DoubleMatrix) -> DoubleMatrix {
    var l = DoubleMatrix(rows: a.rows, columns: a.rows)
    for i in 0..<a.rows {
      for j in 0...i {
        var sum = a[i, j]
        for k in 0..<j { sum -= l[i, k] * l[j, k] }
        l[i, j] = i == j ? sum.squareRoot() : sum / l[j, j]
      }
    }
    return l
  }

  /// The inverse of a lower triangle, column by column.
  static func inverse(ofLower l: DoubleMatrix) -> DoubleMatrix {
    var x = DoubleMatrix(rows: l.rows, columns: l.rows)
    for j in 0..<l.rows {
      for i in j..<l.rows {
        var sum = i == j ? 1.0 : 0
        for k in j..<i { sum -= l[i, k] * x[k, j] }
        x[i, j] = sum / l[i, i]
      }
    }
    return x
  }

  /// A factor is as far from the exact one as its residual, times ‖A⁻¹‖ ‖L‖ / √2 (Higham, Theorem 10.8); the eigenvalues of A
  /// are at least 1.
  @Test(arguments: sizes)
  func factorIsCloseToTheExactOne(n: Int) throws {
    let a = CholeskyTests.positiveDefinite(n)
    let exact = Self.factor(DoubleMatrix(a))
    let residual = (exact.magnitude * exact.magnitude.transposed).frobeniusNorm * Double(n + 4) * unitRoundoff
    let bound = residual * CholeskyTests.condition(a).squareRoot() * 0.71
    #expect(try (DoubleMatrix(Cholesky.factor(a)) - exact).frobeniusNorm <= bound)
    #expect(bound < 1e-2 * exact.frobeniusNorm, "a bound as large as this proves nothing")
  }

  /// |X - L⁻¹| ≤ c n u |X| |L| |X| (Higham, section 14.2).
  @Test(arguments: sizes)
  func inverseOfLowerIsCloseToTheExactOne(n: Int) throws {
    let l = try Cholesky.factor(CholeskyTests.positiveDefinite(n))
    let exact = Self.inverse(ofLower: DoubleMatrix(l))
    let size = exact.magnitude * DoubleMatrix(l).magnitude * exact.magnitude
    let bound = size.mapped { 2 * Double(n + 4) * unitRoundoff * $0 }
    #expect(largestExcess(Cholesky.inverse(ofLower: l), exact, bound: bound) <= 1)
  }

  @Test(arguments: sizes)
  func upperFactorIsTheMirrorImageOfTheInverse(n: Int) throws {
    let a = CholeskyTests.positiveDefinite(n)
    var mirrored = a
    for i in 0..<n { for j in 0..<n { mirrored[i, j] = a[n - 1 - i, n - 1 - j] } }
    let inverse = Cholesky.inverse(ofLower: try Cholesky.factor(mirrored)).elements
    #expect(try Cholesky.upperFactorOfInverse(a).elements == inverse.reversed())
  }

  /// Half as many tokens as inputs and a dampening of a hundredth, as SparseGPT has it: the residual's bound does not know the
  /// condition number, nor may the factor. (A panel multiplied by the inverse of its diagonal block would miss it.)
  @Test(arguments: [130, 321])
  func residualIsSmallHoweverIllConditionedTheMatrixIs(n: Int) throws {
    let x = Matrix.random(n / 2, n, seed: UInt64(n))
    for dampening: Float in [0.01, 1e-5] {
      var a = Matrix(rows: n, columns: n)
      addGram(x, to: &a)
      let mean = (0..<n).reduce(0) { $0 + a[$1, $1] } / Float(n)
      for i in 0..<n { a[i, i] += dampening * mean }
      let l = DoubleMatrix(try Cholesky.factor(a))
      let bound = (l.magnitude * l.magnitude.transposed).mapped { Double(n + 4) * unitRoundoff * $0 }
      #expect(largestExcess(a, l * l.transposed, bound: bound) <= 1)
    }
  }

  @Test(arguments: [97, 257, 449])
  func resultsDoNotDependOnThreads(n: Int) throws {
    let a = CholeskyTests.positiveDefinite(n)
    let one = try Parallel.$threadCount.withValue(1) { try Cholesky.upperFactorOfInverse(a).bits }
    for threads in [2, 5] {
      #expect(try Parallel.$threadCount.withValue(threads) { try Cholesky.upperFactorOfInverse(a).bits } == one)
    }
  }

  @Test func argumentsAreLeftAlone() throws {
    let a = CholeskyTests.positiveDefinite(130)
    let before = a.bits
    _ = try Cholesky.upperFactorOfInverse(a)
    _ = try Cholesky.factor(a)
    #expect(a.bits == before)
  }
}
