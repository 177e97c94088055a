/// Decoding as sentencepiece does it: control pieces vanish, U+2581 becomes a space, and the space that encoding put in front
/// of the text goes again.
struct SentencePieceDecoder: Sendable, Equatable {
  /// U+2581, which spells a space.
  static let spaceSymbol: [UInt8] = [0xE2, 0x96, 0x81]

  /// Pieces that stand for no text.
  var controlIDs: Set<Int>
  var unknownID: Int?
  /// What an unknown piece is printed as.
  var unknownSurface: [UInt8]
  /// The byte of each byte piece.
  var bytes: [Int: UInt8]
  /// Whether a leading space is the one that encoding added.
  var stripsLeadingSpace: Bool
  /// Whether all leading spaces go, since encoding would not have kept any.
  var stripsAllLeadingSpaces: Bool

  func decode(_ tokens: [(id: Int, spelling: ArraySlice<UInt8>)]) -> [UInt8] {
    var text: [UInt8] = []
    var run: [UInt8] = []
    var isAtStart = true
    var strippedLast = false
    for (id, spelling) in tokens {
      if let byte = bytes[id] {
        run.append(byte)
        continue
      }
      text.append(contentsOf: UTF8Scalar.repaired(run, .everyByte))
      run = []
      if strippedLast || !text.isEmpty { isAtStart = false }
      strippedLast = false
      if controlIDs.contains(id) { continue }
      if id == unknownID {
        text.append(contentsOf: unknownSurface)
        continue
      }
      var piece = Array(spelling)
      if isAtStart, stripsLeadingSpace || stripsAllLeadingSpaces, piece.starts(with: Self.spaceSymbol) {
        piece.removeFirst(Self.spaceSymbol.count)
        strippedLast = !stripsAllLeadingSpaces
      }
      text.append(contentsOf: Normalizer.replacing(Self.spaceSymbol, with: [UInt8(ascii: " ")], in: piece))
    }
    text.append(contentsOf: UTF8Scalar.repaired(run, .everyByte))
    return text
  }
}
