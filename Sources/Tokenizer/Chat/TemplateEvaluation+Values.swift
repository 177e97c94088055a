// What can be done with the values of a template.
extension TemplateEvaluation {
  private static func problem(_ reason: String, _ place: Int) -> TemplateProblem {
    TemplateProblem(reason: reason, place: place)
  }

  mutating func bound(_ expression: TemplateExpression?, _ place: Int) throws(TemplateProblem) -> Int? {
    guard let expression else { return nil }
    switch try value(expression) {
    case .integer(let number): return number
    case .none: return nil
    case let other: throw Self.problem("\(other.kind) is no bound of a slice", place)
    }
  }

  func member(_ name: String, of value: TemplateValue, _ place: Int) throws(TemplateProblem) -> TemplateValue {
    switch value {
    case .object: return value.member(name) ?? .undefined
    case .namespace(let number): return namespaces[number][name] ?? .undefined
    case .undefined, .none: throw Self.problem("\(value.kind) has no \(name)", place)
    default: return .undefined
    }
  }

  func element(_ index: TemplateValue, of value: TemplateValue, _ place: Int) throws(TemplateProblem) -> TemplateValue {
    switch (value, index) {
    case (.object, .string(let name)), (.namespace, .string(let name)): return try member(name, of: value, place)
    case (.list(let elements), .integer(let number)):
      let index = number < 0 ? elements.count + number : number
      return elements.indices.contains(index) ? elements[index] : .undefined
    case (.string(let text), .integer(let number)):
      let scalars = Array(text.unicodeScalars)
      let index = number < 0 ? scalars.count + number : number
      return scalars.indices.contains(index) ? .string(String(scalars[index])) : .undefined
    case (.undefined, _): throw Self.problem("something undefined has no elements", place)
    default: return .undefined
    }
  }

  /// As Python cuts: numbers below zero count from the end, and what lies outside is left out.
  func slice(
    _ value: TemplateValue, _ first: Int?, _ end: Int?, by step: Int, _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    guard step == 1 || step == -1 else {
      throw Self.problem("a slice by other steps than 1 and -1 is not known", place)
    }
    func part<Element>(_ elements: [Element]) -> [Element] {
      let count = elements.count
      // How many elements stand in front of a bound, and up to it.
      func inside(_ bound: Int) -> Int { bound < 0 ? max(0, bound + count) : min(count, bound) }
      func through(_ bound: Int) -> Int { bound < 0 ? max(0, bound + count + 1) : min(count, min(count, bound) + 1) }
      if step == 1 {
        let start = inside(first ?? 0)
        return Array(elements[start..<max(start, inside(end ?? count))])
      }
      let low = end.map(through) ?? 0
      return elements[low..<max(low, first.map(through) ?? count)].reversed()
    }
    switch value {
    case .list(let elements): return .list(part(elements))
    case .string(let text):
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: part(Array(text.unicodeScalars)))
      return .string(String(scalars))
    default: throw Self.problem("\(value.kind) cannot be cut", place)
    }
  }

  func combine(
    _ symbol: String, _ left: TemplateValue, _ right: TemplateValue, _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    switch (symbol, left, right) {
    case ("==", _, _): return .bool(left.equals(right))
    case ("!=", _, _): return .bool(!left.equals(right))
    case ("~", _, _): return .string(left.text + right.text)
    case ("in", .string(let part), .string(let text)): return .bool(Self.contains(text, part))
    case ("in", _, .list(let elements)): return .bool(elements.contains { $0.equals(left) })
    case ("in", .string(let name), .object): return .bool(right.member(name) != nil)
    case ("in", _, .object), ("in", _, .undefined): return .bool(false)
    case ("+", .string(let a), .string(let b)): return .string(a + b)
    case ("+", .list(let a), .list(let b)): return .list(a + b)
    case (_, .integer(let a), .integer(let b)): return try combine(symbol, a, b, place)
    case ("<", .string(let a), .string(let b)), (">", .string(let b), .string(let a)):
      return .bool(a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars))
    case (">=", .string(let a), .string(let b)), ("<=", .string(let b), .string(let a)):
      return .bool(!a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars))
    default: throw Self.problem("\(symbol) does not go with \(left.kind) and \(right.kind)", place)
    }
  }

  private func combine(_ symbol: String, _ a: Int, _ b: Int, _ place: Int) throws(TemplateProblem) -> TemplateValue {
    func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateProblem) -> TemplateValue {
      guard !result.overflow else { throw Self.problem("the result is too large", place) }
      return .integer(result.partialValue)
    }
    switch symbol {
    case "+": return try checked(a.addingReportingOverflow(b))
    case "-": return try checked(a.subtractingReportingOverflow(b))
    case "*": return try checked(a.multipliedReportingOverflow(by: b))
    case "//", "%":
      guard b != 0, b != -1 || a != .min else { throw Self.problem("\(a) \(symbol) \(b) has no result", place) }
      // Rounded down, as in Python.
      let (quotient, rest) = a.quotientAndRemainder(dividingBy: b)
      let isBelow = rest != 0 && (rest < 0) != (b < 0)
      return .integer(symbol == "%" ? (isBelow ? rest + b : rest) : (isBelow ? quotient - 1 : quotient))
    case "<": return .bool(a < b)
    case "<=": return .bool(a <= b)
    case ">": return .bool(a > b)
    case ">=": return .bool(a >= b)
    default: throw Self.problem("\(symbol) does not go with numbers", place)
    }
  }

  // MARK: Calls

  /// The functions that `call` knows by name.
  static let functions = ["raise_exception", "strftime_now", "namespace", "range"]

  mutating func call(
    _ function: TemplateExpression, _ arguments: [TemplateArgument], _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    switch function {
    case .name("raise_exception"):
      let reason = try values(arguments, of: "raise_exception", place).first?.text ?? ""
      throw Self.problem("the template refuses the messages: \(reason)", place)
    case .name("namespace"):
      var names: [String: TemplateValue] = [:]
      for argument in arguments {
        guard let name = argument.name else { throw Self.problem("a namespace takes names", place) }
        names[name] = try value(argument.value)
      }
      guard namespaces.count < 1000 else { throw Self.problem("there are too many namespaces", place) }
      namespaces.append(names)
      return .namespace(namespaces.count - 1)
    case .name("strftime_now"):
      guard case .string(let format)? = try values(arguments, of: "strftime_now", place).first else {
        throw Self.problem("strftime_now takes a format", place)
      }
      guard let text = now.formatted(format) else {
        throw Self.problem("strftime_now does not know all of '\(format)'", place)
      }
      return .string(text)
    case .name("range"):
      return try range(try values(arguments, of: "range", place), place)
    case .name(let name): throw Self.problem("the function \(name) is not known", place)
    case .member(let of, let name, let place):
      let of = try value(of)
      return try method(name, of, try values(arguments, of: name, place), place)
    default: throw Self.problem("this cannot be called", place)
    }
  }

  /// The numbers from the first, or from 0, up to the last one, without it.
  private func range(_ bounds: [TemplateValue], _ place: Int) throws(TemplateProblem) -> TemplateValue {
    guard case .integer(let first)? = bounds.count == 2 ? bounds.first : .integer(0),
      case .integer(let end)? = bounds.last
    else { throw Self.problem("range takes one number or two", place) }
    guard end > first else { return .list([]) }
    let (count, isTooLong) = end.subtractingReportingOverflow(first)
    guard !isTooLong, count <= Self.mostElements else { throw Self.problem("a range that long is refused", place) }
    return .list((first..<end).map { .integer($0) })
  }

  /// As Python's `title`: the first of letters that follow each other is a large one, the others are small.
  private static func titled(_ text: String) -> String {
    var (result, isInWord) = ("", false)
    for scalar in text.lowercasedInContext.unicodeScalars {
      result += isInWord ? String(scalar) : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }

  private func method(
    _ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    switch (name, value, arguments.first) {
    case ("strip", .string(let text), _): return .string(Self.trimmed(text, arguments.first?.text))
    case ("lstrip", .string(let text), _): return .string(Self.trimmed(text, arguments.first?.text, end: false))
    case ("rstrip", .string(let text), _): return .string(Self.trimmed(text, arguments.first?.text, start: false))
    case ("upper", .string(let text), nil): return .string(text.uppercased())
    case ("lower", .string(let text), nil): return .string(text.lowercasedInContext)
    case ("title", .string(let text), nil): return .string(Self.titled(text))
    case ("startswith", .string(let text), .string(let part)?): return .bool(text.utf8.starts(with: part.utf8))
    case ("endswith", .string(let text), .string(let part)?):
      return .bool(text.utf8.reversed().starts(with: part.utf8.reversed()))
    case ("split", .string(let text), .string(let part)?) where !part.isEmpty:
      return .list(text.pieces(between: part).map { .string($0) })
    case ("items", .object(let members), nil): return .list(members.map { .list([.string($0.key), $0.value]) })
    case ("keys", .object(let members), nil): return .list(members.map { .string($0.key) })
    case ("get", .object, .string(let key)?): return value.member(key) ?? (arguments.count > 1 ? arguments[1] : .none)
    default: throw Self.problem("\(value.kind) has no \(name)() of this kind", place)
    }
  }

  func filter(
    _ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    switch (name, value) {
    case ("trim", _): return .string(Self.trimmed(value.text, arguments.first?.text))
    case ("upper", _): return .string(value.text.uppercased())
    case ("lower", _): return .string(value.text.lowercasedInContext)
    case ("string", _): return .string(value.text)
    case ("safe", _): return value
    case ("length", .list(let elements)), ("count", .list(let elements)): return .integer(elements.count)
    case ("length", .string(let text)), ("count", .string(let text)): return .integer(text.unicodeScalars.count)
    case ("length", .object(let members)), ("count", .object(let members)): return .integer(members.count)
    // What is not there is as long as an empty list.
    case ("length", .undefined), ("count", .undefined): return .integer(0)
    case ("first", .undefined), ("last", .undefined): return .undefined
    case ("join", .undefined): return .string("")
    case ("select", .none), ("reject", .none), ("selectattr", .none), ("rejectattr", .none),
      ("select", .undefined), ("reject", .undefined), ("selectattr", .undefined), ("rejectattr", .undefined):
      return .list([])
    case ("first", .list(let elements)): return elements.first ?? .undefined
    case ("last", .list(let elements)): return elements.last ?? .undefined
    case ("list", _): return .list(try list(value, place))
    case ("items", .object(let members)): return .list(members.map { .list([.string($0.key), $0.value]) })
    case ("join", .list(let elements)):
      return try Self.joined(elements.map(\.text), by: arguments.first?.text ?? "", place)
    case ("replace", .string(let text)) where arguments.count == 2 && !arguments[0].text.isEmpty:
      return try Self.joined(text.pieces(between: arguments[0].text), by: arguments[1].text, place)
    case ("default", _), ("d", _):
      if case .undefined = value { return arguments.first ?? .string("") }
      return arguments.count > 1 && arguments[1].isTrue && !value.isTrue ? arguments[0] : value
    case ("selectattr", .list(let elements)), ("rejectattr", .list(let elements)):
      guard let key = arguments.first?.text else { throw Self.problem("\(name) takes the name of a member", place) }
      var kept: [TemplateValue] = []
      for element in elements {
        let member = element.member(key) ?? .undefined
        let holds =
          arguments.count > 1 ? try test(arguments[1].text, member, Array(arguments[2...]), place) : member.isTrue
        if holds == (name == "selectattr") { kept.append(element) }
      }
      return .list(kept)
    case ("reject", .list(let elements)), ("select", .list(let elements)):
      var kept: [TemplateValue] = []
      for element in elements {
        let holds =
          arguments.isEmpty ? element.isTrue : try test(arguments[0].text, element, Array(arguments[1...]), place)
        if holds == (name == "select") { kept.append(element) }
      }
      return .list(kept)
    default: throw Self.problem("the filter \(name) is not known for \(value.kind)", place)
    }
  }

  func test(
    _ name: String, _ value: TemplateValue, _ arguments: [TemplateValue], _ place: Int
  ) throws(TemplateProblem) -> Bool {
    if Self.kinds.contains(name) { return Self.kinds(of: value).contains(name) }
    switch (name, value) {
    case ("odd", .integer(let number)): return number % 2 != 0
    case ("even", .integer(let number)): return number % 2 == 0
    case ("equalto", _), ("eq", _):
      guard let other = arguments.first else { throw Self.problem("\(name) takes a value", place) }
      return value.equals(other)
    case ("in", _):
      guard let other = arguments.first else { throw Self.problem("in takes a list", place) }
      return try combine("in", value, other, place).isTrue
    default: throw Self.problem("the test \(name) is not known for \(value.kind)", place)
    }
  }

  /// The tests that ask what kind a value is.
  private static let kinds = [
    "defined", "undefined", "none", "boolean", "true", "false", "number", "string", "mapping", "iterable", "sequence",
  ]

  /// Those that a value passes; a truth value is a number, as in Python.
  private static func kinds(of value: TemplateValue) -> [String] {
    switch value {
    case .undefined: ["undefined", "iterable", "sequence"]
    case .none: ["defined", "none"]
    case .bool(let isTrue): ["defined", "boolean", "number", isTrue ? "true" : "false"]
    case .integer: ["defined", "number"]
    case .string: ["defined", "string", "iterable", "sequence"]
    case .list: ["defined", "iterable", "sequence"]
    case .object: ["defined", "mapping", "iterable", "sequence"]
    case .namespace, .function: ["defined"]
    }
  }

  // MARK: Texts

  /// Parts with a text between them; refused before it is made where that would be too long.
  private static func joined(
    _ parts: [String], by separator: String, _ place: Int
  ) throws(TemplateProblem) -> TemplateValue {
    let bytes = parts.reduce(0) { $0 + $1.utf8.count } + parts.count * separator.utf8.count
    guard bytes <= mostBytes else { throw problem("a text becomes too long", place) }
    return .string(parts.joined(separator: separator))
  }

  /// Without some characters, or without blanks, at the ends.
  private static func trimmed(_ text: String, _ set: String?, start: Bool = true, end: Bool = true) -> String {
    let scalars = text.unicodeScalars
    let members = set.map { Array($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool {
      members?.contains(scalar) ?? (scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value))
    }
    var part = scalars[...]
    if start { part = part.drop(while: goes) }
    if end { while let last = part.last, goes(last) { part.removeLast() } }
    return String(part)
  }

  private static func contains(_ text: String, _ part: String) -> Bool {
    part.isEmpty || text.pieces(between: part).count > 1
  }
}
