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

  /// The norms of some inputs.
  ///
  /// Throws `PruningError` where they are all zero or not finite.
  public func prepared(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PreparedPruner {
    ScorePruner(norms: try Self.norms(statistics, linear: linear), isPerRow: true, rule: .exact)
  }

  /// Root mean over the sequences of the inputs' squared norms.
  static func norms(_ statistics: InputStatistics, linear: String) throws(PruningError) -> [Float] {
    let squares = statistics.meanSquares()
    guard squares.allSatisfy(\.isFinite) else { throw .nonFiniteInputs(linear: linear) }
    guard squares.contains(where: { $0 > 0 }) else { throw .noInputs(linear: linear) }
    return squares.map { $0.squareRoot() }
  }
}
