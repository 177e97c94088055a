import Tensor
import Transformer

/// What DLP looks at in a block: the median of the Wanda scores of all its weights.
///
/// Chen et al., "DLP: Dynamic Layerwise Pruning in Large Language Models" (2025), arXiv 2505.23807. Of an even number of scores
/// the lower of the two in the middle, as PyTorch's median is. One pass of the samples through the dense model.
///
/// Throws `PruningError` where the inputs of a linear are all zero or not finite.
///
/// - Returns: one median a block.
public func medianScores(
  of model: any CausalLM, calibration: TokenBatch, memory: WorkingMemory = WorkingMemory(),
  progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
) throws(PruningError) -> [Double] {
  try WandaScores.measure(model, calibration: calibration, memory: memory, progress: progress) { block in
    var search = DigitSearch(rank: (block.count + 1) / 2)
    var histogram = [UInt32](repeating: 0, count: DigitSearch.bins)
    while !search.isDone {
      var totals = [Int](repeating: 0, count: DigitSearch.bins)
      block.forEachLinear { scores, count in
        histogram.withUnsafeMutableBufferPointer { histogram in
          guard let first = histogram.baseAddress else { return }
          search.count(scores, count: count, into: first)
        }
        for value in 0..<DigitSearch.bins { totals[value] += Int(histogram[value]) }
      }
      search.narrow { totals[$0] }
    }
    return Double(Float(bitPattern: search.prefix))
  }
}

/// Dynamic Layerwise Pruning.
public enum DLP {
  /// α as published, what the authors' commands take: half of the difference between the sparsest and the densest block.
  public static let usualSpread = 0.15

  /// The blocks' relative importances: 1 - D_i / sum(D), with the medians D for their unimportance.
  ///
  /// Mapped to sparsities as OWL's ratios are, by `SparsityAllocation.published` or by `proportional` with linear scaling: the
  /// authors' code, built on OWL's, has the same formula. Throws `AllocationError.noMedians` where no median is positive.
  public static func relativeImportances(_ medians: [Double]) throws(AllocationError) -> [Double] {
    let sum = medians.reduce(0, +)
    guard sum > 0 else { throw .noMedians }
    return medians.map { 1 - $0 / sum }
  }
}
