import Support
import Tensor
import Transformer

extension CausalLM {
  /// The perplexity on windows, with progress on the console.
  ///
  /// Throws where it is not a finite number, which no figure can be compared with.
  func perplexity(
    _ windows: TokenBatch, memory: WorkingMemory = WorkingMemory(), console: Console, label: String = "perplexity"
  ) throws -> Perplexity {
    let progress = console.progress(label, unit: "windows")
    defer {
      progress.finish()
      AlignedStorage.trim()
    }
    let result = perplexity(windows, memory: memory, progress: progress.update)
    guard result.perplexity.isFinite else {
      throw InputError(source: label, reason: "it is \(result.perplexity): the activations overflow, or the loss does")
    }
    return result
  }
}

extension Perplexity {
  var json: JSON {
    [
      "perplexity": JSON(perplexity), "meanNLL": JSON(meanNLL),
      "standardError": standardError.map { JSON($0) } ?? .null, "tokens": JSON(tokens), "windows": JSON(windows),
      "sequenceLength": JSON(sequenceLength),
    ]
  }

  var text: String {
    let error = standardError.map { " ± \($0.fixed(4)) (standard error over windows)" } ?? ""
    return """
      perplexity \(perplexity.fixed(4))\(error)
      mean NLL \(meanNLL.fixed(6)) nats on \(tokens) tokens in \(windows) windows of \(sequenceLength)
      """
  }
}
