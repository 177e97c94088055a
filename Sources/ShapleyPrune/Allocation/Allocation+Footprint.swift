import Tensor
import Transformer

extension Allocation {
  /// What is held while the blocks are looked at; empty where the rule looks at none, or plays a game.
  func footprint(_ forecast: MemoryForecast, _ samples: BatchShape?) -> [Footprint] {
    switch self {
    case .owl: samples.map { [WandaScores.footprint("outlier ratios", forecast, $0)] } ?? []
    case .dlp: samples.map { [WandaScores.footprint("median scores", forecast, $0)] } ?? []
    case .alphaPruning: [AlphaPruning.footprint(forecast)]
    case .uniform, .shapley, .given: []
    }
  }
}
