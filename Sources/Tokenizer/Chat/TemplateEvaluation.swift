import Support

/// Carries out a template.
struct TemplateEvaluation {
  /// The text so far.
  private(set) var output = ""
  /// Names and their values, those of the innermost loop last.
  private var scopes: [[String: TemplateValue]]
  var namespaces: [[String: TemplateValue]] = []
  /// Expressions and statements that are still allowed, so that no template runs for ever.
  private var steps: Int
  /// Bytes of a text, of a list with all that is in it and of the output, so that none fills the memory.
  static let mostBytes = 16 << 20
  /// Elements of a list, and of those in it.
  static let mostElements = 1 << 20
  /// Lists in lists, so that nobody who goes through them exhausts the stack.
  private static let mostDepth = 100
  /// Bytes and elements that are handled in a step.
  private static let bytesPerStep = 64
  private static let elementsPerStep = 16

  /// What `strftime_now` writes.
  let now: LocalTime

  init(_ names: [String: TemplateValue], now: LocalTime, steps: Int) {
    (scopes, self.now, self.steps) = ([names], now, steps)
  }

  mutating func run(_ statements: [TemplateStatement]) throws(TemplateProblem) {
    for statement in statements {
      try step()
      guard output.utf8.count <= Self.mostBytes else { throw TemplateProblem(reason: "the text is too long", place: 0) }
      switch statement {
      case .text(let text): output += text
      case .output(let expression): output += try value(expression).text
      case .branch(let branches, let otherwise):
        var chosen: [TemplateStatement]? = nil
        for branch in branches where chosen == nil {
          if try value(branch.condition).isTrue { chosen = branch.body }
        }
        try run(chosen ?? otherwise)
      case .set(let name, let member, let expression, let place):
        try set(name, member, try value(expression), place)
      case .capture(let name, let member, let body, let place):
        let before = output
        output = ""
        scopes.append([:])
        try run(body)
        scopes.removeLast()
        let text = output
        output = before
        try set(name, member, .string(text), place)
      case .loop(let targets, let iterable, let filter, let body, let otherwise, let place):
        try loop(targets, try value(iterable), filter, body, otherwise, place)
      }
    }
  }

  private mutating func set(
    _ name: String, _ member: String?, _ value: TemplateValue, _ place: Int
  ) throws(TemplateProblem) {
    guard let member else {
      scopes[scopes.count - 1][name] = value
      return
    }
    guard case .namespace(let number) = lookUp(name) else {
      throw TemplateProblem(reason: "\(name) is no namespace, so nothing in it can be set", place: place)
    }
    namespaces[number][member] = value
  }

  private mutating func loop(
    _ targets: [String], _ iterable: TemplateValue, _ filter: TemplateExpression?, _ body: [TemplateStatement],
    _ otherwise: [TemplateStatement], _ place: Int
  ) throws(TemplateProblem) {
    var elements: [[String: TemplateValue]] = []
    var values: [TemplateValue] = []
    for element in try list(iterable, place) {
      try step()
      let names = try bind(targets, to: element, place)
      if let filter {
        scopes.append(names)
        defer { scopes.removeLast() }
        guard try value(filter).isTrue else { continue }
      }
      elements.append(names)
      values.append(element)
    }
    if elements.isEmpty { return try run(otherwise) }
    for (index, names) in elements.enumerated() {
      try step()
      var names = names
      names["loop"] = .object([
        ("index", .integer(index + 1)), ("index0", .integer(index)), ("first", .bool(index == 0)),
        ("last", .bool(index == elements.count - 1)), ("length", .integer(elements.count)),
        ("revindex", .integer(elements.count - index)), ("revindex0", .integer(elements.count - index - 1)),
        ("previtem", index > 0 ? values[index - 1] : .undefined),
        ("nextitem", index + 1 < values.count ? values[index + 1] : .undefined),
        // Of loops that call themselves, which are not known.
        ("depth", .integer(1)), ("depth0", .integer(0)),
      ])
      scopes.append(names)
      defer { scopes.removeLast() }
      try run(body)
    }
  }

  private func bind(
    _ targets: [String], to element: TemplateValue, _ place: Int
  ) throws(TemplateProblem) -> [String: TemplateValue] {
    if targets.count == 1 { return [targets[0]: element] }
    guard case .list(let parts) = element, parts.count == targets.count else {
      throw TemplateProblem(reason: "\(targets.count) names for \(element.kind)", place: place)
    }
    return Dictionary(zip(targets, parts)) { $1 }
  }

  private func lookUp(_ name: String) -> TemplateValue {
    for scope in scopes.reversed() { if let value = scope[name] { return value } }
    return Self.functions.contains(name) ? .function : .undefined
  }

  func list(_ value: TemplateValue, _ place: Int) throws(TemplateProblem) -> [TemplateValue] {
    switch value {
    case .list(let elements): return elements
    case .string(let text):
      guard text.unicodeScalars.count <= Self.mostElements else {
        throw TemplateProblem(reason: "a list becomes too long", place: place)
      }
      return text.unicodeScalars.map { .string(String($0)) }
    case .object(let members): return members.map { .string($0.key) }
    case .undefined: return []
    default: throw TemplateProblem(reason: "\(value.kind) has no elements", place: place)
    }
  }

  // MARK: Expressions

  mutating func value(_ expression: TemplateExpression) throws(TemplateProblem) -> TemplateValue {
    try step()
    let value = try evaluate(expression)
    switch value {
    case .string(let text):
      guard text.utf8.count <= Self.mostBytes else {
        throw TemplateProblem(reason: "a text becomes too long", place: 0)
      }
      try step(text.utf8.count / Self.bytesPerStep)
      return value
    case .list(let elements):
      guard elements.count <= Self.mostElements else {
        throw TemplateProblem(reason: "a list becomes too long", place: 0)
      }
      try step(elements.count / Self.elementsPerStep)
      return value
    default: return value
    }
  }

  private mutating func step(_ count: Int = 1) throws(TemplateProblem) {
    steps -= count
    guard steps > 0 else { throw TemplateProblem(reason: "it takes too many steps", place: 0) }
  }

  /// A list or mapping that was put together; refused where it holds too much, or is nested too deeply.
  private mutating func checked(_ value: TemplateValue) throws(TemplateProblem) -> TemplateValue {
    var (elements, bytes) = (0, 0)
    func isSmall(_ value: TemplateValue, _ depth: Int) -> Bool {
      elements += 1
      guard elements <= Self.mostElements, depth <= Self.mostDepth else { return false }
      switch value {
      case .string(let text): bytes += text.utf8.count
      case .list(let list): return list.allSatisfy { isSmall($0, depth + 1) }
      case .object(let members):
        return members.allSatisfy {
          bytes += $0.key.utf8.count
          return isSmall($0.value, depth + 1)
        }
      default: break
      }
      return bytes <= Self.mostBytes
    }
    guard isSmall(value, 0) else { throw TemplateProblem(reason: "a list becomes too large", place: 0) }
    try step(elements / Self.elementsPerStep)
    return value
  }

  private mutating func evaluate(_ expression: TemplateExpression) throws(TemplateProblem) -> TemplateValue {
    switch expression {
    case .literal(let value): return value
    case .name(let name): return lookUp(name)
    // Values come first, each by itself: one that makes a namespace changes what the next line reads.
    case .member(let of, let name, let place):
      let of = try value(of)
      return try member(name, of: of, place)
    case .element(let of, let index, let place):
      let (of, index) = (try value(of), try value(index))
      return try element(index, of: of, place)
    case .slice(let of, let bounds, let place):
      let of = try value(of)
      var numbers: [Int?] = []
      for bound in bounds { numbers.append(try self.bound(bound, place)) }
      return try slice(of, numbers[0], numbers[1], by: numbers.count > 2 ? numbers[2] ?? 1 : 1, place)
    case .call(let function, let arguments, let place): return try call(function, arguments, place)
    case .filter(let of, let name, let arguments, let place):
      let of = try value(of)
      if name == "tojson" { return try json(of, arguments, place) }
      return try filter(name, of, try values(arguments, of: name, place), place)
    case .test(let of, let name, let arguments, let place):
      let of = try value(of)
      return .bool(try test(name, of, try values(arguments, of: name, place), place))
    case .not(let of): return .bool(!(try value(of).isTrue))
    case .negative(let of, let place):
      let operand = try value(of)
      guard case .integer = operand else {
        throw TemplateProblem(reason: "there is no number to negate", place: place)
      }
      return try combine("-", .integer(0), operand, place)
    case .binary(let symbol, let left, let right, let place):
      let left = try value(left)
      if symbol == "and" { return left.isTrue ? try value(right) : left }
      if symbol == "or" { return left.isTrue ? left : try value(right) }
      let result = try combine(symbol, left, try value(right), place)
      if case .list = result { return try checked(result) }
      return result
    case .choice(let first, let condition, let other):
      if try value(condition).isTrue { return try value(first) }
      guard let other else { return .undefined }
      return try value(other)
    case .list(let elements):
      var result: [TemplateValue] = []
      for element in elements { result.append(try value(element)) }
      return try checked(.list(result))
    case .object(let members):
      var result: [(key: String, value: TemplateValue)] = []
      for member in members {
        let (key, value) = (try value(member.key).text, try value(member.value))
        // The last value of a key counts, in the place of the first.
        if let index = result.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
          result[index].value = value
        } else {
          result.append((key, value))
        }
      }
      return try checked(.object(result))
    }
  }

  /// Names that arguments may have where they stand in this order.
  private static let argumentNames = ["default": ["default_value", "boolean"], "join": ["d"], "trim": ["chars"]]

  /// The most arguments of functions, filters and tests; those of kinds have none, and `tojson`, `selectattr` and the like count their own.
  private static let mostArguments = [
    "count": 0, "default": 2, "d": 2, "endswith": 1, "eq": 1, "equalto": 1, "even": 0, "first": 0,
    "get": 2, "in": 1, "items": 0, "join": 1, "keys": 0, "last": 0, "length": 0, "list": 0, "lower": 0, "lstrip": 1,
    "odd": 0, "raise_exception": 1, "range": 2, "replace": 2, "rstrip": 1, "safe": 0, "split": 1, "startswith": 1,
    "strftime_now": 1, "string": 0, "strip": 1, "title": 0, "trim": 1, "upper": 0,
  ]

  /// The arguments of a function, filter or test; refused where there are more than are read.
  mutating func values(
    _ arguments: [TemplateArgument], of function: String, _ place: Int
  ) throws(TemplateProblem) -> [TemplateValue] {
    guard arguments.count <= Self.mostArguments[function] ?? arguments.count else {
      throw TemplateProblem(reason: "\(function) with \(arguments.count) arguments is not known", place: place)
    }
    let names = Self.argumentNames[function] ?? []
    var result: [TemplateValue] = []
    for argument in arguments {
      if let name = argument.name, names.firstIndex(of: name) != result.count {
        throw TemplateProblem(reason: "the argument \(name) of \(function) is not known there", place: place)
      }
      result.append(try value(argument.value))
    }
    return result
  }
}
