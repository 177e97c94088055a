import Tensor

/// The Cholesky factor of an (N, N) matrix, and the upper factor of its inverse that SparseGPT prunes with.
enum CholeskyBenchmark: Benchmark {
  static let name = "cholesky"
  static let summary = "the factor of an (N, N) matrix, and the upper factor of its inverse"
  static let dimensions = ["N"]
  static let sizes = [768, 2048, 3072].map { Size([$0]) }

  static func bytes(_ size: Size) -> Int { 4 * 6 * size[0] * size[0] }

  static func run(_ size: Size, _ session: Session) throws {
    let a = Matrix.positiveDefinite(size[0], seed: 1)
    let cube = Double(size[0]) * Double(size[0]) * Double(size[0])

    let factor = identifier(size, "factor")
    try verifyFactor(try Cholesky.factor(a), of: a, factor)
    try session.measure(name, factor, Work(operations: cube / 3)) { try Harness.time { try Cholesky.factor(a) } }

    let inverse = identifier(size, "inverse-factor")
    try verifyInverse(try Cholesky.upperFactorOfInverse(a), of: a, inverse)
    try session.measure(name, inverse, Work(operations: 2 * cube / 3)) {
      try Harness.time { try Cholesky.upperFactorOfInverse(a) }
    }
  }

  /// |A - L Lᵀ| <= (n + 4) · u · |L| |Lᵀ|, for sampled rows (Higham, theorem 10.3).
  private static func verifyFactor(_ l: Matrix, of a: Matrix, _ identifier: String) throws {
    let n = a.rows
    try l.withElements { l in
      for i in Oracle.sampledRows(n) {
        for j in 0...i {
          let (sum, magnitude) = Oracle.dot(l + i * n, l + j * n, count: j + 1)
          try Oracle.require(
            sum, near: Double(a[i, j]), within: Double(n + 4) * Oracle.unitRoundoff * magnitude,
            "\(identifier), element (\(i), \(j)) of L Lᵀ")
        }
        for j in i + 1..<max(n, i + 1) where l[i * n + j] != 0 {
          throw BenchmarkError.wrongResult("\(identifier): element (\(i), \(j)) of L is not zero")
        }
      }
    }
  }

  /// Sampled rows of Uᵀ U A against the identity.
  ///
  /// With A + D = V Vᵀ and U V = I + E, where |D| <= (n + 4) · u · |V| |Vᵀ| and |E| <= (n + 4) · u · |U| |V|, the residual
  /// is at most 3 · (n + 4) · u · |Uᵀ| |U| |V| |Vᵀ| to first order; and by Cauchy and Schwarz an element (k, j) of |V| |Vᵀ| is
  /// at most sqrt(a_kk · a_jj).
  private static func verifyInverse(_ upper: Matrix, of a: Matrix, _ identifier: String) throws {
    let n = a.rows
    let roots = (0..<n).map { Double(a[$0, $0]).squareRoot() }
    for i in Oracle.sampledRows(n) {
      // Row i of Uᵀ U and of |Uᵀ| |U|.
      var row = [Double](repeating: 0, count: n)
      var magnitudes = row
      upper.withElements { u in
        for p in 0...i {
          let factor = Double(u[p * n + i])
          for j in p..<n {
            let term = factor * Double(u[p * n + j])
            row[j] += term
            magnitudes[j] += term.magnitude
          }
        }
      }
      var product = [Double](repeating: 0, count: n)
      a.withElements { a in
        for k in 0..<n { for j in 0..<n { product[j] += row[k] * Double(a[k * n + j]) } }
      }
      let size = (0..<n).reduce(0.0) { $0 + magnitudes[$1] * roots[$1] }
      for j in 0..<n {
        try Oracle.require(
          product[j], near: i == j ? 1 : 0, within: 3 * Double(n + 4) * Oracle.unitRoundoff * size * roots[j],
          "\(identifier), element (\(i), \(j)) of Uᵀ U A")
      }
    }
  }
}
