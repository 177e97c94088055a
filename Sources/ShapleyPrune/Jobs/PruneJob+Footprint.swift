import Tensor
import Transformer

extension PruneJob {
  /// What the job holds from phase to phase, given the shapes of its texts.
  ///
  /// - Parameters:
  ///   - samples: the calibration samples.
  ///   - evaluation: the text that is measured; nil for none.
  ///   - heldBack: calibration text that a search is measured on; nil where nothing is searched for.
  package func footprint(
    _ forecast: MemoryForecast, samples: BatchShape?, evaluation: BatchShape? = nil, heldBack: BatchShape? = nil
  ) -> [Footprint] {
    let pruner = modelPruner(forecast.memory)
    let pruning = pruner.footprint(forecast, samples, weighting: weighting)
    var phases = evaluation.map { [Perplexity.footprint(forecast, $0)] } ?? []
    phases += allocation.footprint(forecast, samples, pruner)
    if weighting == .gradient, let samples {
      phases.append(OutputSensitivity.footprint(forecast, samples.first(OutputSensitivity.usualSamples)))
    }
    if let (game, windows) = game, let samples {
      phases += PreparedGame.footprint(forecast, game, windows: samples.first(windows), calibration: samples)
    }
    // A try prunes a copy, which is then measured.
    if let heldBack {
      let tries = pruning + [Perplexity.footprint(forecast, heldBack)]
      phases += tries.map { $0.beside([forecast.copy]) }
    }
    return phases + pruning + [ModelDirectory.footprint(forecast)]
  }

  /// The game that this job plays, and on how many windows at most; nil where it takes no values.
  var game: (settings: GameSettings, windows: Int)? {
    guard case .shapley(.game(let asked, let windows), _, _) = allocation.start else { return nil }
    let target = pattern?.sparsity ?? GameSettings.Probe.usualSparsity
    return (asked.resolved(sparsity: min(target, pruner.recipe.probeCeiling)), windows)
  }
}
