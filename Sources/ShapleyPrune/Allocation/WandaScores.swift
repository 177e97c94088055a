import Support
import Tensor
import Transformer

/// Wanda's scores of all weights of one block, |w| times the norm of its input.
///
/// Computed anew by every pass rather than kept: those of a whole block are as large as its weights in Float.
struct WandaScores {
  private let block: any TransformerBlock
  private let norms: [LinearRole: [Float]]

  /// Throws `PruningError` where the inputs of a linear are all zero or not finite.
  init(_ block: any TransformerBlock, _ statistics: BlockStatistics) throws(PruningError) {
    self.block = block
    var norms: [LinearRole: [Float]] = [:]
    for role in block.roles {
      norms[role] = try statistics[role].map { sums throws(PruningError) in
        try WandaPruner.norms(sums, linear: "\(block[role].name)")
      }
    }
    self.norms = norms
  }

  /// Weights of the block.
  var count: Int { block.prunableParameters }

  /// Calls `body` with the scores of every linear, row by row, in the order of the block's linears.
  func forEachLinear(_ body: (_ scores: UnsafePointer<Float>, _ count: Int) -> Void) {
    for role in block.roles {
      guard let norms = norms[role] else { continue }
      var scores = block[role].weight.widened()
      let (rows, columns) = (scores.rows, scores.columns)
      scores.withMutableElements { w in
        Parallel.forEachRange(rows, grain: 64) { range in
          for i in range { for j in 0..<columns { w[i * columns + j] = w[i * columns + j].magnitude * norms[j] } }
        }
        body(w, rows * columns)
      }
    }
  }

  /// What `measure` makes of the scores of every block, in order: one pass of the samples through the dense model.
  ///
  /// Throws `PruningError` where the inputs of a linear are all zero or not finite.
  static func measure(
    _ model: any CausalLM, calibration: TokenBatch, memory: WorkingMemory,
    progress: ((_ completed: Int, _ total: Int) -> Void)?, by measure: (WandaScores) -> Double
  ) throws(PruningError) -> [Double] {
    var walk = CalibrationWalk(calibration, through: model, memory: memory)
    var results: [Double] = []
    for block in model.blocks {
      let statistics = walk.advance(through: block, collecting: .squares)
      results.append(measure(try WandaScores(block, statistics)))
      progress?(results.count, model.blocks.count)
    }
    return results
  }

  /// What `measure` holds.
  static func footprint(_ work: String, _ forecast: MemoryForecast, _ samples: BatchShape) -> Footprint {
    Footprint(
      work,
      CalibrationWalk.footprint(forecast, samples, .squares)
        + CalibrationWalk.footprint(ofBlock: forecast, samples, .squares, copies: false)
        + [Footprint.Part("a linear in Float", 4 * (forecast.shape.linears.map(\.count).max() ?? 0))])
  }
}
