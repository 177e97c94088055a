import Tensor

/// The keys and values of one block for sequences that go on in one pass, each by some tokens.
public struct SequenceCaches {
  /// One a sequence.
  let caches: [KeyValueCache]
  /// The rows of the pass that are each one's, one behind the other.
  let rows: [Range<Int>]

  /// A pass by `tokens[i]` further tokens of the sequence of `caches[i]`, those of one sequence behind those of the one before.
  ///
  /// - Precondition: there are as many numbers as caches, and no cache is there twice.
  public init(_ caches: [KeyValueCache], tokens: [Int]) {
    precondition(caches.count == tokens.count, "\(caches.count) caches do not go on by \(tokens.count) sequences")
    self.caches = caches
    var end = 0
    rows = tokens.map { count in
      defer { end += count }
      return end..<end + count
    }
  }

  /// The position of each row's token.
  var positions: [Int] { zip(caches, rows).flatMap { cache, rows in cache.count..<cache.count + rows.count } }
}

/// The positions of the tokens of sequences of one length that lie one behind the other.
func positions(rows: Int, sequences: Int) -> [Int] {
  let length = rows / max(sequences, 1)
  return (0..<rows).map { $0 % length }
}

/// Causal attention over the tokens of caches and these, or over these alone; the caches, where there are any, take them in.
func causalAttention(
  _ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ shape: AttentionShape, sequences: Int, caches: SequenceCaches?
) -> Matrix {
  guard let caches else {
    return causalAttention(queries: queries, keys: keys, values: values, shape: shape, sequences: sequences)
  }
  precondition(caches.caches.count == sequences, "each sequence needs a cache")
  // Of a long prompt every copy would be one more matrix of its length.
  if let cache = caches.caches.first, sequences == 1 {
    cache.append(keys: keys, values: values)
    return causalAttention(queries: queries, keys: cache.keys, values: cache.values, shape: shape)
  }
  var result = Matrix(uninitializedRows: queries.rows, columns: queries.columns)
  for (cache, rows) in zip(caches.caches, caches.rows) {
    cache.append(keys: keys.rows(rows), values: values.rows(rows))
    let own = causalAttention(queries: queries.rows(rows), keys: cache.keys, values: cache.values, shape: shape)
    result.replaceBlock(row: rows.lowerBound, column: 0, with: own)
  }
  return result
}
