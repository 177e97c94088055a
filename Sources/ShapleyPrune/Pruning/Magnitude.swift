import Support
import Tensor

/// Prunes the weights of smallest magnitude in the whole linear; in every group of M for N:M.
///
///     let reports = try ModelPruner(.magnitude).prune(&model, patterns: patterns, calibration: samples)
public struct MagnitudePruner: Pruner {
  var rule = CountingRule.exact

  /// A pruner by magnitude.
  public init() {}

  package init(rule: CountingRule) { self.rule = rule }

  /// The method's name.
  public static let name = "magnitude"
  /// There is nothing to set.
  public static let settings: [Setting<MagnitudePruner>] = []
  /// The inputs do not matter.
  public let statistics = StatisticsKind.none

  /// The criterion, whatever the inputs.
  public func criterion(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PruningCriterion { MagnitudeCriterion(rule: rule) }
}

struct MagnitudeCriterion: PruningCriterion {
  let rule: CountingRule

  /// Weights that one task looks at, and tasks that a large weight is cut into.
  private static let chunk = 1 << 14
  private static let chunks = 64

  /// Complexity: O(outputs · inputs).
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    let (rows, columns, count) = (weight.rows, weight.columns, weight.count)
    return weight.withMutableElements { w in
      // A weight is its own score: the selection does not look at the sign.
      switch pattern {
      case .unstructured(let sparsity):
        let chunk = max(Self.chunk, (count + Self.chunks - 1) / Self.chunks)
        guard let selection = ChunkedSelection(sparsity, of: w, count: count, chunk: chunk, rule: rule) else {
          return PruningOutcome()
        }
        Parallel.forEach(selection.ties.count) { index in
          let start = index * chunk
          Selection.clear(
            w + start, scores: w + start, count: min(chunk, count - start), below: selection.threshold,
            ties: selection.ties[index])
        }
        return PruningOutcome(prunedCount: selection.count)
      case .structured(let keep, let of):
        Parallel.forEachRange(rows, grain: 8) { range in
          let start = w + range.lowerBound * columns
          Selection.clearGroups(start, scores: start, count: range.count * columns, keep: keep, of: of)
        }
        return PruningOutcome(prunedCount: count / of * (of - keep))
      }
    }
  }
}

extension Pruner where Self == MagnitudePruner {
  /// Pruning by magnitude.
  public static var magnitude: MagnitudePruner { MagnitudePruner() }
}
