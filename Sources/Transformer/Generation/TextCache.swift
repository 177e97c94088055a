import Tensor

/// The keys and values of a text in all blocks of a model.
struct TextCache {
  /// One a block.
  fileprivate let blocks: [KeyValueCache]

  /// Of a text without tokens, which is expected to have so many.
  init(_ model: any CausalLM, _ precision: KeyValueCache.Precision = .f32, expecting tokens: Int = 0) {
    blocks = model.blocks.map { _ in KeyValueCache(precision, expecting: tokens) }
  }

  private init(_ blocks: [KeyValueCache]) { self.blocks = blocks }

  /// Tokens in it.
  var count: Int { blocks.first?.count ?? 0 }

  /// One with the same tokens, to which others can be appended.
  func copy() -> TextCache { TextCache(blocks.map { $0.copy() }) }
}

extension CausalLM {
  /// The last hidden states of tokens that go on texts, (all tokens, hidden size), those of a text behind those of the one before.
  ///
  /// One pass: every weight is read once for all. The caches take the tokens in.
  ///
  /// - Precondition: there are tokens for each text, and no text is there twice.
  func hiddenStates(of tokens: [[Int]], behind texts: [TextCache]) -> Matrix {
    func caches(_ block: Int) -> SequenceCaches {
      SequenceCaches(texts.map { $0.blocks[block] }, tokens: tokens.map(\.count))
    }
    let positions = zip(tokens, texts).flatMap { tokens, text in text.count..<text.count + tokens.count }
    var hidden = embed(tokens.flatMap(\.self), positions: positions)
    for (index, block) in blocks.enumerated() {
      block.apply(to: &hidden, sequences: texts.count, caches: caches(index))
    }
    return hidden
  }
}
