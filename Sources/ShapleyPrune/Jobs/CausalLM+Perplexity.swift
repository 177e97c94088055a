import Support
import Transformer

extension CausalLM {
  /// The perplexity on windows, with progress.
  ///
  /// Throws where it is not a finite number, which no figure can be compared with.
  package func perplexity(
    _ windows: TokenBatch, memory: WorkingMemory = WorkingMemory(), label: String = "perplexity",
    events: any JobEvents
  ) throws -> Perplexity {
    let result = events.during(label, unit: "windows") { perplexity(windows, memory: memory, progress: $0) }
    guard result.perplexity.isFinite else {
      let kind = result.perplexity.isNaN ? "not a number" : "infinite"
      throw DocumentError(label, reason: "it is \(kind): the activations overflow, or the loss does")
    }
    return result
  }
}
