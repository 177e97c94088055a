import Tensor

/// Prunes the weights of smallest magnitude in the whole linear; in every group of M for N:M.
public struct MagnitudePruner: Pruner {
  var rule = CountingRule.exact

  /// A pruner by magnitude.
  public init() {}

  package init(rule: CountingRule) { self.rule = rule }

  public let name = "magnitude"
  public let statistics = StatisticsKind.none

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
