/// What a chat template computes with.
enum TemplateValue: Sendable {
  /// A name that nobody has given a value: false and no text, but nothing can be taken from it.
  case undefined
  case none
  case bool(Bool)
  case integer(Int)
  case string(String)
  case list([TemplateValue])
  /// The members in their order.
  case object([(key: String, value: TemplateValue)])
  /// What `namespace()` makes, by its number in the evaluation: the one thing that can be changed from within a loop.
  case namespace(Int)
  /// What a name stands for that can be called.
  case function

  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let elements): !elements.isEmpty
    case .object(let members): !members.isEmpty
    case .namespace, .function: true
    }
  }

  /// As Python writes it, except that undefined is nothing.
  var text: String {
    switch self {
    case .undefined: ""
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): String(value)
    case .string(let text): text
    case .list(let elements): "[" + elements.map(\.representation).joined(separator: ", ") + "]"
    case .object(let members):
      "{" + members.map { "\(Self.quoted($0.key)): \($0.value.representation)" }.joined(separator: ", ") + "}"
    case .namespace: "namespace"
    case .function: "function"
    }
  }

  /// The same as part of a list: a text in quotation marks.
  private var representation: String {
    switch self {
    case .string(let text): Self.quoted(text)
    case .undefined: "Undefined"
    default: text
    }
  }

  /// A text as Python's `repr` writes it.
  private static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let mark: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView([mark])
    for scalar in scalars {
      switch scalar {
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\\", mark: result.append(contentsOf: ["\\", scalar])
      case _ where isPrintable(scalar): result.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let zeros = String(repeating: "0", count: width - digits.count)
        result.append(contentsOf: "\\\(letter)\(zeros)\(digits)".unicodeScalars)
      }
    }
    result.append(mark)
    return String(result)
  }

  /// Whether Python writes a character as it is.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  /// What it is, for messages.
  var kind: String {
    switch self {
    case .undefined: "something undefined"
    case .none: "none"
    case .bool: "a truth value"
    case .integer: "a number"
    case .string: "a text"
    case .list: "a list"
    case .object: "a mapping"
    case .namespace: "a namespace"
    case .function: "a function"
    }
  }

  func equals(_ other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.undefined, .undefined), (.none, .none): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.bool(let a), .integer(let b)), (.integer(let b), .bool(let a)): (a ? 1 : 0) == b
    case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
    case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.object(let a), .object(let b)):
      a.count == b.count
        && a.allSatisfy { member in
          b.contains { $0.key.utf8.elementsEqual(member.key.utf8) && $0.value.equals(member.value) }
        }
    case (.namespace(let a), .namespace(let b)): a == b
    default: false
    }
  }

  /// The member of a mapping.
  func member(_ name: String) -> TemplateValue? {
    guard case .object(let members) = self else { return nil }
    // Byte by byte: what Unicode calls equal may be two names.
    return members.first { $0.key.utf8.elementsEqual(name.utf8) }?.value
  }
}
