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
    scores(of: [sequences])[0]
  }

  /// The scores of several such lists, in two passes for all: of what the sequences of each begin with, and of the rest.
  ///
  /// Few tokens cost nearly as much as many, because every weight is read for them.
  package func scores(of lists: [[(tokens: [Int], context: Int)]]) -> [[ContinuationScore]] {
    let shared = lists.map(sharedCount)
    let beginnings = lists.map { _ in TextCache(self) }
    let begun = lists.indices.filter { shared[$0] > 0 }
    if !begun.isEmpty {
      _ = hiddenStates(
        of: begun.map { Array(lists[$0][0].tokens[..<shared[$0]]) }, behind: begun.map { beginnings[$0] })
    }
    let parts = lists.indices.flatMap { index in lists[index].map { Part($0, behind: shared[index], beginnings[index]) }
    }
    guard !parts.isEmpty else { return lists.map { _ in [] } }
    let hidden = hiddenStates(of: parts.map(\.tokens), behind: parts.map(\.text))
    let rows = rows(of: parts)
    let (losses, sums) = losses(headInputs(hidden.rows(rows.flatMap(\.self))), parts.flatMap(\.targets))
    var (scores, first) = ([ContinuationScore](), 0)
    for rows in rows {
      let own = first..<first + rows.count
      // The loss of the most probable token is the logarithm of the sum relative to it.
      let isGreedy = own.allSatisfy { losses[$0] <= Math.log(sums[$0]) + 1e-9 }
      scores.append(ContinuationScore(logLikelihood: -losses[own].reduce(0, +), isGreedy: isGreedy))
      first = own.upperBound
    }
    return lists.map { list in
      defer { scores.removeFirst(list.count) }
      return Array(scores.prefix(list.count))
    }
  }

  /// Tokens that all sequences begin with.
  private func sharedCount(_ sequences: [(tokens: [Int], context: Int)]) -> Int {
    precondition(sequences.allSatisfy { $0.context > 0 && $0.context < $0.tokens.count }, "both parts must have tokens")
    guard let first = sequences.first else { return 0 }
    // The last token of a context says what the continuation's first one is worth, so it stays with each.
    let limit = sequences.reduce(Int.max) { min($0, $1.context - 1) }
    return (0..<limit).first { index in sequences.contains { $0.tokens[index] != first.tokens[index] } } ?? limit
  }

  /// The rows of the tokens in front of those that are scored, for each part.
  private func rows(of parts: [Part]) -> [Range<Int>] {
    var end = 0
    return parts.map { part in
      end += part.tokens.count
      return end - part.targets.count..<end
    }
  }
}

/// What of a sequence passes the model by itself.
private struct Part {
  /// All but the last one, which predicts nothing.
  let tokens: [Int]
  /// The continuation.
  let targets: [Int?]
  /// What stands in front of the tokens.
  let text: TextCache

  init(_ sequence: (tokens: [Int], context: Int), behind count: Int, _ beginning: TextCache) {
    tokens = Array(sequence.tokens[count..<sequence.tokens.count - 1])
    targets = sequence.tokens[sequence.context...].map { Optional($0) }
    text = beginning.copy()
  }
}
