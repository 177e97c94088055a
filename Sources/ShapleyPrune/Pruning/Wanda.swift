import Tensor

/// Prunes, in every output, the weights for which magnitude times norm of the input is smallest.
///
/// Sun et al., "A Simple and Effective Pruning Approach for Large Language Models" (2023), equation 1.
public struct WandaPruner: Pruner {
  /// A pruner by weight and activation.
  public init() {}

  /// The method's name.
  public let name = "wanda"
  /// The squared norm of every input.
  public let statistics = StatisticsKind.squares

  /// Prunes a weight in place; see `Pruner`.
  ///
  /// Complexity: O(outputs · inputs).
  public func prune(
    _ weight: inout Matrix, given statistics: InputStatistics, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    let norms = try Self.norms(statistics, linear: linear)
    let columns = weight.columns
    let mask = weight.withElements { w in
      maskOfSmallest(rows: weight.rows, columns: columns, pattern: pattern, perRow: true, rule: .exact) { row, bits in
        for j in 0..<columns { bits[j] = (w[row * columns + j].magnitude * norms[j]).bitPattern }
      }
    }
    return PruningOutcome(prunedCount: applyMask(mask, to: &weight))
  }

  /// Root mean over the sequences of the inputs' squared norms.
  static func norms(_ statistics: InputStatistics, linear: String) throws(PruningError) -> [Float] {
    let squares = statistics.meanSquares()
    guard squares.allSatisfy(\.isFinite) else { throw .nonFiniteInputs(linear: linear) }
    guard squares.contains(where: { $0 > 0 }) else { throw .noInputs(linear: linear) }
    return squares.map { $0.squareRoot() }
  }
}
