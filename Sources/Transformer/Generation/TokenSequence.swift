import Tensor

/// Tokens with the keys and values of those that a model has seen, so that a further one costs one pass of its own.
///
///     var sequence = TokenSequence(model, prompt)
///     while sequence.tokens.count < 100 { sequence.append(sampler.choose(sequence.nextScores(), after: sequence.tokens)) }
public struct TokenSequence {
  /// The prompt, and what was appended.
  public private(set) var tokens: [Int]
  private var model: any CausalLM
  /// One a block.
  private let caches: [KeyValueCache]
  /// Tokens whose keys and values are in the caches.
  private var seen = 0

  /// A sequence that begins with a prompt.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - prompt: the first tokens.
  ///   - cache: how keys and values are kept.
  /// - Precondition: the prompt is not empty, and every id is in the vocabulary.
  public init(_ model: any CausalLM, _ prompt: [Int], cache: KeyValueCache.Precision = .f32) {
    precondition(!prompt.isEmpty, "the text must have a beginning")
    (self.model, tokens) = (model, prompt)
    caches = model.blocks.map { _ in KeyValueCache(cache) }
  }

  /// Whether a further token would have a position.
  public var hasRoom: Bool { tokens.count <= model.maximumPositions }

  /// The scores of the next token, (vocabulary).
  ///
  /// - Precondition: there is a token that the model has not seen, and all have positions.
  public mutating func nextScores() -> [Float] {
    precondition(seen < tokens.count && hasRoom, "every token has been seen, or has no position")
    let pending = Array(tokens[seen...])
    var hidden = model.embed(TokenBatch(tokens: pending, length: pending.count), position: seen)
    for (block, cache) in zip(model.blocks, caches) { block.apply(to: &hidden, sequences: 1, cache: cache) }
    seen = tokens.count
    return model.logits(hidden.rows(hidden.rows - 1..<hidden.rows)).elements
  }

  /// Goes on by another form of the same model, whose keys and values are the same but for rounding.
  package mutating func `continue`(with model: any CausalLM) { self.model = model }

  /// Appends a token.
  public mutating func append(_ token: Int) { tokens.append(token) }
}
