import ShapleyPrune
import Support

extension GenerateResult {
  var json: JSON {
    [
      "text": JSON(text), "tokens": JSON(tokens), "ending": JSON(ending.rawValue), "promptTokens": JSON(promptTokens),
      "promptTokensPerSecond": JSON(promptRate), "tokensPerSecond": JSON(decodingRate),
    ]
  }

  /// How fast it went, and why it ended.
  var rates: String {
    "prompt: \(promptTokens) tokens, \(promptRate.fixed(1)) a second; text: \(tokens.count) tokens, "
      + "\(decodingRate.fixed(1)) a second; ended by: \(ending.rawValue)"
  }
}
