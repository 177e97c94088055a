/// The classes that the split patterns distinguish.
enum CharacterClass {
  static let other: UInt8 = 0
  /// `\p{L}`.
  static let letter: UInt8 = 1
  /// `\p{N}`.
  static let number: UInt8 = 2
  /// `\s`.
  static let blank: UInt8 = 3
}

/// The class of every scalar: pages of 256, equal pages stored once.
package struct CharacterClasses: Sendable {
  /// The one table, built on first use.
  package static let unicode16 = CharacterClasses()

  private let pages: [UInt8]
  private let leaves: [UInt8]

  private init() {
    var flat = [UInt8](repeating: CharacterClass.other, count: 0x110000)
    Self.mark(CharacterClassRanges.letters, as: CharacterClass.letter, in: &flat)
    Self.mark(CharacterClassRanges.numbers, as: CharacterClass.number, in: &flat)
    Self.mark(CharacterClassRanges.blanks, as: CharacterClass.blank, in: &flat)
    var pages: [UInt8] = []
    var leaves: [UInt8] = []
    var known: [ArraySlice<UInt8>: UInt8] = [:]
    for start in stride(from: 0, to: flat.count, by: 256) {
      let leaf = flat[start..<start + 256]
      if let page = known[leaf] {
        pages.append(page)
      } else {
        // Unicode 16.0 needs fewer than 100 different pages.
        let page = UInt8(truncatingIfNeeded: leaves.count / 256)
        known[leaf] = page
        pages.append(page)
        leaves.append(contentsOf: leaf)
      }
    }
    self.pages = pages
    self.leaves = leaves
  }

  private static func mark(_ ranges: [UInt32], as mark: UInt8, in flat: inout [UInt8]) {
    for i in stride(from: 0, to: ranges.count - 1, by: 2) {
      for scalar in ranges[i]...ranges[i + 1] { flat[Int(scalar)] = mark }
    }
  }

  /// The class of a scalar up to U+10FFFF.
  @inline(__always)
  package func callAsFunction(_ scalar: UInt32) -> UInt8 {
    scalar < 0x80 ? leaves[Int(scalar)] : leaves[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
  }

  /// Whether a scalar is a word character: `\w`.
  package static func isWordCharacter(_ scalar: UInt32) -> Bool {
    if unicode16(scalar) == CharacterClass.letter { return true }
    // The first bound that is not below the scalar is the last of a range that holds it, or the first of one.
    let bounds = CharacterClassRanges.otherWordCharacters
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < scalar { low = middle + 1 } else { high = middle }
    }
    return low < bounds.count && (low % 2 == 1 || bounds[low] == scalar)
  }

  /// Where the blanks from `start` on end.
  static func blanks(after start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var i = start
    while i < text.count {
      let (scalar, length) = UTF8Scalar.decode(text, at: i)
      if unicode16(scalar) != CharacterClass.blank { break }
      i += length
    }
    return i
  }

  /// Where the blanks before `end` begin, at `start` or behind it.
  static func blanks(before end: Int, in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var i = end
    while i > start {
      let (scalar, length) = UTF8Scalar.decode(text, before: i)
      if unicode16(scalar) != CharacterClass.blank { break }
      i -= length
    }
    return i
  }
}
