import ShapleyPrune
import Tensor

/// Keeps weights in a regular pattern, whatever they are: the least that any other method must beat.
struct CheckerboardPruner: Pruner {
  static let name = "checkerboard"
  static let settings: [Setting<CheckerboardPruner>] = [.integer("phase", \.phase)]

  /// Where the pattern begins.
  var phase = 0

  init() {}
  init(phase: Int) { self.phase = phase }

  let statistics = StatisticsKind.none

  func criterion(for statistics: InputStatistics, linear: String) throws(PruningError) -> any PruningCriterion {
    Criterion(phase: phase)
  }

  private struct Criterion: PruningCriterion {
    let phase: Int

    func prune(
      _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
    ) throws(PruningError) -> PruningOutcome {
      // Bresenham's rule: of the first i weights, floor(i s) are zero.
      let share = pattern.sparsity
      var count = 0
      for row in 0..<weight.rows {
        for column in 0..<weight.columns {
          let index = Double(row * weight.columns + column + phase)
          guard ((index + 1) * share).rounded(.down) > (index * share).rounded(.down) else { continue }
          weight[row, column] = 0
          count += 1
        }
      }
      return PruningOutcome(prunedCount: count)
    }
  }
}
