import Support
import Transformer

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
