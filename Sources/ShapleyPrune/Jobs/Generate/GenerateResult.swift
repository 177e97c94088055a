/// A generated text.
public struct GenerateResult: Sendable {
  /// Why the text ends where it does.
  public enum Ending: String, Sendable {
    case endOfText = "end of text"
    case stop
    case limit
    case positions
    case interrupted
  }

  /// Tokens of the prompt.
  public let promptTokens: Int
  /// The generated tokens, the end of the text not among them.
  public let tokens: [Int]
  /// What they say, up to a text to stop at.
  public let text: String
  /// Why the text ends where it does.
  public let ending: Ending
  /// Time until the first token was chosen.
  public let promptSeconds: Double
  /// Time from there on; of a text that is not alone, that of its company, too.
  public let decodingSeconds: Double
  /// What the job held in memory, as far as it was predicted.
  package let memory: MemoryBudget

  /// Tokens of the prompt in a second.
  public var promptRate: Double { Double(promptTokens) / max(promptSeconds, 1e-9) }
  /// Tokens in a second behind the first; 0 where there is none.
  public var decodingRate: Double {
    tokens.count > 1 ? Double(tokens.count - 1) / max(decodingSeconds, 1e-9) : 0
  }
}
