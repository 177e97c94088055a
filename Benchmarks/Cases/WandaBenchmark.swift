import ShapleyPrune
import Tensor

/// Wanda and magnitude pruning of a weight (R, C) at 50 %: selecting, and hardly any arithmetic.
enum WandaBenchmark: Benchmark {
  static let name = "wanda"
  static let summary = "Wanda and magnitude pruning of a weight (R, C) at 50 %"
  static let dimensions = ["R", "C"]
  static let sizes = [Size([768, 3072])]
  static let dependsOnKernel = false

  static func bytes(_ size: Size) -> Int { PruningInputs.bytes(size) }

  static func run(_ size: Size, _ session: Session) throws {
    let inputs = PruningInputs(size, kind: .squares)
    let (rows, columns) = (size[0], size[1])
    let work = Work(items: (Double(rows * columns), "weights"))

    let wanda = identifier(size, "wanda")
    let norms = inputs.statistics.squares().map { ($0 / Double(inputs.statistics.sequences)).squareRoot() }
    let found = try inputs.pruned(by: WandaPruner()).weight
    for row in 0..<rows { try verify(inputs.weight, found, rows: row..<row + 1, norms, wanda) }
    try session.measure(name, wanda, work) { try inputs.time(WandaPruner()) }

    let magnitude = identifier(size, "magnitude")
    let whole = try inputs.pruned(by: MagnitudePruner()).weight
    try verify(inputs.weight, whole, rows: 0..<rows, Array(repeating: 1, count: columns), magnitude)
    try session.measure(name, magnitude, work) { try inputs.time(MagnitudePruner()) }
  }

  /// Some rows that share one count: exactly half of them are zero, the others keep every bit, and none that was pruned
  /// counts more than one that stays.
  ///
  /// Scores are compared in Double; in Float the norm, its root and the product round: 4 · u between two of them.
  private static func verify(
    _ weight: Matrix, _ found: Matrix, rows: Range<Int>, _ norms: [Double], _ identifier: String
  ) throws {
    var (pruned, largestPruned, smallestKept) = (0, 0.0, Double.infinity)
    for i in rows {
      for j in 0..<weight.columns {
        let score = Double(weight[i, j].magnitude) * norms[j]
        if found[i, j] == 0 {
          pruned += 1
          largestPruned = max(largestPruned, score)
        } else {
          smallestKept = min(smallestKept, score)
          guard found[i, j] == weight[i, j] else {
            throw BenchmarkError.wrongResult("\(identifier): weight (\(i), \(j)) stays and is changed")
          }
        }
      }
    }
    let wanted = Int(Double(rows.count * weight.columns) * PruningInputs.sparsity)
    guard pruned == wanted else {
      throw BenchmarkError.wrongResult("\(identifier): \(pruned) zeros in rows \(rows) instead of \(wanted)")
    }
    guard largestPruned <= smallestKept * (1 + 4 * Oracle.unitRoundoff) else {
      throw BenchmarkError.wrongResult("\(identifier): rows \(rows) lose \(largestPruned) and keep \(smallestKept)")
    }
  }
}
