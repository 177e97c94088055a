import ShapleyPrune
import Tensor

/// A linear to prune and the statistics of its inputs, random.
struct PruningInputs {
  /// Share of the weights that is pruned.
  static let sparsity = 0.5

  /// (R, C).
  let weight: Matrix
  let statistics: InputStatistics

  init(_ size: Size, kind: StatisticsKind) {
    let columns = size[1]
    weight = .uniform(size[0], columns, seed: 1)
    var statistics = InputStatistics(inputs: columns, kind: kind)
    // Inputs of different sizes, as a layer's are, so that magnitude alone does not decide.
    var inputs = Matrix.uniform(2 * columns, columns, seed: 2)
    let rows = inputs.rows
    inputs.withMutableElements { x in
      for i in 0..<rows { for j in 0..<columns { x[i * columns + j] *= 0.5 + Float(j % 7) / 4 } }
    }
    statistics.accumulate(inputs, sequences: 2)
    self.statistics = statistics
  }

  static func bytes(_ size: Size) -> Int { 4 * (4 * size[0] * size[1] + 10 * size[1] * size[1]) }

  /// Times a pruner on a fresh copy of the weight each run.
  func time(_ pruner: some Pruner) throws -> Timing {
    try Harness.time(preparing: { weight.rows(0..<weight.rows) }) { weight in
      _ = try pruner.prune(
        &weight, given: statistics, to: .unstructured(Self.sparsity), linear: "the benchmark's linear")
    }
  }

  /// The pruned weight and what the pruner reports.
  func pruned(by pruner: some Pruner) throws -> (weight: Matrix, outcome: PruningOutcome) {
    var weight = weight
    let outcome = try pruner.prune(
      &weight, given: statistics, to: .unstructured(Self.sparsity), linear: "the benchmark's linear")
    return (weight, outcome)
  }
}
