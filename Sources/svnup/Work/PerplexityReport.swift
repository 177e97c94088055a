import Support
import Transformer

extension CausalLM {
  /// The perplexity on windows, with progress on the console.
  func perplexity(_ windows: TokenBatch, console: Console, label: String = "perplexity") -> Perplexity {
    let progress = console.progress(label, unit: "windows")
    defer { progress.finish() }
    return perplexity(windows, progress: progress.update)
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
