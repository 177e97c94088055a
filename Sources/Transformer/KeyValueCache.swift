import Tensor

/// The keys and values of one block for one sequence, so that a further token need not compute them again.
public final class KeyValueCache {
  /// (tokens, key/value heads · head dimension), positions already applied to the keys.
  private(set) var keys: Matrix?
  private(set) var values: Matrix?

  /// An empty cache.
  public init() {}

  /// Tokens in the cache.
  public var count: Int { keys?.rows ?? 0 }

  /// Appends the keys and values of further tokens and returns all.
  func append(keys newKeys: Matrix, values newValues: Matrix) -> (keys: Matrix, values: Matrix) {
    let all = (keys?.appending(newKeys) ?? newKeys, values?.appending(newValues) ?? newValues)
    (keys, values) = all
    return all
  }
}

/// Causal attention over the tokens of a cache and these, or over these alone; the cache, where there is one, takes them in.
func causalAttention(
  _ queries: Matrix, _ keys: Matrix, _ values: Matrix, _ shape: AttentionShape, sequences: Int, cache: KeyValueCache?
) -> Matrix {
  let (keys, values) = cache?.append(keys: keys, values: values) ?? (keys, values)
  return causalAttention(queries: queries, keys: keys, values: values, shape: shape, sequences: sequences)
}
