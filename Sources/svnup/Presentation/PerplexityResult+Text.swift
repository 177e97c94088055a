import ShapleyPrune
import Support

extension PerplexityResult {
  /// The figures and the protocol of their text.
  var json: JSON {
    [
      "perplexity": JSON(perplexity.perplexity), "meanNLL": JSON(perplexity.meanNLL),
      "standardError": perplexity.standardError.map { JSON($0) } ?? .null, "tokens": JSON(perplexity.tokens),
      "windows": JSON(perplexity.windows), "sequenceLength": JSON(perplexity.sequenceLength), "text": text.json,
    ]
  }

  /// The same for people, in three lines.
  var lines: String {
    let error = perplexity.standardError.map { " ± \($0.fixed(4)) (standard error over windows)" } ?? ""
    return """
      perplexity \(perplexity.perplexity.fixed(4))\(error)
      mean NLL \(perplexity.meanNLL.fixed(6)) nats on \(Quantity.counted(perplexity.tokens, "token")) in \(Quantity.counted(perplexity.windows, "window")) of \
      \(perplexity.sequenceLength)
      text: \(text.text)
      """
  }
}
