import Tensor
import Transformer

/// The importance that OWL gives a block: the share of its weights that stand out.
///
/// Yin et al., "Outlier Weighed Layerwise Sparsity" (2023), section 3.2: the percentage of Wanda scores, over all linears of the
/// block, that exceed `multiple` times their mean. One pass of the samples through the dense model.
///
/// Throws `PruningError` where the inputs of a linear are all zero or not finite.
///
/// - Returns: one percentage a block.
public func outlierRatios(
  of model: any CausalLM, calibration: TokenBatch, multiple: Double = 5,
  progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
) throws(PruningError) -> [Double] {
  var walk = CalibrationWalk(calibration, through: model)
  var ratios: [Double] = []
  for block in model.blocks {
    let statistics = walk.advance(through: block, collecting: .squares)
    ratios.append(try outlierRatio(of: block, statistics, multiple))
    progress?(ratios.count, model.blocks.count)
  }
  return ratios
}

private func outlierRatio(
  of block: any TransformerBlock, _ statistics: BlockStatistics, _ multiple: Double
) throws(PruningError) -> Double {
  var scores: [Float] = []
  scores.reserveCapacity(block.prunableParameters)
  for role in block.roles {
    guard let sums = statistics[role] else { continue }
    let norms = try WandaPruner.norms(sums, linear: "\(block[role].name)")
    let weight = block[role].weight.widened()
    weight.withElements { w in
      for i in 0..<weight.rows {
        for j in 0..<weight.columns { scores.append(w[i * weight.columns + j].magnitude * norms[j]) }
      }
    }
  }
  let mean = scores.reduce(0.0) { $0 + Double($1) } / Double(scores.count)
  let limit = Float(mean * multiple)
  return 100 * Double(scores.count { $0 > limit }) / Double(scores.count)
}
