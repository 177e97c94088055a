/// Tokens of the form `<0xNN>`, which stand for single bytes of characters that a vocabulary lacks.
enum ByteFallback {
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// The spelling of the token for a byte: `<0x0A>` for a line feed.
  static func spelling(of byte: UInt8) -> [UInt8] {
    Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
  }

  /// The byte that a token stands for, or nil for an ordinary token.
  ///
  /// Decoding accepts small digits as well, and a plus sign in the place of the first, as the reference does.
  static func byte(of token: ArraySlice<UInt8>) -> UInt8? {
    guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else { return nil }
    var value: UInt8 = 0
    for (k, unit) in token.dropFirst(3).dropLast().enumerated() {
      if k == 0, unit == UInt8(ascii: "+") { continue }
      guard let digit = hexadecimalDigit(unit) else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  private static func hexadecimalDigit(_ unit: UInt8) -> UInt8? {
    switch unit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): unit - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): unit - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): unit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// The ids of all 256 byte tokens; -1 where the vocabulary, which `file` defines, may lack one and does.
  static func ids(in vocabulary: Vocabulary, mayLackSome: Bool, file: String) throws(TokenizerError) -> [Int32] {
    let ids = (0..<256).map { Int32(vocabulary.id(of: spelling(of: UInt8($0))) ?? -1) }
    if !mayLackSome, let missing = ids.firstIndex(of: -1) {
      let name = String(decoding: spelling(of: UInt8(missing)), as: UTF8.self)
      throw TokenizerError(
        file, reason: "byte fallback is on, but the vocabulary lacks \(name) and names no unknown token")
    }
    return ids
  }
}
