import Tensor

/// The keys and values of one block for one sequence, so that a further token need not compute them again.
public final class KeyValueCache {
  /// (capacity, key/value heads · head dimension), positions already applied to the keys; the first `count` rows are tokens.
  private(set) var keys = Matrix(rows: 0, columns: 0)
  private(set) var values = Matrix(rows: 0, columns: 0)
  /// Tokens in the cache.
  public private(set) var count = 0

  /// An empty cache.
  public init() {}

  /// A cache with the same tokens, to which others can be appended.
  func copy() -> KeyValueCache {
    let copy = KeyValueCache()
    (copy.keys, copy.values, copy.count) = (keys, values, count)
    return copy
  }

  /// Appends the keys and values of further tokens.
  func append(keys newKeys: Matrix, values newValues: Matrix) {
    let needed = count + newKeys.rows
    if keys.rows < needed {
      // Twice the room each time: a token costs its own copy and, on average, one more.
      let capacity = max(needed, 2 * keys.rows)
      keys = keys.extended(rows: count, to: capacity, columns: newKeys.columns)
      values = values.extended(rows: count, to: capacity, columns: newValues.columns)
    }
    keys.replaceBlock(row: count, column: 0, with: newKeys)
    values.replaceBlock(row: count, column: 0, with: newValues)
    count = needed
  }
}

extension Matrix {
  /// The first rows in a larger matrix, zeros below.
  fileprivate func extended(rows count: Int, to capacity: Int, columns: Int) -> Matrix {
    var result = Matrix(rows: capacity, columns: columns)
    if count > 0 { result.replaceBlock(row: 0, column: 0, with: rows(0..<count)) }
    return result
  }
}

/// Causal attention over the tokens of a cache and these, or over these alone; the cache, where there is one, takes them in.
func causalAttention(
  _ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ shape: AttentionShape, sequences: Int, cache: KeyValueCache?
) -> Matrix {
  guard let cache else {
    return causalAttention(queries: queries, keys: keys, values: values, shape: shape, sequences: sequences)
  }
  precondition(sequences == 1, "a cache holds one sequence")
  cache.append(keys: keys, values: values)
  return causalAttention(
    queries: queries, keys: cache.keys, values: cache.values, keyLength: cache.count, shape: shape, sequences: 1)
}
