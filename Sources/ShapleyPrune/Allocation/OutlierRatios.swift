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
  var walk = CalibrationWalk(calibration, through: model, memory: memory)
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
  var norms: [LinearRole: [Float]] = [:]
  for role in block.roles {
    norms[role] = try statistics[role].map { sums throws(PruningError) in
      try WandaPruner.norms(sums, linear: "\(block[role].name)")
    }
  }
  // Computed twice rather than kept: the scores of a whole block are as large as its weights in Float.
  var sum = 0.0
  forEachScore(of: block, norms) { sum += Double($0) }
  let limit = Float(sum / Double(block.prunableParameters) * multiple)
  var outliers = 0
  forEachScore(of: block, norms) { outliers += $0 > limit ? 1 : 0 }
  return 100 * Double(outliers) / Double(block.prunableParameters)
}

/// Wanda's score of every weight of a block, in the order of its linears.
@inline(__always)
private func forEachScore(of block: any TransformerBlock, _ norms: [LinearRole: [Float]], _ body: (Float) -> Void) {
  for role in block.roles {
    guard let norms = norms[role] else { continue }
    let weight = block[role].weight.widened()
    weight.withElements { w in
      for i in 0..<weight.rows {
        for j in 0..<weight.columns { body(w[i * weight.columns + j].magnitude * norms[j]) }
      }
    }
  }
}

/// Outlier Weighed Layerwise Sparsity.
public enum OWL {
  /// What `outlierRatios` holds.
  static func footprint(_ forecast: MemoryForecast, _ samples: BatchShape) -> Footprint {
    let largest = forecast.shape.linears.map(\.count).max() ?? 0
    return Footprint(
      "outlier ratios",
      CalibrationWalk.footprint(forecast, samples, .squares)
        + CalibrationWalk.footprint(ofBlock: forecast, samples, .squares, copies: false)
        + [Footprint.Part("a linear in Float", 4 * largest)])
  }

  /// λ as published: half of the difference between the sparsest and the densest block.
  public static let usualSpread = 0.08
}
