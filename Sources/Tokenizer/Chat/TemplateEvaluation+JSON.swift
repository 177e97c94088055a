import Support

// The filter `tojson`, as Hugging Face defines it: Python's `json.dumps` with `ensure_ascii=False`.
extension TemplateEvaluation {
  /// The value as JSON; of the filter's arguments, `indent` is known.
  mutating func json(
    _ value: TemplateValue, _ arguments: [TemplateArgument], _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    var indent: Int?
    for argument in arguments {
      guard argument.name == "indent", case .integer(let columns) = try self.value(argument.value), 0...16 ~= columns
      else {
        throw TemplateProblem(reason: "tojson is known with indent alone, of at most 16 columns", place: place)
      }
      indent = columns
    }
    return .string(try Self.json(value, indent, depth: 0, place))
  }

  private static func json(
    _ value: TemplateValue, _ indent: Int?, depth: Int, _ place: Int
  ) throws(TemplateProblem) -> String {
    func bracket(_ open: String, _ parts: [String], _ close: String) -> String {
      guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
      func line(_ depth: Int) -> String { "\n" + String(repeating: " ", count: indent * depth) }
      return open + line(depth + 1) + parts.joined(separator: "," + line(depth + 1)) + line(depth) + close
    }
    switch value {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .string(let text): return quoted(text)
    case .list(let elements):
      var parts: [String] = []
      for element in elements { parts.append(try json(element, indent, depth: depth + 1, place)) }
      return bracket("[", parts, "]")
    case .object(let members):
      var parts: [String] = []
      for member in members {
        parts.append("\(quoted(member.key)): \(try json(member.value, indent, depth: depth + 1, place))")
      }
      return bracket("{", parts, "}")
    case .undefined, .namespace, .function:
      throw TemplateProblem(reason: "\(value.kind) cannot be written as JSON", place: place)
    }
  }

  private static func quoted(_ text: String) -> String {
    let short: [Unicode.Scalar: String] = [
      "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{8}": "\\b", "\u{C}": "\\f",
    ]
    var result = "\""
    for scalar in text.unicodeScalars {
      if let known = short[scalar] {
        result += known
      } else if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
