// Building and writing JSON.

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(Array(value.utf8)) }
  package init(integerLiteral value: Int) { self = .number(String(value)) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) { self.init(members: elements) }

  package init(_ value: String) { self = .string(Array(value.utf8)) }
  package init(_ value: Int) { self = .number(String(value)) }
  package init(_ value: Bool) { self = .bool(value) }

  /// The shortest text that reads back as the same number; JSON has no word for NaN and infinity, so they become null.
  package init(_ value: Double) { self = value.isFinite ? .number("\(value)") : .null }

  package init(_ values: [Double]) { self = .array(values.map { JSON($0) }) }
  package init(_ values: [Int]) { self = .array(values.map { JSON($0) }) }

  /// An object with these members in this order.
  package init(members: [(String, JSON)]) {
    self = .object(JSONObject(members.map { (Array($0.0.utf8), $0.1) }))
  }

  /// The value as UTF-8.
  ///
  /// With an indentation, members stand on lines of their own; arrays of numbers stay on one line.
  package func encoded(indentation: Int? = nil) -> [UInt8] {
    var out: [UInt8] = []
    write(to: &out, indentation: indentation, level: 0)
    return out
  }

  /// Readable text with two blanks a level and a line feed at the end, for files and standard output.
  package var document: String { String(decoding: encoded(indentation: 2), as: UTF8.self) + "\n" }

  private func write(to out: inout [UInt8], indentation: Int?, level: Int) {
    switch self {
    case .null: out.append(contentsOf: "null".utf8)
    case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let text): out.append(contentsOf: text.utf8)
    case .string(let bytes): Self.write(bytes, to: &out)
    case .array(let elements):
      let isFlat = elements.allSatisfy { if case .number = $0 { true } else { $0.isNull } }
      Self.write(elements.count, "[", "]", isFlat ? nil : indentation, level, isFlat && indentation != nil, &out) {
        elements[$0].write(to: &$1, indentation: indentation, level: level + 1)
      }
    case .object(let object):
      Self.write(object.members.count, "{", "}", indentation, level, false, &out) { index, out in
        Self.write(object.members[index].key, to: &out)
        out.append(UInt8(ascii: ":"))
        if indentation != nil { out.append(UInt8(ascii: " ")) }
        object.members[index].value.write(to: &out, indentation: indentation, level: level + 1)
      }
    }
  }

  /// The common form of arrays and objects: `count` items between two brackets.
  private static func write(
    _ count: Int, _ opening: Unicode.Scalar, _ closing: Unicode.Scalar, _ indentation: Int?, _ level: Int,
    _ spaced: Bool, _ out: inout [UInt8], _ item: (Int, inout [UInt8]) -> Void
  ) {
    func newLine(_ level: Int, _ out: inout [UInt8]) {
      guard let indentation, count > 0 else { return }
      out.append(UInt8(ascii: "\n"))
      out.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation * level))
    }
    out.append(UInt8(ascii: opening))
    for index in 0..<count {
      if index > 0 { out.append(contentsOf: (spaced ? ", " : ",").utf8) }
      newLine(level + 1, &out)
      item(index, &out)
    }
    newLine(level, &out)
    out.append(UInt8(ascii: closing))
  }

  private static func write(_ bytes: [UInt8], to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0x0A: out.append(contentsOf: "\\n".utf8)
      case 0x0D: out.append(contentsOf: "\\r".utf8)
      case 0x09: out.append(contentsOf: "\\t".utf8)
      case 0..<0x20, 0x7F:
        out.append(contentsOf: "\\u00\(byte.hexadecimal)".utf8)
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
