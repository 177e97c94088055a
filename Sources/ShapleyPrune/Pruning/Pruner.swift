import Tensor

/// What pruning one linear did.
public struct PruningOutcome: Sendable, Equatable {
  /// Weights that were made zero on purpose; the weight may hold more zeros that were there before.
  public var prunedCount = 0
  /// SparseGPT's estimate of the squared error of the outputs, or nil where the method makes none.
  public var loss: Double?
  /// The dampening that was needed, or nil where the method has none.
  public var dampening: Double?
  /// Inputs that were zero on the whole calibration text, so that their weights were zeroed.
  public var deadInputs = 0

  /// What a pruner reports.
  public init(prunedCount: Int = 0, loss: Double? = nil, dampening: Double? = nil, deadInputs: Int = 0) {
    self.prunedCount = prunedCount
    self.loss = loss
    self.dampening = dampening
    self.deadInputs = deadInputs
  }
}

/// A criterion for pruning a linear, with or without an update of the weights that remain.
public protocol Pruner: Sendable {
  /// Its name on the command line and in reports.
  var name: String { get }
  /// What it needs to know about the inputs.
  var statistics: StatisticsKind { get }

  /// Throws `PruningError` where its own settings do not go with a pattern.
  func check(_ pattern: SparsityPattern) throws(PruningError)

  /// Prunes a weight, (outputs, inputs), in place.
  ///
  /// Throws `PruningError` where the pattern does not fit or the statistics are of no use; `linear` names the weight there.
  func prune(
    _ weight: inout Matrix, given statistics: InputStatistics, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome
}

extension Pruner {
  /// Without settings there is nothing to refuse.
  public func check(_ pattern: SparsityPattern) throws(PruningError) {}
}

/// Multiplies out the zeros of a mask, one byte a weight: 1 is pruned.
func applyMask(_ mask: [UInt8], to weight: inout Matrix) -> Int {
  weight.withMutableElements { w in
    mask.withUnsafeBufferPointer { mask in
      var count = 0
      for i in mask.indices where mask[i] == 1 {
        w[i] = 0
        count += 1
      }
      return count
    }
  }
}

/// Marks the smallest scores of a whole weight.
///
/// - Parameters:
///   - perRow: whether the fraction holds in every row, or only in the whole weight.
///   - score: writes the bits of one row's scores.
func maskOfSmallest(
  rows: Int, columns: Int, pattern: SparsityPattern, perRow: Bool, rule: CountingRule,
  score: (_ row: Int, _ bits: UnsafeMutablePointer<UInt32>) -> Void
) -> [UInt8] {
  var scores = [UInt32](repeating: 0, count: rows * columns)
  var mask = [UInt8](repeating: 0, count: rows * columns)
  scores.withUnsafeMutableBufferPointer { scores in
    mask.withUnsafeMutableBufferPointer { mask in
      guard let scores = scores.baseAddress, let mask = mask.baseAddress else { return }
      Parallel.forEachRange(rows, grain: 16) { range in
        for row in range {
          let bits = scores + row * columns
          let marks = mask + row * columns
          score(row, bits)
          switch pattern {
          case .unstructured(let sparsity):
            if perRow { Selection.mark(sparsity, of: bits, count: columns, rule: rule, into: marks) }
          case .structured(let keep, let of):
            for start in stride(from: 0, to: columns, by: of) {
              Selection.markGroup(bits + start, zeros: of - keep, of: of, into: marks + start)
            }
          }
        }
      }
      if case .unstructured(let sparsity) = pattern, !perRow {
        Selection.mark(sparsity, of: scores, count: rows * columns, rule: rule, into: mask)
      }
    }
  }
  return mask
}
