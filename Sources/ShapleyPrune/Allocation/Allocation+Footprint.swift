import Tensor
import Transformer

extension Allocation {
  /// What is held while the blocks are looked at; empty where the rule looks at none, or plays a game.
  ///
  /// - Parameter pruner: what a search prunes linears by.
  func footprint(_ forecast: MemoryForecast, _ samples: BatchShape?, _ pruner: ModelPruner) -> [Footprint] {
    switch self {
    case .owl: samples.map { [WandaScores.footprint("outlier ratios", forecast, $0)] } ?? []
    case .dlp: samples.map { [WandaScores.footprint("median scores", forecast, $0)] } ?? []
    case .alphaPruning: [AlphaPruning.footprint(forecast)]
    case .search: samples.map { SearchRun.footprint(forecast, $0, pruner) } ?? []
    case .uniform, .shapley, .given: []
    }
  }
}
