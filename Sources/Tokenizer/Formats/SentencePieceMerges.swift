/// The merges that sentencepiece finds by looking unions up in its vocabulary, written out.
///
/// Every way to cut a piece in two is a merge, provided both halves can occur: they are pieces, or single characters, which
/// need not be pieces themselves. Pieces of equal score share a rank.
struct SentencePieceMerges {
  private let file: String
  private let pieces: [SentencePieceModel.Piece]
  /// Symbols by spelling: pieces that merge, and after them the characters that are no piece.
  private var symbols: Vocabulary

  init(_ pieces: [SentencePieceModel.Piece], file: String) throws(TokenizerError) {
    self.file = file
    self.pieces = pieces
    symbols = Vocabulary(capacity: pieces.count)
    for (id, piece) in pieces.enumerated() where piece.kind == .normal {
      try symbols.add(piece.spelling, id: id, file: file, field: "pieces")
    }
    var next = pieces.count
    for piece in pieces where piece.kind == .normal {
      var start = 0
      for end in Self.characterEnds(piece.spelling) {
        let character = Array(piece.spelling[start..<end])
        start = end
        if symbols.id(of: character) == nil {
          try symbols.add(character, id: next, file: file, field: "pieces")
          next += 1
        }
      }
    }
  }

  /// Where the characters of a spelling end.
  private static func characterEnds(_ spelling: [UInt8]) -> [Int] {
    spelling.withUnsafeBufferPointer { bytes in
      var ends: [Int] = []
      var i = 0
      while i < bytes.count {
        i += UTF8Scalar.decode(bytes, at: i).length
        ends.append(i)
      }
      return ends
    }
  }

  func model(unknowns: BPEModel.Unknowns) throws(TokenizerError) -> BPEModel {
    var ranks: [Float: Int] = [:]
    let scores = Set(pieces.lazy.filter { $0.kind == .normal }.map(\.score))
    for score in scores.sorted(by: >) { ranks[score] = ranks.count }

    // Both halves are UTF-8, so no character is cut.
    let splits = TokenSplits(symbols)
    var merges: [(merge: Merge, rank: Int)] = []
    for (id, piece) in pieces.enumerated() where piece.kind == .normal {
      let rank = ranks[piece.score] ?? 0
      splits.forEachSplit(of: id) { left, right in
        merges.append((Merge(left: Int32(left), right: Int32(right), result: Int32(id)), rank))
      }
    }
    guard ranks.count <= MergeTable.rankLimit else {
      throw .tooManyMerges(file: file, count: ranks.count, limit: MergeTable.rankLimit)
    }
    var table = MergeTable(capacity: merges.count)
    for (merge, rank) in merges { table.add(merge.left, merge.right, rank: rank, result: merge.result) }

    var expansions = BPEModel.Expansions(first: Int32(pieces.count))
    for symbol in pieces.count..<max(pieces.count, symbols.size) {
      let bytes = symbols[symbol] ?? []
      if unknowns.byteSymbols.isEmpty {
        expansions.ids.append(unknowns.symbol.map { [$0] } ?? [])
      } else {
        expansions.ids.append(bytes.map { unknowns.byteSymbols[Int($0)] })
      }
    }
    return .characters(symbols, table, merges.map(\.merge), unknowns: unknowns, expansions: expansions)
  }
}
