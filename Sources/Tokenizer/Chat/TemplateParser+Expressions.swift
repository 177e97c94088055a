// Expressions of templates, what binds least first.
extension TemplateParser {
  mutating func expression() throws(TemplateProblem) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    let value = try disjunction()
    guard accept(word: "if") else { return value }
    let condition = try disjunction()
    return .choice(value, if: condition, else: accept(word: "else") ? try expression() : nil)
  }

  mutating func disjunction() throws(TemplateProblem) -> TemplateExpression {
    var left = try conjunction()
    while accept(word: "or") { left = .binary("or", left, try conjunction(), start) }
    return left
  }

  private mutating func conjunction() throws(TemplateProblem) -> TemplateExpression {
    var left = try negation()
    while accept(word: "and") { left = .binary("and", left, try negation(), start) }
    return left
  }

  private mutating func negation() throws(TemplateProblem) -> TemplateExpression {
    guard accept(word: "not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    return .not(try negation())
  }

  private mutating func comparison() throws(TemplateProblem) -> TemplateExpression {
    let left = try sum()
    guard let comparison = comparator() else { return left }
    let result = TemplateExpression.binary(comparison.symbol, left, try sum(), comparison.place)
    // In Python a chain of them means that each holds.
    if let next = comparator() {
      throw TemplateProblem(reason: "a chain of comparisons is not known; write it with and", place: next.place)
    }
    return comparison.isNegated ? .not(result) : result
  }

  /// The sign or word between two values that are compared.
  private mutating func comparator() -> (symbol: String, isNegated: Bool, place: Int)? {
    if let (symbol, place) = symbol(of: ["==", "!=", "<", "<=", ">", ">="]) { return (symbol, false, place) }
    let place = position < tokens.count ? tokens[position].place : start
    if accept(word: "in") { return ("in", false, place) }
    guard position + 1 < tokens.count, tokens[position + 1].kind == .name("in"), accept(word: "not") else { return nil }
    position += 1
    return ("in", true, place)
  }

  private mutating func sum() throws(TemplateProblem) -> TemplateExpression {
    var left = try concatenation()
    while let (symbol, place) = symbol(of: ["+", "-"]) { left = .binary(symbol, left, try concatenation(), place) }
    return left
  }

  private mutating func concatenation() throws(TemplateProblem) -> TemplateExpression {
    var left = try product()
    while let (symbol, place) = symbol(of: ["~"]) { left = .binary(symbol, left, try product(), place) }
    return left
  }

  private mutating func product() throws(TemplateProblem) -> TemplateExpression {
    var left = try unary()
    while let (symbol, place) = symbol(of: ["*", "//", "%"]) { left = .binary(symbol, left, try unary(), place) }
    return left
  }

  private mutating func unary() throws(TemplateProblem) -> TemplateExpression {
    guard let (_, place) = symbol(of: ["-"]) else { return try suffixes(of: try primary()) }
    try enter()
    defer { depth -= 1 }
    return .negative(try unary(), place)
  }

  private mutating func suffixes(of first: TemplateExpression) throws(TemplateProblem) -> TemplateExpression {
    var value = first
    while position < tokens.count {
      let place = tokens[position].place
      if accept(".") {
        value = .member(value, try name(), place)
      } else if accept("[") {
        value = try element(of: value, place)
      } else if accept("(") {
        value = .call(value, try arguments(), place)
      } else if accept("|") {
        let filter = try name()
        value = .filter(value, filter, accept("(") ? try arguments() : [], place)
      } else if accept(word: "is") {
        let isNot = accept(word: "not")
        let name = try name()
        let test = TemplateExpression.test(value, name, accept("(") ? try arguments() : [], place)
        value = isNot ? .not(test) : test
      } else {
        break
      }
    }
    return value
  }

  /// An element or a slice, behind its bracket.
  private mutating func element(
    of value: TemplateExpression, _ place: Int
  ) throws(TemplateProblem) -> TemplateExpression {
    var bounds: [TemplateExpression?] = []
    repeat {
      let isMissing = position < tokens.count && [.symbol(":"), .symbol("]")].contains(tokens[position].kind)
      bounds.append(isMissing ? nil : try expression())
    } while accept(":")
    try expect("]")
    if bounds.count == 1, let index = bounds[0] { return .element(value, index, place) }
    guard (2...3).contains(bounds.count) else {
      throw TemplateProblem(reason: "this is no element and no slice", place: place)
    }
    return .slice(value, bounds, place)
  }

  /// The arguments of a call, behind its bracket.
  private mutating func arguments() throws(TemplateProblem) -> [TemplateArgument] {
    var arguments: [TemplateArgument] = []
    while !accept(")") {
      if !arguments.isEmpty { try expect(",") }
      var label: String?
      if position + 1 < tokens.count, case .name(let name) = tokens[position].kind,
        tokens[position + 1].kind == .symbol("=")
      {
        label = name
        position += 2
      }
      arguments.append(TemplateArgument(name: label, value: try expression()))
    }
    return arguments
  }

  private mutating func primary() throws(TemplateProblem) -> TemplateExpression {
    guard position < tokens.count else { throw problem("an expression is missing") }
    let token = tokens[position]
    position += 1
    switch token.kind {
    case .integer(let value): return .literal(.integer(value))
    case .string(let first):
      // Texts side by side are one.
      var text = first
      while position < tokens.count, case .string(let more) = tokens[position].kind {
        text += more
        position += 1
      }
      return .literal(.string(text))
    case .name(let name):
      switch name {
      case "true", "True": return .literal(.bool(true))
      case "false", "False": return .literal(.bool(false))
      case "none", "None": return .literal(.none)
      default: return .name(name)
      }
    case .symbol("("):
      let value = try expression()
      try expect(")")
      return value
    case .symbol("["):
      var elements: [TemplateExpression] = []
      while !accept("]") {
        if !elements.isEmpty { try expect(",") }
        elements.append(try expression())
      }
      return .list(elements)
    case .symbol("{"):
      var members: [(key: TemplateExpression, value: TemplateExpression)] = []
      while !accept("}") {
        if !members.isEmpty { try expect(",") }
        let key = try expression()
        try expect(":")
        members.append((key, try expression()))
      }
      return .object(members)
    case .symbol(let symbol):
      throw TemplateProblem(reason: "'\(symbol)' is not the beginning of an expression", place: token.place)
    }
  }
}
