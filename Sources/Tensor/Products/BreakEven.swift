import Support

extension SparseProduct {
  /// The fraction of zeros from which on leaving them out is faster than multiplying by them.
  ///
  /// Measured (Documentation/Zeros.md) and not taken anew on each machine: then results would depend on the time of day. On NEON
  /// nobody has measured, so it is a fraction that pays on the others.
  static func breakEven(_ kernel: Kernel, _ type: ElementType, _ use: ProductUse) -> Double {
    switch (kernel, use) {
    case (.reference, _): return .infinity
    case (_, .manyTokens): return 0.45
    // Lane by lane it never is.
    case (_, .fewTokens) where !kernel.instructions.expandsByInstruction: return .infinity
    case (.avx512vbmi2, .fewTokens): return 0.4
    case (.avx512, .fewTokens): return 0.45
    case (.avx2, .fewTokens): return type == .float16 ? 0.8 : type == .bfloat16 ? 0.55 : 0.45
    case (.portable, .fewTokens): return 0.58
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

/// What a weight is multiplied by.
public enum ProductUse: String, Sendable, CaseIterable {
  /// A text, many tokens at a time.
  case manyTokens
  /// A text that is being written, token by token.
  case fewTokens
}

/// Whether weights leave out their zeros also where they, or their model, are too small to gain by it, so that tests can do with small ones.
package enum SmallWeights {
  @TaskLocal package static var leaveOutZeros = false
}

extension StoredMatrix {
  /// The fraction of zeros from which on a weight of this type is faster without them, on the kernel in use; infinite where it never is.
  ///
  /// Small weights, and a text that a small model writes, are not faster without zeros however many there are.
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
    switch use {
    case .manyTokens: count >= SparseProduct.leastElements
    case .fewTokens: modelBytes >= SparseProduct.leastModelBytes(.current)
    }
  }
}
