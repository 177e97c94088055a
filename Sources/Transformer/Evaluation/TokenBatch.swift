/// Token ids of several sequences of one length: (sequences, length), one sequence behind the other.
public struct TokenBatch: Sendable, Equatable {
  /// The ids, sequence by sequence.
  public let tokens: [Int]
  /// Tokens of each sequence.
  public let length: Int
  /// Number of sequences.
  public var sequences: Int { length == 0 ? 0 : tokens.count / length }

  /// A batch of sequences that lie one behind the other.
  ///
  /// - Precondition: `tokens.count` is a multiple of `length`.
  public init(tokens: [Int], length: Int) {
    precondition(length > 0 ? tokens.count % length == 0 : tokens.isEmpty, "the ids must fill whole sequences")
    self.tokens = tokens
    self.length = length
  }

  /// The stream cut into as many whole windows as fit; the rest is dropped.
  ///
  /// - Precondition: `length > 0`.
  public init(windowsOf stream: [Int], length: Int) {
    precondition(length > 0, "a window needs a length")
    self.init(tokens: Array(stream.prefix(stream.count / length * length)), length: length)
  }

  /// Some of the sequences.
  public subscript(sequences range: Range<Int>) -> TokenBatch {
    TokenBatch(tokens: Array(tokens[range.lowerBound * length..<range.upperBound * length]), length: length)
  }

  /// Some of the sequences, in the order of their indices.
  package subscript(sequences indices: [Int]) -> TokenBatch {
    TokenBatch(tokens: indices.flatMap { tokens[$0 * length..<($0 + 1) * length] }, length: length)
  }

  /// At most the first `count` sequences, none for less than one; all of them for nil.
  public func first(_ count: Int?) -> TokenBatch { self[sequences: 0..<max(0, min(sequences, count ?? sequences))] }

  /// The sequences in strips of about `rows` tokens, at least one sequence each: what goes through the model at once.
  public func strips(ofRows rows: Int) -> [TokenBatch] {
    let step = BatchShape(self).strip(ofRows: rows).sequences
    return stride(from: 0, to: sequences, by: step).map { self[sequences: $0..<min(sequences, $0 + step)] }
  }
}

/// How many sequences of which length.
package struct BatchShape: Sendable {
  package let sequences: Int
  package let length: Int

  package init(sequences: Int, length: Int) { (self.sequences, self.length) = (sequences, length) }

  package init(_ tokens: TokenBatch) { self.init(sequences: tokens.sequences, length: tokens.length) }

  /// At most the first `count` sequences.
  package func first(_ count: Int) -> BatchShape { BatchShape(sequences: min(sequences, count), length: length) }

  /// Tokens.
  package var rows: Double { Double(sequences) * Double(length) }

  /// The largest of the strips that the sequences are cut into.
  package func strip(ofRows rows: Int) -> BatchShape {
    BatchShape(sequences: min(max(1, sequences), max(1, rows / max(length, 1))), length: length)
  }
}
