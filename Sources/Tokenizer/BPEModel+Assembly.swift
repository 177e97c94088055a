import Support

/// Putting models together from what the formats hold.
extension BPEModel {
  /// A model whose symbols are bytes and whose tokens are spelled in the alphabet of `ByteLevel`.
  ///
  /// A byte that is no token becomes the unknown token; where there is none it is left out, as in Hugging Face tokenizers.
  static func byteLevel(
    _ vocabulary: Vocabulary, _ merges: MergeTable, unknowns: Unknowns, wholeWords: Vocabulary?
  ) -> BPEModel {
    let symbols = (0...UInt8.max).map { Int32(vocabulary.id(of: ByteLevel.spelling(of: $0)) ?? -1) }
    return BPEModel(alphabet: .bytes(symbols), merges: merges, unknowns: unknowns, wholeWords: wholeWords)
  }

  /// What of a text becomes no token, in a sentence; nil where nothing is lost.
  func noteOnLosses() -> String? {
    guard unknowns.symbol == nil else { return nil }
    switch alphabet {
    case .bytes(let symbols):
      let missing = symbols.indices.count { symbols[$0] < 0 && ByteLevel.occursInUTF8($0) }
      return missing == 0
        ? nil : "\(missing) of the 243 bytes of UTF-8 have no token: such bytes are dropped, as in Hugging Face"
    case .characters:
      return unknowns.isComplete ? nil : "characters without a token are dropped, as in Hugging Face"
    }
  }

  /// The tokens of a byte-level vocabulary as the bytes that they spell.
  static func bytes(of vocabulary: Vocabulary, at place: FieldReader) throws(TokenizerError) -> Vocabulary {
    var words = Vocabulary(capacity: vocabulary.count)
    for id in 0..<vocabulary.size {
      guard let spelling = vocabulary[id], let bytes = ByteLevel.decode(spelling) else { continue }
      // Different spellings in the alphabet are different bytes, so nothing can be in the way.
      try words.add(bytes, id: id, at: place)
    }
    return words
  }

  /// A model whose symbols are characters.
  static func characters(
    _ vocabulary: Vocabulary, _ table: MergeTable, _ merges: [Merge], unknowns: Unknowns, wholeWords: Vocabulary? = nil,
    expansions: Expansions = Expansions()
  ) -> BPEModel {
    // A merge of a byte-fallback or unknown token joins characters that its spelling does not show.
    let standIns = Set(unknowns.byteSymbols + [unknowns.symbol ?? -1])
    let allowsCuts = !merges.contains { standIns.contains($0.left) || standIns.contains($0.right) }
    var symbols: [(scalar: UInt32, symbol: Int32)] = []
    for id in 0..<vocabulary.size {
      if let spelling = vocabulary[id], let scalar = singleScalar(spelling) { symbols.append((scalar, Int32(id))) }
    }
    let merged = Set(merges.map(\.result)).compactMap { vocabulary[Int($0)] }
    let characters = CharacterSymbols(symbols, joinedWithin: merged, allowsCuts: allowsCuts)
    return BPEModel(
      alphabet: .characters(characters), merges: table, unknowns: unknowns, wholeWords: wholeWords,
      expansions: expansions)
  }

  /// The character that a spelling consists of, or nil where it is longer or empty.
  private static func singleScalar(_ spelling: ArraySlice<UInt8>) -> UInt32? {
    spelling.withUnsafeBufferPointer { bytes in
      guard !bytes.isEmpty else { return nil }
      let (scalar, length) = UTF8Scalar.decode(bytes, at: 0)
      return length == bytes.count ? scalar : nil
    }
  }
}
