import Tensor

/// Prunes the weights of smallest magnitude in the whole linear; in every group of M for N:M.
public struct MagnitudePruner: Pruner {
  var rule = CountingRule.exact

  /// A pruner by magnitude.
  public init() {}

  package init(rule: CountingRule) { self.rule = rule }

  /// The method's name.
  public let name = "magnitude"
  /// The inputs do not matter.
  public let statistics = StatisticsKind.none

  /// Prunes a weight in place; see `Pruner`.
  ///
  /// Complexity: O(outputs · inputs).
  public func prune(
    _ weight: inout Matrix, given statistics: InputStatistics, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    let columns = weight.columns
    let mask = weight.withElements { w in
      maskOfSmallest(rows: weight.rows, columns: columns, pattern: pattern, perRow: false, rule: rule) { row, bits in
        for j in 0..<columns { bits[j] = w[row * columns + j].magnitude.bitPattern }
      }
    }
    return PruningOutcome(prunedCount: applyMask(mask, to: &weight))
  }
}
