import Tensor

/// The keys and values of one block for one sequence, so that a further token need not compute them again.
public final class KeyValueCache {
  /// How keys and values are kept.
  public enum Precision: String, CaseIterable, Sendable {
    /// As they are computed.
    case f32
    /// Rounded to BF16, in half the memory.
    case bf16

    var elementType: ElementType { self == .f32 ? .float32 : .bfloat16 }
  }

  /// (tokens, key/value heads · head dimension), positions already applied to the keys.
  private(set) var keys: GrowingMatrix
  private(set) var values: GrowingMatrix
  /// Tokens in the cache.
  public var count: Int { keys.rows }

  /// An empty cache, which makes room for so many tokens at once.
  public init(_ precision: Precision = .f32, expecting tokens: Int = 0) {
    keys = GrowingMatrix(precision.elementType, expecting: tokens)
    values = keys
  }

  private init(_ keys: GrowingMatrix, _ values: GrowingMatrix) { (self.keys, self.values) = (keys, values) }

  /// A cache with the same tokens, to which others can be appended.
  func copy() -> KeyValueCache { KeyValueCache(keys, values) }

  /// Appends the keys and values of further tokens.
  func append(keys newKeys: Matrix, values newValues: Matrix) {
    keys.append(newKeys)
    values.append(newValues)
  }
}
