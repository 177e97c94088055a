import Support

/// The merges that sentencepiece finds by looking unions up in its vocabulary, written out.
///
/// Every way to cut a piece in two is a merge, provided both halves can occur: they are pieces, or single characters, which
/// need not be pieces themselves. Pieces of equal score share a rank.
struct SentencePieceMerges {
  private let pieces: [SentencePieceModel.Piece]
  private let place: FieldReader
  /// Symbols by spelling: pieces that merge, and after them the characters that are no piece.
  private var symbols: Vocabulary

  init(_ pieces: [SentencePieceModel.Piece], at place: FieldReader) throws(TokenizerError) {
    self.place = place
    self.pieces = pieces
    symbols = Vocabulary(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() where piece.kind == .normal {
      try symbols.add(piece.spelling, id: id, at: place)
    }
    var next = pieces.count
    for piece in pieces where piece.kind == .normal {
      for scalar in String(decoding: piece.spelling, as: UTF8.self).unicodeScalars {
        let character = Array(scalar.utf8)
        if symbols.id(of: character) == nil {
          try symbols.add(character, id: next, at: place)
          next += 1
        }
      }
    }
  }

  func model(unknowns: BPEModel.Unknowns) throws(TokenizerError) -> BPEModel {
    let scores = Set(pieces.lazy.filter { $0.kind == .normal }.map(\.score)).sorted(by: >)
    let ranks = Dictionary(uniqueKeysWithValues: zip(scores, Int32(0)...))

    // Both halves are UTF-8, so no character is cut.
    let splits = TokenSplits(symbols)
    var merges: [Merge] = []
    for (id, piece) in pieces.enumerated() where piece.kind == .normal {
      let rank = ranks[piece.score] ?? 0
      splits.forEachSplit(of: id) { left, right in
        merges.append(Merge(left: Int32(left), right: Int32(right), result: Int32(id), rank: rank))
      }
    }

    var expansions = BPEModel.Expansions(first: Int32(pieces.count))
    for symbol in pieces.count..<max(pieces.count, symbols.size) {
      let bytes = symbols[symbol] ?? []
      if unknowns.byteSymbols.isEmpty {
        expansions.ids.append(unknowns.symbol.map { [$0] } ?? [])
      } else {
        expansions.ids.append(bytes.map { unknowns.byteSymbols[Int($0)] })
      }
    }
    return .characters(
      symbols, try MergeTable(merges, file: place.source), merges, unknowns: unknowns, expansions: expansions)
  }
}
