// Sets in brackets, and escapes.
extension PatternParser {
  /// What follows `[`, up to its `]`.
  mutating func set(from start: Int) throws(PatternError) -> ScalarSet {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.deepestNesting else {
      throw error("more than \(Self.deepestNesting) sets within one another", at: start)
    }
    let isNegative = take("^")
    if comes("]") { throw error("an empty set, or a ] in it that is not escaped") }
    var all: ScalarSet?
    var parts: [ScalarSet] = []
    while true {
      guard next != nil else { throw error("a set that is not closed", at: start) }
      if take("]") { break }
      if take("&&") {
        let part = ScalarSet.union(of: parts)
        all = all?.intersection(part) ?? part
        parts = []
      } else {
        parts.append(try element())
      }
    }
    let part = ScalarSet.union(of: parts)
    let whole = all?.intersection(part) ?? part
    let result = isNegative ? whole.complement : whole
    guard !result.isEmpty else { throw error("a set that holds no character", at: start) }
    return result
  }

  /// A character, a range, an escape or a set within a set.
  private mutating func element() throws(PatternError) -> ScalarSet {
    let start = i
    if take("[:") { throw error("a set by its POSIX name", at: start) }
    if take("[") { return try set(from: start) }
    let first = try member()
    let dash = i
    guard comes("-"), i + 1 < scalars.count, scalars[i + 1] != Unicode.Scalar("]").value else {
      return try folded(first, at: start)
    }
    guard let low = Self.single(first) else { throw error("a range that begins with a class", at: start) }
    i += 1
    if comes("[") || scalars[i...].starts(with: [0x26, 0x26]) { throw error("a range without an end", at: dash) }
    let end = i
    guard let high = Self.single(try member()) else { throw error("a range that ends with a class", at: end) }
    guard low <= high else { throw error("the bounds of a range in the wrong order", at: start) }
    return try folded(ScalarSet(low...high), at: start)
  }

  private mutating func member() throws(PatternError) -> ScalarSet {
    let start = i
    guard let first = next else { throw error("a set that is not closed") }
    i += 1
    return first == Unicode.Scalar("\\").value ? try escape(from: start) : ScalarSet(first)
  }

  private static func single(_ set: ScalarSet) -> UInt32? {
    set.bounds.count == 2 && set.bounds[0] + 1 == set.bounds[1] ? set.bounds[0] : nil
  }

  /// What follows a backslash.
  mutating func escape(from start: Int) throws(PatternError) -> ScalarSet {
    guard let first = next, let character = Unicode.Scalar(first) else {
      throw error("a backslash at the end", at: start)
    }
    i += 1
    switch character {
    case "s": return .blanks
    case "S": return ScalarSet.blanks.complement
    case "w": return .wordCharacters
    case "W": return ScalarSet.wordCharacters.complement
    case "d": return .category("Nd") ?? .empty
    case "D": return (ScalarSet.category("Nd") ?? .empty).complement
    case "p": return try property(isNegative: false, from: start)
    case "P": return try property(isNegative: true, from: start)
    case "n": return ScalarSet(0x0A)
    case "r": return ScalarSet(0x0D)
    case "t": return ScalarSet(0x09)
    case "f": return ScalarSet(0x0C)
    case "v": return ScalarSet(0x0B)
    case "a": return ScalarSet(0x07)
    case "e": return ScalarSet(0x1B)
    case "x":
      if take("{") { return ScalarSet(try hexadecimal(1...8, from: start, isClosed: true)) }
      return ScalarSet(try hexadecimal(1...2, from: start))
    case "u": return ScalarSet(try hexadecimal(4...4, from: start))
    case "1"..."9", "k", "g": throw error("a reference to a group", at: start)
    case "b", "B", "A", "G", "K", "y", "Y": throw error("\\\(character), which looks behind", at: start)
    case "0", "A"..."Z", "a"..."z": throw error("the escape \\\(character)", at: start)
    default: return ScalarSet(first)
    }
  }

  /// What follows `\p` or `\P`.
  private mutating func property(isNegative: Bool, from start: Int) throws(PatternError) -> ScalarSet {
    guard take("{") else { throw error("a class without its name in braces", at: start) }
    let isOpposite = take("^")
    var name = ""
    while let scalar = next.flatMap(Unicode.Scalar.init), scalar != "}", name.utf8.count < 40 {
      name.unicodeScalars.append(scalar)
      i += 1
    }
    guard take("}"), let set = ScalarSet.category(name) else {
      throw error("the class \"\(name)\"; general categories such as L and Lu are supported", at: start)
    }
    return isNegative != isOpposite ? set.complement : set
  }

  private mutating func hexadecimal(
    _ digits: ClosedRange<Int>, from start: Int, isClosed: Bool = false
  ) throws(PatternError) -> UInt32 {
    var value: UInt32 = 0
    var count = 0
    while count < digits.upperBound, let digit = next.flatMap(Self.hexadecimalDigit) {
      value = value &* 16 | digit
      count += 1
      i += 1
    }
    guard count >= digits.lowerBound, !isClosed || take("}"), Unicode.Scalar(value) != nil else {
      throw error("a hexadecimal escape of no character", at: start)
    }
    // Up to U+007F a byte is a character; beyond, Oniguruma takes two digits for a part of UTF-8.
    guard digits.upperBound != 2 || value < 0x80 else { throw error("an escape of a byte", at: start) }
    return value
  }

  private static func hexadecimalDigit(_ scalar: UInt32) -> UInt32? {
    switch scalar {
    case 0x30...0x39: scalar - 0x30
    case 0x41...0x46: scalar - 0x41 + 10
    case 0x61...0x66: scalar - 0x61 + 10
    default: nil
    }
  }
}
