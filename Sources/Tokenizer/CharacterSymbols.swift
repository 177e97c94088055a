/// The symbols that single characters start as, and the places where a text may be cut.
///
/// No merge can join two characters that are nowhere neighbours inside a merged token. Cutting the text between such
/// characters changes nothing, because the merges on either side are then independent, and it turns one huge word into many
/// small ones. Characters without symbols are another matter: `Strangers`.
struct CharacterSymbols: Sendable {
  /// What becomes of characters without symbols, which decides where a text may be cut beside them.
  enum Strangers: Sendable {
    /// Their bytes have symbols of their own.
    case spelled
    /// Neighbouring ones may share one unknown token.
    case joined
    /// They are left out, so that merges join what stands on either side.
    case dropped
  }

  private var pages = [UInt16](repeating: 0, count: 0x1100)
  private var leaves = [Int32](repeating: -1, count: 256)
  /// Joined pairs of ASCII characters, and U+2581 in the place of DEL: the pairs that nearly all text consists of.
  private let compactPairs: [Bool]
  /// All other joined pairs.
  private let otherPairs: MergeTable
  /// False where cutting could change the result.
  private let allowsCuts: Bool

  /// Takes the symbols of characters, and the tokens within which merges may join neighbouring characters.
  init(_ symbols: [(scalar: UInt32, symbol: Int32)], joinedWithin tokens: [ArraySlice<UInt8>], allowsCuts: Bool) {
    self.allowsCuts = allowsCuts
    var compact = [Bool](repeating: false, count: 128 * 128)
    var others: Set<UInt64> = []
    for token in tokens {
      Self.forEachPair(in: token) { left, right in
        if let index = Self.compactIndex(left, right) {
          compact[index] = true
        } else {
          others.insert(UInt64(left) << 32 | UInt64(right))
        }
      }
    }
    var table = MergeTable(capacity: others.count)
    for pair in others {
      table.add(Merge(left: Int32(pair >> 32), right: Int32(pair & 0xFFFF_FFFF), result: 0, rank: 0))
    }
    compactPairs = compact
    otherPairs = table
    for (scalar, symbol) in symbols { set(scalar, symbol) }
  }

  private mutating func set(_ scalar: UInt32, _ symbol: Int32) {
    let page = Int(scalar >> 8)
    if pages[page] == 0 {
      pages[page] = UInt16(leaves.count / 256)
      leaves.append(contentsOf: repeatElement(-1, count: 256))
    }
    leaves[Int(pages[page]) << 8 | Int(scalar & 0xFF)] = symbol
  }

  private static func forEachPair(in token: ArraySlice<UInt8>, _ body: (_ left: UInt32, _ right: UInt32) -> Void) {
    token.withUnsafeBufferPointer { bytes in
      var i = 0
      var previous: UInt32?
      while i < bytes.count {
        let (scalar, length) = UTF8Scalar.decode(bytes, at: i)
        if let previous { body(previous, scalar) }
        previous = scalar
        i += length
      }
    }
  }

  /// The symbol of a character, or -1 where it has none.
  @inline(__always)
  func symbol(_ scalar: UInt32) -> Int32 {
    leaves[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }

  /// Calls `body` with the parts of a text between which no merge can happen.
  @inline(__always)
  func forEachWord(
    of text: UnsafeBufferPointer<UInt8>, _ strangers: Strangers,
    _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    guard allowsCuts, !text.isEmpty else { return body(text) }
    var start = 0
    var (left, i) = UTF8Scalar.decode(text, at: 0)
    while i < text.count {
      let (right, length) = UTF8Scalar.decode(text, at: i)
      if isCut(left, right, strangers) {
        body(UnsafeBufferPointer(rebasing: text[start..<i]))
        start = i
      }
      left = right
      i += length
    }
    body(UnsafeBufferPointer(rebasing: text[start...]))
  }

  /// The first place from `start` on, which must not be 0, between two such parts, or nil.
  func safeCut(in text: UnsafeBufferPointer<UInt8>, from start: Int, _ strangers: Strangers) -> Int? {
    guard allowsCuts, start < text.count else { return nil }
    var left = UTF8Scalar.decode(text, before: start).scalar
    var i = start
    while i < text.count {
      let (right, length) = UTF8Scalar.decode(text, at: i)
      if isCut(left, right, strangers) { return i }
      left = right
      i += length
    }
    return nil
  }

  @inline(__always)
  private func isCut(_ left: UInt32, _ right: UInt32, _ strangers: Strangers) -> Bool {
    guard !joins(left, right) else { return false }
    return switch strangers {
    case .spelled: true
    case .joined: symbol(left) >= 0 || symbol(right) >= 0
    case .dropped: symbol(left) >= 0 && symbol(right) >= 0
    }
  }

  /// Whether some merge may join these two characters.
  @inline(__always)
  private func joins(_ left: UInt32, _ right: UInt32) -> Bool {
    if let index = Self.compactIndex(left, right) { return compactPairs[index] }
    return otherPairs.merge(Int32(bitPattern: left), Int32(bitPattern: right)) != MergeTable.none
  }

  @inline(__always)
  private static func compactIndex(_ left: UInt32, _ right: UInt32) -> Int? {
    let compactLeft = left == 0x2581 ? 0x7F : left == 0x7F ? 0x80 : left
    let compactRight = right == 0x2581 ? 0x7F : right == 0x7F ? 0x80 : right
    return compactLeft | compactRight < 0x80 ? Int(compactLeft << 7 | compactRight) : nil
  }
}
