/// The symbols that single characters start as, and the places where a text may be cut.
///
/// No merge can join two characters that are nowhere neighbours inside a merged token. Cutting the text between such
/// characters changes nothing, because the merges on either side are then independent, and it turns one huge word into many
/// small ones.
struct CharacterSymbols: Sendable {
  private var pages: [UInt16]
  private var leaves: [Int32]
  /// Joined pairs of ASCII characters, and U+2581 in the place of DEL: the pairs that nearly all text consists of.
  private var compactPairs: [Bool]
  private var pairs: Set<UInt64> = []
  /// False where cutting could change the result.
  let allowsCuts: Bool

  init(allowsCuts: Bool) {
    self.allowsCuts = allowsCuts
    pages = [UInt16](repeating: 0, count: 0x1100)
    leaves = [Int32](repeating: -1, count: 256)
    compactPairs = [Bool](repeating: false, count: 128 * 128)
  }

  /// Makes `symbol` the symbol of a character.
  mutating func set(_ scalar: UInt32, symbol: Int32) {
    let page = Int(scalar >> 8)
    if pages[page] == 0 {
      pages[page] = UInt16(leaves.count / 256)
      leaves.append(contentsOf: repeatElement(-1, count: 256))
    }
    leaves[Int(pages[page]) << 8 | Int(scalar & 0xFF)] = symbol
  }

  /// The symbol of a character, or -1 where it has none.
  @inline(__always)
  func symbol(_ scalar: UInt32) -> Int32 {
    leaves[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }

  /// Declares that a merge may join the neighbouring characters of this token.
  mutating func join(charactersOf token: ArraySlice<UInt8>) {
    token.withUnsafeBufferPointer { bytes in
      var i = 0
      var previous: UInt32?
      while i < bytes.count {
        let (scalar, length) = UTF8Scalar.decode(bytes, at: i)
        if let previous {
          let left = Self.compact(previous)
          let right = Self.compact(scalar)
          if left >= 0, right >= 0 {
            compactPairs[left << 7 | right] = true
          } else {
            pairs.insert(UInt64(previous) << 32 | UInt64(scalar))
          }
        }
        previous = scalar
        i += length
      }
    }
  }

  /// Whether some merge may join these two characters.
  @inline(__always)
  func joins(_ left: UInt32, _ right: UInt32) -> Bool {
    let compactLeft = Self.compact(left)
    let compactRight = Self.compact(right)
    if compactLeft >= 0, compactRight >= 0 { return compactPairs[compactLeft << 7 | compactRight] }
    return pairs.contains(UInt64(left) << 32 | UInt64(right))
  }

  @inline(__always)
  private static func compact(_ scalar: UInt32) -> Int {
    scalar < 0x7F ? Int(scalar) : scalar == 0x2581 ? 0x7F : -1
  }
}
