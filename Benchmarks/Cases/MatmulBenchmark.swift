import Tensor

/// A · Bᵀ of (M, K) by (N, K), with B as a weight is stored, and packed before.
enum MatmulBenchmark: Benchmark {
  static let name = "matmul"
  static let summary = "the product A · Bᵀ, with B in F32, BF16 and F16, and packed before"
  static let dimensions = ["M", "N", "K"]

  /// Square ones; linears of small models on a batch; edges everywhere; little depth; few columns; few rows.
  static let sizes = [
    [1024, 1024, 1024], [2048, 2048, 2048], [4096, 4096, 4096],
    [2048, 768, 768], [2048, 2048, 768], [2048, 768, 2048], [4096, 352, 128],
    [1021, 509, 251], [2048, 2048, 64], [2048, 64, 2048], [64, 4096, 4096], [256, 4096, 4096],
  ].map(Size.init)

  static func bytes(_ size: Size) -> Int { 4 * (size[0] * size[2] + 4 * size[1] * size[2] + size[0] * size[1]) }

  static func run(_ size: Size, _ session: Session) throws {
    let (m, n, k) = (size[0], size[1], size[2])
    let a = Matrix.uniform(m, k, seed: 1)
    let b = Matrix.uniform(n, k, seed: 2)
    let operations = 2 * Double(m) * Double(n) * Double(k)
    var weights = ElementType.allCases.map { (name: $0.rawValue.lowercased(), weight: StoredMatrix(b, as: $0)) }
    // The packed form is the same for all types.
    if Kernel.current != .reference { weights.append(("packed", StoredMatrix(b, as: .float32).packed())) }
    for (variant, stored) in weights {
      let identifier = identifier(size, variant)
      try verify(matmul(a, transposed: stored), a, stored.widened(), identifier)
      session.measure(name, identifier, Work(operations: operations)) {
        Harness.time { matmul(a, transposed: stored) }
      }
    }
  }

  /// Compares sampled rows of a product with their sums in Double.
  ///
  /// |found - Σ ab| <= (k + 4) · u · Σ|ab|; the weight is widened exactly, so its type adds nothing.
  static func verify(_ product: Matrix, _ a: Matrix, _ b: Matrix, _ identifier: String) throws {
    let (k, n) = (a.columns, b.rows)
    let factor = Double(k + 4) * Oracle.unitRoundoff
    try a.withElements { a in
      try b.withElements { b in
        for i in Oracle.sampledRows(product.rows) {
          for j in 0..<n {
            let (sum, magnitude) = Oracle.dot(a + i * k, b + j * k, count: k)
            try Oracle.require(
              Double(product[i, j]), near: sum, within: factor * magnitude, "\(identifier), element (\(i), \(j))")
          }
        }
      }
    }
  }
}
