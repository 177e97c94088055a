import Support
import Tensor

/// Prunes, in every output, the weights for which magnitude times norm of the input is smallest.
///
/// Sun et al., "A Simple and Effective Pruning Approach for Large Language Models" (2023), equation 1.
///
///     let job = try PruneJob(source, by: .wanda, to: .structured(keep: 2, of: 4), calibration: .text("c4.txt"))
public struct WandaPruner: Pruner {
  /// A pruner by weight and activation.
  public init() {}

  /// The method's name.
  public static let name = "wanda"
  /// There is nothing to set.
  public static let settings: [Setting<WandaPruner>] = []
  /// Every output for itself.
  public let choosesAcrossRows = false
  /// The squared norm of every input.
  public let statistics = StatisticsKind.squares

  /// The norms of the inputs.
  ///
  /// Throws `PruningError` where they are all zero or not finite.
  public func criterion(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PruningCriterion {
    WandaCriterion(norms: try Self.norms(statistics, linear: linear))
  }

  /// Root mean over the sequences of the inputs' squared norms.
  package static func norms(_ statistics: InputStatistics, linear: String) throws(PruningError) -> [Float] {
    let squares = statistics.meanSquares()
    guard squares.count == statistics.inputs else { throw statistics.error(missing: .squares, linear: linear) }
    guard squares.allSatisfy(\.isFinite) else { throw .nonFiniteInputs(linear: linear) }
    guard squares.contains(where: { $0 > 0 }) else { throw .noInputs(linear: linear) }
    return squares.map { $0.squareRoot() }
  }
}

private struct WandaCriterion: PruningCriterion {
  /// Of every input.
  let norms: [Float]

  /// Complexity: O(outputs · inputs).
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    try weight.check(inputs: norms.count, linear: linear)
    let (rows, columns) = (weight.rows, weight.columns)
    let grain = 8
    let zeros =
      switch pattern {
      case .unstructured(let sparsity): CountingRule.exact.count(columns, sparsity)
      case .structured(let keep, let of): columns / of * (of - keep)
      }
    let deadInputs = norms.count { $0 == 0 }
    guard zeros > 0 else { return PruningOutcome(deadInputs: deadInputs) }
    weight.withMutableElements { w in
      Parallel.forEach(
        (rows + grain - 1) / grain, state: { [Float](repeating: 0, count: columns) }
      ) { scores, task in
        for row in task * grain..<min(rows, (task + 1) * grain) {
          let weights = w + row * columns
          scores.withUnsafeMutableBufferPointer { scores in
            norms.withUnsafeBufferPointer { norms in
              // The selection does not look at the sign.
              for j in 0..<columns { scores[j] = weights[j] * norms[j] }
            }
          }
          switch pattern {
          case .unstructured:
            Selection(smallest: zeros, of: scores, count: columns).clear(weights, scores: scores, count: columns)
          case .structured(let keep, let of):
            Selection.clearGroups(weights, scores: scores, count: columns, keep: keep, of: of)
          }
        }
      }
    }
    return PruningOutcome(prunedCount: rows * zeros, deadInputs: deadInputs)
  }
}

extension Pruner where Self == WandaPruner {
  /// Wanda.
  public static var wanda: WandaPruner { WandaPruner() }
}
