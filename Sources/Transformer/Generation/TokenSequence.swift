import Tensor

/// Tokens with the keys and values of those that a model has seen, so that a further one costs one pass of its own.
///
/// The keys and values belong to the sequence and to all that are assigned from it, which must not go on side by side: `copy()` makes one
/// that may, as a search over several continuations needs.
///
///     var sequence = TokenSequence(model, prompt)
///     while sequence.tokens.count < 100 { sequence.append(sampler.choose(sequence.nextScores(), after: sequence.tokens)) }
public struct TokenSequence {
  /// The prompt, and what was appended.
  public private(set) var tokens: [Int]
  private var model: any CausalLM
  private var cache: TextCache

  /// A sequence that begins with a prompt.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - prompt: the first tokens.
  ///   - cache: how keys and values are kept.
  ///   - length: tokens that the sequence is expected to have in the end; it may have more.
  /// - Precondition: the prompt is not empty, and every id is in the vocabulary.
  public init(
    _ model: any CausalLM, _ prompt: [Int], cache: KeyValueCache.Precision = .f32, expecting length: Int = 0
  ) {
    precondition(!prompt.isEmpty, "the text must have a beginning")
    (self.model, tokens) = (model, prompt)
    self.cache = TextCache(model, cache, expecting: length)
  }

  /// One with the same tokens that goes on by itself; the prompt is not computed again.
  ///
  /// Complexity: O(1) until either goes on; keys and values are copied then.
  public func copy() -> TokenSequence {
    var sequence = self
    sequence.cache = cache.copy()
    return sequence
  }

  /// Whether all tokens have positions, so that the scores of the next one can be computed.
  public var hasRoom: Bool { tokens.count <= model.maximumPositions }

  /// The scores of the next token, (vocabulary).
  ///
  /// - Precondition: there is a token that the model has not seen, and all have positions.
  public mutating func nextScores() -> [Float] { Self.nextScores(of: [self]).elements }

  /// The scores of the next tokens of several sequences of one model, (sequences, vocabulary), in one pass for all.
  ///
  /// Its sequences have seen all their tokens then.
  ///
  /// - Precondition: each has a token that the model has not seen, and all its tokens have positions.
  public static func nextScores(of sequences: [TokenSequence]) -> Matrix {
    guard let model = sequences.first?.model else { return Matrix(rows: 0, columns: 0) }
    let pending = sequences.map { Array($0.tokens[$0.cache.count...]) }
    for (sequence, pending) in zip(sequences, pending) {
      precondition(!pending.isEmpty && sequence.hasRoom, "every token has been seen, or has no position")
    }
    let hidden = model.hiddenStates(of: pending, behind: sequences.map(\.cache))
    var end = 0
    let last = pending.map { pending in
      end += pending.count
      return end - 1
    }
    return model.logits(hidden.rows(last))
  }

  /// Goes on by another form of the same model, whose keys and values are the same but for rounding.
  package mutating func `continue`(with model: any CausalLM) { self.model = model }

  /// Appends a token.
  public mutating func append(_ token: Int) { tokens.append(token) }
}
