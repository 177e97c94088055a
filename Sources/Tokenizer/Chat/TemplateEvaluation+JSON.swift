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
    var text = ""
    try Self.write(value, indent, depth: 0, to: &text, place)
    return .string(text)
  }

  private static func write(
    _ value: TemplateValue, _ indent: Int?, depth: Int, to text: inout String, _ place: Int
  ) throws(TemplateProblem) {
    guard text.utf8.count <= mostBytes else { throw TemplateProblem(reason: "a text becomes too long", place: place) }
    func line(_ depth: Int) -> String { indent.map { "\n" + String(repeating: " ", count: $0 * depth) } ?? "" }
    /// What stands in front of an element, or of a member.
    func begin(_ index: Int) -> String { (index == 0 ? "" : indent == nil ? ", " : ",") + line(depth + 1) }
    switch value {
    case .none: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .string(let string): text += quoted(string)
    case .list(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        text += begin(index)
        try write(element, indent, depth: depth + 1, to: &text, place)
      }
      text += (elements.isEmpty ? "" : line(depth)) + "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        text += begin(index) + quoted(member.key) + ": "
        try write(member.value, indent, depth: depth + 1, to: &text, place)
      }
      text += (members.isEmpty ? "" : line(depth)) + "}"
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
