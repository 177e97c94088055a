/// Decoding as sentencepiece does it: control pieces vanish, U+2581 becomes a space, and the space that encoding put in front
/// of the text goes again.
struct SentencePieceDecoder: TokenDecoder {
  /// U+2581, which spells a space.
  static let spaceSymbol: [UInt8] = [0xE2, 0x96, 0x81]

  /// Pieces that stand for no text.
  let controlIDs: Set<Int>
  let unknownID: Int?
  /// What an unknown piece is printed as.
  let unknownSurface: [UInt8]
  /// The byte of each byte piece.
  let bytes: [Int: UInt8]
  /// Whether a leading space is the one that encoding added.
  let stripsLeadingSpace: Bool
  /// Whether all leading spaces go, since encoding would not have kept any.
  let stripsAllLeadingSpaces: Bool

  /// Bytes of byte pieces in a row.
  var run = UTF8Repairer(.everyByte)
  var isAtStart = true
  var hasText = false

  mutating func goOn() { isAtStart = false }

  mutating func append(id: Int, spelling: ArraySlice<UInt8>, to text: inout [UInt8]) {
    let before = text.count
    defer { hasText = hasText || text.count > before }
    if let byte = bytes[id] { return run.append([byte], to: &text) }
    run.finish(to: &text)
    if hasText || text.count > before { isAtStart = false }
    if controlIDs.contains(id) { return }
    if id == unknownID { return text.append(contentsOf: unknownSurface) }
    var piece = Array(spelling)
    if isAtStart, stripsLeadingSpace || stripsAllLeadingSpaces, piece.starts(with: Self.spaceSymbol) {
      piece.removeFirst(Self.spaceSymbol.count)
      if !stripsAllLeadingSpaces { isAtStart = false }
    }
    text.append(contentsOf: Normalizer.replacing(Self.spaceSymbol, with: [UInt8(ascii: " ")], in: piece))
  }

  mutating func finish(to text: inout [UInt8]) { run.finish(to: &text) }
}
