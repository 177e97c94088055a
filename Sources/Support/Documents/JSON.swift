/// A JSON value (RFC 8259) whose strings are bytes.
///
/// Swift's `String` compares by canonical equivalence, which would merge keys that a vocabulary must keep apart; here a
/// key is its UTF-8 bytes. Objects keep their order.
package enum JSON: Sendable {
  case null
  case bool(Bool)
  /// The number as written; `integer` and `double` interpret it.
  case number(String)
  case string([UInt8])
  case array([JSON])
  case object(JSONObject)
}

/// An object's members in the order of the text.
package struct JSONObject: Sendable {
  package typealias Member = (key: [UInt8], value: JSON)

  package private(set) var members: [Member]

  package init(_ members: [Member] = []) { self.members = members }

  /// The member with exactly this key.
  ///
  /// O(n): objects that are looked up often are turned into dictionaries by their readers.
  package subscript(key: String) -> JSON? {
    let bytes = Array(key.utf8)
    return members.first { $0.key == bytes }?.value
  }
}

extension JSON {
  package var isNull: Bool { if case .null = self { true } else { false } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var bytes: [UInt8]? { if case .string(let value) = self { value } else { nil } }
  package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

  /// The value where the number is written as an integer (no point, no exponent) and fits; minus zero is none.
  package var integer: Int? { if case .number(let text) = self, text != "-0" { Int(text) } else { nil } }

  /// The member of an object; nil for anything else.
  package subscript(key: String) -> JSON? { object?[key] }

  /// What kind of value this is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// Where a text stops being JSON, and why.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package let offset: Int
  package let reason: String
  package var description: String { "not valid JSON at byte \(offset): \(reason)" }
}

extension JSON {
  /// More values than any tokenizer or header has; a value takes many times the memory of its text.
  package static let valueLimit = 1 << 22

  /// Reads one value and nothing after it.
  ///
  /// Throws also for duplicate keys, however spelled, nesting beyond `depthLimit`, and more than `valueLimit` values.
  /// O(n).
  ///
  /// - Parameter acceptsNonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers, as Python writes them.
  package static func parse(
    _ bytes: [UInt8], depthLimit: Int = 128, acceptsNonFinite: Bool = false
  ) throws(JSONError) -> JSON {
    try bytes.withElements { (buffer) throws(JSONError) in
      if let offset = UTF8Validation.firstInvalidOffset(in: buffer) {
        throw JSONError(offset: offset, reason: "not UTF-8")
      }
      var parser = Parser(bytes: buffer, depthLimit: depthLimit, acceptsNonFinite: acceptsNonFinite)
      return try parser.document()
    }
  }
}

private struct Parser {
  let bytes: UnsafeBufferPointer<UInt8>
  let depthLimit: Int
  let acceptsNonFinite: Bool
  var position = 0
  var valueCount = 0

  mutating func document() throws(JSONError) -> JSON {
    skipBlanks()
    let value = try self.value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw failure("text after the value") }
    return value
  }

  private func failure(_ reason: String, at offset: Int? = nil) -> JSONError {
    JSONError(offset: offset ?? position, reason: reason)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard let byte = current else { throw failure("the text ends where a value is expected") }
    valueCount += 1
    guard valueCount <= JSON.valueLimit else { throw failure("more than \(JSON.valueLimit) values") }
    switch byte {
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "N") where acceptsNonFinite: return try word("NaN", .number("NaN"))
    case UInt8(ascii: "I") where acceptsNonFinite: return try word("Infinity", .number("Infinity"))
    case UInt8(ascii: "-")
    where acceptsNonFinite && position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "I"):
      return try word("-Infinity", .number("-Infinity"))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    case 0xEF where bytes.starts(with: [0xEF, 0xBB, 0xBF]):
      throw failure("it begins with a byte order mark, which JSON must not have; save it as UTF-8 without one")
    case UInt8(ascii: "N"), UInt8(ascii: "I"):
      throw failure("a value is a number, a text, true, false or null; NaN is none")
    default: throw failure("a value cannot begin with byte \(byte)")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let count = word.utf8CodeUnitCount
    guard position + count <= bytes.count, (0..<count).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] }) else {
      throw failure("expected \(word)")
    }
    position += count
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    var members: [JSONObject.Member] = []
    var keys: Set<[UInt8]> = []
    try forEachItem(in: "an object", until: "}", depth) { (parser) throws(JSONError) in
      let start = parser.position
      guard parser.current == UInt8(ascii: "\"") else { throw parser.failure("expected a key in quotation marks") }
      let key = try parser.string()
      guard keys.insert(key).inserted else {
        throw parser.failure("the key \"\(String(decoding: key, as: UTF8.self))\" appears twice", at: start)
      }
      parser.skipBlanks()
      guard parser.take(UInt8(ascii: ":")) else { throw parser.failure("expected ':' after a key") }
      parser.skipBlanks()
      members.append((key, try parser.value(depth: depth)))
    }
    return JSONObject(members)
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
    var elements: [JSON] = []
    try forEachItem(in: "an array", until: "]", depth) { (parser) throws(JSONError) in
      elements.append(try parser.value(depth: depth))
    }
    return elements
  }

  /// Reads what stands between two brackets: items with commas between them.
  private mutating func forEachItem(
    in container: String, until closing: Unicode.Scalar, _ depth: Int, _ item: (inout Parser) throws(JSONError) -> Void
  ) throws(JSONError) {
    guard depth <= depthLimit else { throw failure("nested deeper than \(depthLimit)") }
    position += 1
    skipBlanks()
    if take(UInt8(ascii: closing)) { return }
    while true {
      skipBlanks()
      try item(&self)
      skipBlanks()
      if take(UInt8(ascii: closing)) { return }
      guard take(UInt8(ascii: ",")) else { throw failure("expected ',' or '\(closing)' in \(container)") }
    }
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = current, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    return position - start
  }

  private mutating func number() throws(JSONError) -> String {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let leadingZero = current == UInt8(ascii: "0")
    let count = digits()
    guard count > 0, !(leadingZero && count > 1) else { throw failure("a malformed number", at: start) }
    if take(UInt8(ascii: ".")), digits() == 0 { throw failure("a number without digits after its point", at: start) }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      _ = take(UInt8(ascii: "-")) || take(UInt8(ascii: "+"))
      if digits() == 0 { throw failure("a number without digits in its exponent", at: start) }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func string() throws(JSONError) -> [UInt8] {
    let start = position
    position += 1
    var result: [UInt8] = []
    var runStart = position
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        defer { position += 1 }
        if result.isEmpty { return Array(bytes[runStart..<position]) }
        result.append(contentsOf: bytes[runStart..<position])
        return result
      case UInt8(ascii: "\\"):
        result.append(contentsOf: bytes[runStart..<position])
        try escape(into: &result)
        runStart = position
      case 0..<0x20:
        throw failure("a control character in a string must be escaped")
      default:
        position += 1
      }
    }
    throw failure("a string without an end", at: start)
  }

  private mutating func escape(into result: inout [UInt8]) throws(JSONError) {
    let start = position
    position += 1
    guard let byte = current else { throw failure("a string without an end", at: start) }
    position += 1
    if let character = Self.escapes[byte] { return result.append(character) }
    guard byte == UInt8(ascii: "u") else { throw failure("an unknown escape", at: start) }
    var code = try hexadecimal(start)
    if (0xD800..<0xDC00).contains(code) {
      guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
        throw failure("half of a surrogate pair", at: start)
      }
      let low = try hexadecimal(start)
      guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair", at: start) }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair", at: start) }
    result.append(contentsOf: String(scalar).utf8)
  }

  /// What the characters behind a backslash stand for, but for `u`.
  private static let escapes = Dictionary(uniqueKeysWithValues: zip("\"\\/bfnrt".utf8, "\"\\/\u{8}\u{C}\n\r\t".utf8))

  private mutating func hexadecimal(_ start: Int) throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits must follow \\u", at: start)
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
