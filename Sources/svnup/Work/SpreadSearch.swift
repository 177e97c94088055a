import ShapleyPrune
import Support
import Transformer

/// The search for a spread: the model is pruned with several, and measured on windows that nothing else was computed from.
struct SpreadSearch {
  /// A spread with the perplexity that it led to.
  struct Try {
    let spread: Double
    let perplexity: Double

    var json: JSON { ["spread": JSON(spread), "perplexity": JSON(perplexity)] }
  }

  /// Spreads to try.
  let candidates: [Double]
  let pruner: any Pruner
  let calibration: TokenBatch
  /// Windows to measure on.
  let heldBack: TokenBatch
  let memory: WorkingMemory

  /// The spread with the lowest perplexity, the smaller of two that are equal.
  static func best(_ tries: [Try]) -> Double { tries.min { $0.perplexity < $1.perplexity }?.spread ?? 0 }

  /// Everything that was tried: each candidate with what it led to.
  func tries(_ model: any CausalLM, console: Console, _ plan: (Double) throws -> AllocationPlan) throws -> [Try] {
    var tries: [Try] = []
    for spread in candidates {
      var copy = model
      let label = "spread \(spread.fixed(3))"
      _ = try PruningRun.prune(
        &copy, by: pruner, plan(spread), calibration, memory: memory, label: label, console: console)
      let perplexity = copy.perplexity(heldBack, memory: memory).perplexity
      console.note("\(label): perplexity \(perplexity.fixed(4)) on \(heldBack.sequences) windows held back")
      tries.append(Try(spread: spread, perplexity: perplexity))
    }
    return tries
  }
}
