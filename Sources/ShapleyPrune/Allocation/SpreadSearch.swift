import Support
import Transformer

/// The search for a spread: the model is pruned with several, and measured on windows that nothing else was computed
/// from.
///
///     let tries = try SpreadSearch.tries(
///       of: [0, 0.05, 0.09], model, by: ModelPruner(.admm()), calibration: samples, heldBack: windows, events: events
///     ) { try patterns($0) }
///     let spread = SpreadSearch.best(tries)
public enum SpreadSearch {
  /// Windows to measure on, where the calibration text has as many to spare.
  public static let usualWindows = 16

  /// A spread with the perplexity that it led to.
  public struct Try: Sendable {
    /// The spread.
    public internal(set) var spread = 0.0
    /// The perplexity on the windows that were held back.
    public internal(set) var perplexity = 0.0

    package init() {}
  }

  /// The spread with the lowest perplexity, the smaller of two that are equal; what is no number counts as infinite.
  public static func best(_ tries: [Try]) -> Double {
    func rank(_ perplexity: Double) -> Double { perplexity.isNaN ? .infinity : perplexity }
    return tries.min { rank($0.perplexity) < rank($1.perplexity) }?.spread ?? 0
  }

  /// Prunes a copy of the model with every candidate and measures it.
  ///
  /// Throws what `patterns` throws, and `PruningError`.
  ///
  /// - Parameters:
  ///   - candidates: the spreads to try.
  ///   - model: the dense model, which stays as it is.
  ///   - pruner: what prunes the copies.
  ///   - calibration: the samples of the pruner.
  ///   - heldBack: windows to measure on.
  ///   - events: who is told how the work goes.
  ///   - patterns: the patterns that a spread leads to, one a block.
  public static func tries(
    of candidates: [Double], _ model: any CausalLM, by pruner: ModelPruner, calibration: TokenBatch,
    heldBack: TokenBatch, events: any JobEvents = SilentEvents(), _ patterns: (Double) throws -> [BlockPattern]
  ) throws -> [Try] {
    try candidates.map { spread in
      var result = Try()
      result.spread = spread
      result.perplexity = try perplexity(
        "spread \(spread.fixed(3))", patterns(spread), model, by: pruner, calibration: calibration, heldBack: heldBack,
        events: events)
      return result
    }
  }

  /// The perplexity of a copy of the model that is pruned by some patterns, one a block.
  ///
  /// Throws `PruningError`.
  static func perplexity(
    _ label: String, _ patterns: [BlockPattern], _ model: any CausalLM, by pruner: ModelPruner,
    calibration: TokenBatch, heldBack: TokenBatch, events: any JobEvents
  ) throws(PruningError) -> Double {
    var copy = model
    _ = try events.during(label, unit: "blocks") { (update) throws(PruningError) in
      try pruner.prune(&copy, patterns: patterns, calibration: calibration, progress: update)
    }
    let perplexity = copy.perplexity(heldBack, memory: pruner.memory).perplexity
    events.note("\(label): perplexity \(perplexity.fixed(4)) on \(heldBack.sequences) windows held back")
    return perplexity
  }
}

extension SpreadSearch.Try: Record {
  package static let fields: [RecordField<SpreadSearch.Try>] = [
    RecordField("spread", \.spread, .number()),
    // Null stands for a perplexity that is not finite.
    RecordField("perplexity", \.perplexity, .numberOrNull),
  ]
}
