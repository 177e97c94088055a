/// The stages of encoding, in their order.
extension TokenizerDefinition {
  /// Calls `body` with the fragments of a text in order, normalised and spelled as the model's tokens are; nothing joins one to
  /// its neighbours.
  func forEachFragment(
    of text: UnsafeBufferPointer<UInt8>, recognizingSpecialTokens: Bool,
    _ body: (Fragment<UnsafeBufferPointer<UInt8>>) -> Void
  ) {
    verbatimTokens.forEachPart(of: text, recognizingSpecialTokens: recognizingSpecialTokens) { part in
      switch part {
      case .token(let id):
        body(.token(id))
      case .text(let outer):
        normalize(UnsafeBufferPointer(rebasing: text[outer]), isFirst: outer.lowerBound == 0) { normalized in
          normalizedTokens.forEachPart(of: normalized, recognizingSpecialTokens: recognizingSpecialTokens) { part in
            switch part {
            case .token(let id):
              body(.token(id))
            case .text(let range):
              // Nothing but the start of the whole text is first.
              let isFirst = outer.lowerBound == 0 && range.lowerBound == 0
              let fragment = UnsafeBufferPointer(rebasing: normalized[range])
              if preTokenizer.earlierSplits.isEmpty {
                spell(fragment, isFirst: isFirst) { body(.text($0)) }
              } else {
                body(.text(fragment))
              }
            }
          }
        }
      }
    }
  }

  private func normalize(
    _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    if normalizer.isIdentity { return body(text) }
    normalizer(text, isFirst: isFirst).withUnsafeBufferPointer(body)
  }

  /// What a pre-tokenizer changes in the text itself, before it cuts it.
  private func spell(
    _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    if let metaspace = preTokenizer.metaspace {
      metaspace(text, isFirst: isFirst).withUnsafeBufferPointer(body)
    } else if preTokenizer.addsPrefixSpace, text.first != UInt8(ascii: " ") {
      ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer(body)
    } else {
      body(text)
    }
  }

  /// Pre-tokenises and merges the text of a fragment, or a part of it that begins and ends where `safeCut` allows.
  func encode(_ text: UnsafeBufferPointer<UInt8>, _ workspace: inout BPEModel.Workspace, into ids: inout [Int]) {
    if preTokenizer.earlierSplits.isEmpty { return encodeSpelled(text, &workspace, into: &ids) }
    var pieces = SplitSequence.Workspace()
    swap(&pieces, &workspace.earlierPieces)
    preTokenizer.earlierSplits.forEachPiece(of: text, &pieces) { piece in
      spell(piece, isFirst: false) { encodeSpelled($0, &workspace, into: &ids) }
    }
    swap(&pieces, &workspace.earlierPieces)
  }

  private func encodeSpelled(
    _ text: UnsafeBufferPointer<UInt8>, _ workspace: inout BPEModel.Workspace, into ids: inout [Int]
  ) {
    if !preTokenizer.splits.isEmpty {
      var pieces = SplitSequence.Workspace()
      swap(&pieces, &workspace.pieces)
      preTokenizer.splits.forEachPiece(of: text, &pieces) { model.encode($0, &workspace, into: &ids) }
      swap(&pieces, &workspace.pieces)
    } else if let metaspace = preTokenizer.metaspace {
      cut(text, &workspace, into: &ids) { metaspace.end(of: text, from: $0) }
    } else if preTokenizer.isolatesDigits {
      let scanner = PieceScanner(text: text)
      var segment = 0
      cut(text, &workspace, into: &ids) {
        scanner.end(isolatingDigitsBefore: preTokenizer.pattern, from: $0, &segment)
      }
    } else if let pattern = preTokenizer.pattern {
      let scanner = PieceScanner(text: text)
      cut(text, &workspace, into: &ids) { scanner.end(of: pattern, from: $0) }
    } else {
      model.encode(text, &workspace, into: &ids)
    }
  }

  /// Encodes the pieces of a text one by one; `end` tells where the piece ends that starts at an offset.
  @inline(__always)
  private func cut(
    _ text: UnsafeBufferPointer<UInt8>, _ workspace: inout BPEModel.Workspace, into ids: inout [Int],
    _ end: (Int) -> Int
  ) {
    var start = 0
    while start < text.count {
      let end = end(start)
      model.encode(UnsafeBufferPointer(rebasing: text[start..<end]), &workspace, into: &ids)
      start = end
    }
  }

  /// The first place from an offset on where the text of a fragment can be cut without changing its ids, or nil.
  func safeCut(in text: UnsafeBufferPointer<UInt8>, from offset: Int) -> Int? {
    var i = max(1, offset)
    while i < text.count, text[i] & 0xC0 == 0x80 { i += 1 }
    for splits in [preTokenizer.earlierSplits, preTokenizer.splits] where !splits.isEmpty {
      return splits.safeCut(in: text, from: i)
    }
    if let metaspace = preTokenizer.metaspace, metaspace.splits { return metaspace.firstReplacement(in: text, from: i) }
    if let pattern = preTokenizer.pattern { return PieceScanner(text: text).safeCut(for: pattern, from: i) }
    return preTokenizer.isolatesDigits ? nil : model.safeCut(in: text, from: i)
  }
}
