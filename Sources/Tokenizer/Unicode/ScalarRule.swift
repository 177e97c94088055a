/// Rewrites each character of a set in the same way.
package struct ScalarRule: Sendable {
  enum Action: Sendable {
    case remove
    /// A space in its place.
    case blank
    /// A space on both sides of it.
    case pad
    /// Its lower case: each character on its own, so that Σ is σ at the end of a word, too.
    case lower
  }

  let action: Action
  let set: ScalarSet
  /// The set's characters of ASCII, as bits.
  private let ascii: (UInt64, UInt64)

  init(_ action: Action, _ set: ScalarSet) {
    self.action = action
    self.set = set
    ascii = (0..<64).reduce(into: (0, 0)) { bits, i in
      if set.contains(UInt32(i)) { bits.0 |= 1 << UInt64(i) }
      if set.contains(UInt32(i + 64)) { bits.1 |= 1 << UInt64(i) }
    }
  }

  /// How many times as long a text can become: lower case may have three bytes for two, and ideographs have three.
  package var growth: Double {
    switch action {
    case .remove, .blank: 1
    case .lower: 1.5
    case .pad: 5.0 / 3
    }
  }

  /// The text rewritten; bytes that are no UTF-8 stay as they are.
  package func callAsFunction(_ text: [UInt8]) -> [UInt8] {
    text.withUnsafeBufferPointer { text in
      var result: [UInt8] = []
      result.reserveCapacity(text.count)
      var copied = 0
      var i = 0
      while i < text.count {
        let byte = text[i]
        let (scalar, length) = byte < 0x80 ? (UInt32(byte), 1) : UTF8Scalar.decodeStrictly(text, at: i)
        if byte < 0x80 ? (byte < 64 ? ascii.0 : ascii.1) >> UInt64(byte & 63) & 1 == 1 : set.contains(scalar) {
          result.append(contentsOf: text[copied..<i])
          switch action {
          case .remove: break
          case .blank: result.append(UInt8(ascii: " "))
          case .pad:
            result.append(UInt8(ascii: " "))
            result.append(contentsOf: text[i..<i + length])
            result.append(UInt8(ascii: " "))
          case .lower:
            if byte < 0x80 {
              result.append(byte | 0x20)
            } else {
              for lower in Self.lowercase[scalar] ?? [scalar] { UTF8Scalar.append(lower, to: &result) }
            }
          }
          copied = i + length
        }
        i += length
      }
      result.append(contentsOf: text[copied...])
      return result
    }
  }

  private static let lowercase = Dictionary(
    ScalarMappings(packed: UnicodeTables.lowercase).all.map { ($0.scalar, $0.content) }
  ) { first, _ in first }
}

extension ScalarRule {
  /// `Lowercase`, by the tables of Rust, which are of Unicode 17.
  package static let lowercased = ScalarRule(.lower, .union(of: lowercase.keys.map { ScalarSet($0) }))

  /// `StripAccents`: marks as of Unicode 9.
  package static let withoutAccents = ScalarRule(.remove, ScalarSet(packed: UnicodeTables.accents))

  /// `Nmt`: controls are removed, and what looks like a space becomes one.
  package static let nmt = [
    ScalarRule(.remove, set([0x1...0x8, 0xB...0xB, 0xE...0x1F, 0x7F...0x7F, 0x8F...0x8F, 0x9F...0x9F])),
    ScalarRule(
      .blank,
      set([
        0x9...0xA, 0xC...0xD, 0x1680...0x1680, 0x200B...0x200F, 0x2028...0x2029, 0x2581...0x2581, 0xFEFF...0xFEFF,
        0xFFFD...0xFFFD,
      ])),
  ]

  /// `clean_text` of `BertNormalizer`.
  package static let bertCleaning = [
    ScalarRule(.remove, ScalarSet(packed: UnicodeTables.bertControls)), ScalarRule(.blank, .blanks),
  ]

  /// `handle_chinese_chars` of `BertNormalizer`; the gap before U+2B920 is the reference's.
  package static let bertIdeographs = ScalarRule(
    .pad,
    set([
      0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF,
      0x2F800...0x2FA1F,
    ]))

  /// `strip_accents` of `BertNormalizer`, behind NFD.
  package static let withoutBertAccents = ScalarRule(.remove, ScalarSet(packed: UnicodeTables.bertAccents))

  private static func set(_ ranges: [ClosedRange<UInt32>]) -> ScalarSet { .union(of: ranges.map { ScalarSet($0) }) }
}
