import Support
import Tensor

/// How probable a model finds a continuation.
public struct ContinuationScore: Sendable, Equatable {
  /// The logarithm of its probability, in nats.
  public let logLikelihood: Double
  /// Whether each of its tokens is the most probable one behind those in front of it.
  public let isGreedy: Bool
}

extension CausalLM {
  /// Scores continuations, each behind a context of its own; what all of them begin with passes the model once.
  ///
  /// - Parameter sequences: the tokens of a context and of its continuation, and how many of them are the context's, at least one.
  /// - Precondition: every sequence but its last token has positions, every id is in the vocabulary, and no continuation is empty.
  public func scores(of sequences: [(tokens: [Int], context: Int)]) -> [ContinuationScore] {
    guard let first = sequences.first else { return [] }
    precondition(sequences.allSatisfy { $0.context > 0 && $0.context < $0.tokens.count }, "both parts must have tokens")
    // The last token of a context says what the continuation's first one is worth, so it stays with each.
    let limit = sequences.reduce(Int.max) { min($0, $1.context - 1) }
    let shared = (0..<limit).first { index in sequences.contains { $0.tokens[index] != first.tokens[index] } } ?? limit
    let caches = blocks.map { _ in KeyValueCache() }
    if shared > 0 { _ = pass(Array(first.tokens[..<shared]), caches) }
    return sequences.map { sequence in
      // The last token predicts nothing.
      let tokens = Array(sequence.tokens[shared..<sequence.tokens.count - 1])
      let hidden = pass(tokens, caches.map { $0.copy() })
      let start = sequence.context - 1 - shared
      let targets = sequence.tokens[sequence.context...].map { Optional($0) }
      let (losses, sums) = losses(headInputs(hidden.rows(start..<tokens.count)), targets)
      // The loss of the most probable token is the logarithm of the sum relative to it.
      let isGreedy = zip(losses, sums).allSatisfy { $0 <= Math.log($1) + 1e-9 }
      return ContinuationScore(logLikelihood: -losses.reduce(0, +), isGreedy: isGreedy)
    }
  }

  /// The last hidden states of tokens behind those of the caches, which take them in.
  private func pass(_ tokens: [Int], _ caches: [KeyValueCache]) -> Matrix {
    let position = caches.first?.count ?? 0
    var hidden = embed(TokenBatch(tokens: tokens, length: tokens.count), position: position)
    for (block, cache) in zip(blocks, caches) { block.apply(to: &hidden, sequences: 1, cache: cache) }
    return hidden
  }
}
