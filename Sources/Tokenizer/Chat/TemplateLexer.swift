/// Cuts a template into texts, statements and outputs, with the blanks around them as Hugging Face treats them: a statement takes the blanks
/// in front of it on its line, and the end of the line behind it, and a hyphen at a bracket takes all blanks on its side.
struct TemplateLexer {
  enum Part {
    case text(String)
    /// What is within `{% %}` or `{{ }}`.
    case tokens([TemplateToken], isOutput: Bool, Int)
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ source: String) {
    var bytes = Array(source.utf8)
    // One line feed at the end of a template is nobody's.
    if bytes.last == 0x0A { bytes.removeLast() }
    self.bytes = bytes
  }

  /// The parts in turn.
  mutating func parts() throws(TemplateProblem) -> [Part] {
    var parts: [Part] = []
    var text: [UInt8] = []
    var takesBlanks = false
    var takesLineFeed = false
    // Whether the text begins with a line.
    var beginsLine = true
    while position < bytes.count {
      let isBracket = bytes[position] == UInt8(ascii: "{") && position + 1 < bytes.count
      let kind = isBracket ? bytes[position + 1] : 0
      guard "%{#".utf8.contains(kind) else {
        let byte = bytes[position]
        position += 1
        defer { takesLineFeed = false }
        if takesLineFeed, byte == 0x0A {
          beginsLine = true
          continue
        }
        if takesBlanks {
          if Self.isBlank(byte) { continue }
          if let length = wideBlank(at: position - 1) {
            position += length - 1
            continue
          }
        }
        takesBlanks = false
        text.append(byte)
        continue
      }
      let start = position
      position += 2
      let sign = position < bytes.count ? bytes[position] : 0
      if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { position += 1 }
      if sign == UInt8(ascii: "-") {
        let kept = String(decoding: text, as: UTF8.self).unicodeScalars.reversed().drop(while: Self.isBlank)
        text = Array(String(String.UnicodeScalarView(kept.reversed())).utf8)
      } else if kind != UInt8(ascii: "{"), sign != UInt8(ascii: "+") {
        Self.removeIndentation(&text, beginsLine: beginsLine)
      }
      if !text.isEmpty {
        parts.append(.text(String(decoding: text, as: UTF8.self)))
        text = []
      }
      let (tokens, ending) = try bracket(kind, start)
      if let tokens { parts.append(.tokens(tokens, isOutput: kind == UInt8(ascii: "{"), start)) }
      beginsLine = false
      takesBlanks = ending == UInt8(ascii: "-")
      takesLineFeed = ending == 0 && kind != UInt8(ascii: "{")
    }
    if !text.isEmpty { parts.append(.text(String(decoding: text, as: UTF8.self))) }
    return parts
  }

  /// Reads up to the end of a bracket, and tells the sign in front of that: a hyphen, a plus where the line feed stays, or 0.
  ///
  /// The tokens are nil for a comment.
  private mutating func bracket(_ kind: UInt8, _ start: Int) throws(TemplateProblem) -> ([TemplateToken]?, UInt8) {
    let end: [UInt8] = kind == UInt8(ascii: "{") ? Array("}}".utf8) : [kind, UInt8(ascii: "}")]
    var tokens: [TemplateToken] = []
    var depth = 0
    while position < bytes.count {
      let signs = kind == UInt8(ascii: "{") ? "-" : "-+"
      let isSigned = signs.utf8.contains(bytes[position]) && bytes[(position + 1)...].starts(with: end)
      if depth == 0, isSigned || bytes[position...].starts(with: end) {
        let sign = isSigned ? bytes[position] : 0
        position += isSigned ? 3 : 2
        return (kind == UInt8(ascii: "#") ? nil : tokens, sign)
      }
      if kind == UInt8(ascii: "#") {
        position += 1
      } else if Self.isBlank(bytes[position]) {
        position += 1
      } else {
        let token = try token()
        if case .symbol(let symbol) = token.kind {
          // A mapping ends with the brace that an output ends with two of.
          if symbol == "{" { depth += 1 }
          if symbol == "}" { depth -= 1 }
        }
        // A long chain is carried out as deeply as it is long.
        guard tokens.count < 1000 else { throw TemplateProblem(reason: "this is too long", place: start) }
        tokens.append(token)
      }
    }
    throw TemplateProblem(reason: "what begins here does not end", place: start)
  }

  private mutating func token() throws(TemplateProblem) -> TemplateToken {
    let start = position
    let first = bytes[position]
    if first == UInt8(ascii: "'") || first == UInt8(ascii: "\"") { return try text(first, start) }
    if Self.isDigit(first) {
      while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
      guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
        throw TemplateProblem(reason: "a number that is too large", place: start)
      }
      return TemplateToken(kind: .integer(value), place: start)
    }
    if Self.isLetter(first) {
      while position < bytes.count, Self.isLetter(bytes[position]) || Self.isDigit(bytes[position]) { position += 1 }
      return TemplateToken(kind: .name(String(decoding: bytes[start..<position], as: UTF8.self)), place: start)
    }
    for symbol in ["==", "!=", "<=", ">=", "//", "**"] where bytes[position...].starts(with: symbol.utf8) {
      position += 2
      return TemplateToken(kind: .symbol(symbol), place: start)
    }
    guard "()[]{}.,:|=+-*/%~<>".utf8.contains(first) else {
      throw TemplateProblem(reason: "'\(Unicode.Scalar(first))' is not a part of an expression", place: start)
    }
    position += 1
    return TemplateToken(kind: .symbol(String(Unicode.Scalar(first))), place: start)
  }

  /// A text in quotation marks.
  private mutating func text(_ mark: UInt8, _ start: Int) throws(TemplateProblem) -> TemplateToken {
    position += 1
    var text: [UInt8] = []
    while position < bytes.count, bytes[position] != mark {
      if bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count {
        position += 1
        switch bytes[position] {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(bytes[position])
        // A line that goes on.
        case 0x0A: break
        case let byte where "0123456789abfuvxNU".utf8.contains(byte):
          throw TemplateProblem(reason: "the escape \\\(Unicode.Scalar(byte)) is not known", place: position)
        // As in Python, a backslash in front of anything else is one.
        case let byte: text += [UInt8(ascii: "\\"), byte]
        }
      } else {
        text.append(bytes[position])
      }
      position += 1
    }
    guard position < bytes.count else { throw TemplateProblem(reason: "the text does not end", place: start) }
    position += 1
    return TemplateToken(kind: .string(String(decoding: text, as: UTF8.self)), place: start)
  }

  /// Removes blanks between the beginning of a line and a statement.
  private static func removeIndentation(_ text: inout [UInt8], beginsLine: Bool) {
    let kept = text.lastIndex { $0 != 0x20 && $0 != 0x09 }.map { $0 + 1 } ?? 0
    if kept == 0 ? beginsLine : text[kept - 1] == 0x0A { text.removeSubrange(kept...) }
  }

  /// The length of a blank of several bytes, such as U+00A0; nil where there is none.
  private func wideBlank(at place: Int) -> Int? {
    guard bytes[place] >= 0x80 else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      let (value, length) = UTF8Scalar.decode(bytes, at: place)
      return Unicode.Scalar(value).flatMap { Self.isBlank($0) ? length : nil }
    }
  }

  /// What Python's `strip` removes.
  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte) || (0x1C...0x1F).contains(byte)
  }
  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}

/// A word of an expression.
struct TemplateToken {
  enum Kind: Equatable {
    case name(String)
    case integer(Int)
    case string(String)
    case symbol(String)
  }
  let kind: Kind
  let place: Int
}
