import Tensor
import Transformer

/// The importance that OWL gives a block: the share of its weights that stand out.
///
/// Yin et al., "Outlier Weighed Layerwise Sparsity" (2023), section 3.2: the percentage of Wanda scores of a block that
/// exceed `multiple` times their mean. One pass of the samples through the dense model.
///
/// Throws `PruningError` where the inputs of a linear are all zero or not finite.
///
/// - Returns: one percentage a block.
public func outlierRatios(
  of model: any CausalLM, calibration: TokenBatch, multiple: Double = 5, memory: WorkingMemory = WorkingMemory(),
  progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
) throws(PruningError) -> [Double] {
  try WandaScores.measure(model, calibration: calibration, memory: memory, progress: progress) { block in
    var sum = 0.0
    block.forEachLinear { scores, count in for i in 0..<count { sum += Double(scores[i]) } }
    let limit = Float(sum / Double(block.count) * multiple)
    var outliers = 0
    block.forEachLinear { scores, count in for i in 0..<count { outliers += scores[i] > limit ? 1 : 0 } }
    return 100 * Double(outliers) / Double(block.count)
  }
}

/// Outlier Weighed Layerwise Sparsity.
public enum OWL {
  /// λ as published: half of the difference between the sparsest and the densest block.
  public static let usualSpread = 0.08
}
