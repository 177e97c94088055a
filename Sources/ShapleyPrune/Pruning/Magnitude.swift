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

  /// There is nothing to prepare.
  public func prepared(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PreparedPruner {
    ScorePruner(norms: nil, isPerRow: false, rule: rule)
  }
}
