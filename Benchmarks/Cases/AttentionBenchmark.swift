import Support
import Tensor

/// Causal attention of H query heads over V key and value heads, on one sequence of T tokens, D columns a head.
enum AttentionBenchmark: Benchmark {
  static let name = "attention"
  static let summary = "causal attention: H heads over V key and value heads, T tokens, D columns a head"
  static let dimensions = ["H", "V", "T", "D"]
  static let sizes = [[12, 12, 2048, 64], [32, 4, 2048, 64]].map(Size.init)

  static func bytes(_ size: Size) -> Int { 8 * (size[0] + size[1]) * size[2] * size[3] }

  static func check(_ size: Size) throws(BenchmarkError) {
    guard size[0] % size[1] == 0 else {
      throw .usage("--size \(size): \(size[1]) key and value heads do not divide \(size[0]) heads")
    }
  }

  /// Two products of D multiply-adds for every query and every key that it sees.
  static func operations(heads: Int, tokens: Int, headDimension: Int) -> Double {
    4 * Double(heads) * Double(headDimension) * Double(tokens) * Double(tokens + 1) / 2
  }

  static func run(_ size: Size, _ session: Session) throws {
    let shape = AttentionShape(heads: size[0], keyValueHeads: size[1], headDimension: size[3])
    let tokens = size[2]
    let queries = Matrix.uniform(tokens, shape.heads * shape.headDimension, seed: 1)
    let keys = Matrix.uniform(tokens, shape.keyValueHeads * shape.headDimension, seed: 2)
    let values = Matrix.uniform(tokens, shape.keyValueHeads * shape.headDimension, seed: 3)
    func attend() -> Matrix {
      causalAttention(queries: queries, keys: keys, values: values, shape: shape, sequences: 1)
    }
    let identifier = identifier(size, "f32")
    try verify(attend(), queries, keys, values, shape, identifier)
    let work = Work(operations: operations(heads: shape.heads, tokens: tokens, headDimension: shape.headDimension))
    session.measure(name, identifier, work) { Harness.time(attend) }
  }

  /// Compares sampled queries of every head with softmax(q Kᵀ / sqrt(d)) V in Double.
  ///
  /// A score errs by at most e = (d + 4) · u · Σ|qk| / sqrt(d), so a weight of the softmax by a factor of 1 ± (2e + 16u), of
  /// which the 16u are for the exponential; the two sums over n keys, with the rescaling from block to block, add 2n · u.
  /// Altogether |found - wanted| <= (2 · max e + (2n + 32) · u) · Σ p|v|.
  private static func verify(
    _ found: Matrix, _ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ shape: AttentionShape,
    _ identifier: String
  ) throws {
    let d = shape.headDimension
    let u = Oracle.unitRoundoff
    let scale = 1 / Double(d).squareRoot()
    for i in Oracle.sampledRows(queries.rows) {
      for head in 0..<shape.heads {
        let shared = head / (shape.heads / shape.keyValueHeads) * d
        var scores: [Double] = []
        var scoreError = 0.0
        queries.withElements { q in
          keys.withElements { k in
            for j in 0...i {
              let (sum, magnitude) = Oracle.dot(
                q + i * queries.columns + head * d, k + j * keys.columns + shared, count: d)
              scores.append(sum * scale)
              scoreError = max(scoreError, Double(d + 4) * u * magnitude * scale)
            }
          }
        }
        let largest = scores.max() ?? 0
        let weights = scores.map { Math.exp($0 - largest) }
        let total = weights.reduce(0, +)
        let factor = 2 * scoreError + Double(2 * i + 34) * u
        for column in 0..<d {
          var (sum, magnitude) = (0.0, 0.0)
          for j in 0...i {
            let term = weights[j] / total * Double(values[j, shared + column])
            sum += term
            magnitude += term.magnitude
          }
          try Oracle.require(
            Double(found[i, head * d + column]), near: sum, within: factor * magnitude,
            "\(identifier), query \(i) of head \(head), column \(column)")
        }
      }
    }
  }
}
