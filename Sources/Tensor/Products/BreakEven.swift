import Support

extension SparseProduct {
  /// The fraction of zeros from which on leaving them out is faster than multiplying by them.
  ///
  /// Measured (Documentation/Zeros.md) and not taken anew on each machine: then results would depend on the time of day. On NEON
  /// nobody has measured, so it is a fraction that pays on the others.
  static func breakEven(_ kernel: Kernel, _ type: ElementType, _ use: ProductUse) -> Double {
    // Few tokens are dot products, which lane by lane are never faster.
    if use.reads && !kernel.instructions.expandsByInstruction { return .infinity }
    return steps(kernel, type).last { $0.tokens <= use.tokens }?.fraction ?? .infinity
  }

  /// Fractions, each from a number of tokens on.
  ///
  /// One token reads less without zeros, and many multiply less. A batch between them computes as long as it reads, and expands what
  /// it reads once for each of its tiles.
  private static func steps(_ kernel: Kernel, _ type: ElementType) -> [(tokens: Int, fraction: Double)] {
    switch kernel {
    case .reference: return []
    case .avx512vbmi2, .avx512:
      let one = kernel == .avx512vbmi2 ? 0.4 : 0.45
      let many = [(24, 0.68), (40, 0.55), (64, 0.5), (128, 0.45)]
      return switch type {
      case .float32: [(1, one), (24, 0.6), (64, 0.5), (128, 0.45)]
      case .bfloat16 where kernel == .avx512vbmi2: [(1, one), (6, 0.5), (11, .infinity)] + many
      // Two tiles of four are better than any other two.
      case .bfloat16, .float16: [(1, one), (5, .infinity), (8, one), (9, .infinity)] + many
      }
    case .avx2:
      let one = type == .float16 ? 0.8 : type == .bfloat16 ? 0.55 : 0.45
      return [(1, one), (type == .float32 ? 3 : 2, .infinity), (24, 0.5), (64, 0.45)]
    case .portable: return [(1, 0.58), (6, .infinity), (24, 0.45)]
    }
  }

  /// Elements of a weight from which on leaving out its zeros can be faster for many tokens.
  ///
  /// With fewer, what a row costs besides its elements outweighs what it saves.
  static let leastElements = 1 << 16

  /// Bytes of all weights that a token reads from which on leaving out zeros can be faster for a text that is written.
  ///
  /// Fewer stay in a cache between two tokens, from which the dense weights come as fast as they are multiplied.
  static func leastModelBytes(_ kernel: Kernel) -> Int { kernel == .avx512vbmi2 ? 24 << 20 : 64 << 20 }
}

/// What a weight is multiplied by: how many tokens at a time.
public struct ProductUse: Hashable, Sendable {
  /// Tokens that pass the weight at a time.
  public let tokens: Int

  /// So many tokens at a time, one at least.
  public init(tokens: Int) { self.tokens = max(1, tokens) }

  /// A text that is being written, token by token.
  public static let oneToken = ProductUse(tokens: 1)
  /// A text, many tokens at a time.
  public static let manyTokens = ProductUse(tokens: 512)

  /// Whether what a product takes is above all reading the weight.
  var reads: Bool { tokens <= PackingMemory.unpackedRows }
}

/// Whether weights leave out their zeros also where they, or their model, are too small to gain by it, so that tests can do with small ones.
package enum SmallWeights {
  @TaskLocal package static var leaveOutZeros = false
}

extension StoredMatrix {
  /// The fraction of zeros from which on a weight of this type is faster without them, on the kernel in use; infinite where it never is.
  ///
  /// Small weights, and texts that a small model writes, are not faster without zeros however many there are.
  public static func breakEven(_ type: ElementType, for use: ProductUse) -> Double {
    SparseProduct.breakEven(.current, type, use)
  }

  /// The same weight in the form whose products are faster: compressed where enough of it is zero.
  ///
  /// - Parameter modelBytes: bytes of the model's linears, dense.
  package func inFasterForm(for use: ProductUse, modelBytes: Int) -> StoredMatrix {
    isFasterWithoutZeros(for: use, zeros: zeroCount, modelBytes: modelBytes) ? compressed() : expanded()
  }

  /// Whether `zeros` of the elements are enough, and weight and model large enough, to gain by leaving them out.
  package func isFasterWithoutZeros(for use: ProductUse, zeros: Int, modelBytes: Int) -> Bool {
    Self.isFasterWithoutZeros(elementType, count: count, for: use, zeros: zeros, modelBytes: modelBytes)
  }

  /// The same of any weight of `count` elements.
  static func isFasterWithoutZeros(
    _ type: ElementType, count: Int, for use: ProductUse, zeros: Int, modelBytes: Int
  ) -> Bool {
    guard Double(zeros) / Double(max(1, count)) >= breakEven(type, for: use) else { return false }
    return SmallWeights.leaveOutZeros || isLargeEnough(count, for: use, modelBytes: modelBytes)
  }

  /// Whether a weight of `count` elements gains by its zeros, if there are enough.
  package static func isLargeEnough(_ count: Int, for use: ProductUse, modelBytes: Int) -> Bool {
    use.reads ? modelBytes >= SparseProduct.leastModelBytes(.current) : count >= SparseProduct.leastElements
  }
}
