/// Makes statements of the parts of a template: the part of Jinja that the chat templates of LLaMA, Mistral, Qwen and SmolLM use.
///
/// What it does not know is refused with its place.
struct TemplateParser {
  private let parts: [TemplateLexer.Part]
  private var part = 0
  // The words of the bracket that is being read.
  private var tokens: [TemplateToken] = []
  private var position = 0
  private var start = 0
  /// Statements and expressions around this one.
  private var depth = 0
  private static let mostDepth = 100

  init(_ source: String) throws(TemplateProblem) {
    var lexer = TemplateLexer(source)
    parts = try lexer.parts()
  }

  mutating func statements() throws(TemplateProblem) -> [TemplateStatement] {
    let (body, end) = try body(until: [])
    precondition(end.isEmpty, "only the end of the template ends it")
    return body
  }

  /// The statements up to one of some words, which is returned, or to the end.
  private mutating func body(until ends: [String]) throws(TemplateProblem) -> ([TemplateStatement], String) {
    var statements: [TemplateStatement] = []
    let opening = start
    while part < parts.count {
      let current = parts[part]
      part += 1
      switch current {
      case .text(let text): statements.append(.text(text))
      case .tokens(let tokens, let isOutput, let place):
        (self.tokens, position, start) = (tokens, 0, place)
        if isOutput {
          statements.append(.output(try expression()))
          try finish()
          continue
        }
        let word = try name()
        if ends.contains(word) { return (statements, word) }
        if let statement = try statement(word) { statements.append(statement) }
      }
    }
    guard ends.isEmpty else {
      throw TemplateProblem(reason: "\(ends[ends.count - 1]) is missing for what begins here", place: opening)
    }
    return (statements, "")
  }

  /// A statement that begins with a word; nil where it says nothing.
  private mutating func statement(_ word: String) throws(TemplateProblem) -> TemplateStatement? {
    try enter()
    defer { depth -= 1 }
    switch word {
    case "if":
      var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
      var end = "elif"
      while end == "elif" {
        let condition = try expression()
        try finish()
        let (statements, word) = try body(until: ["elif", "else", "endif"])
        branches.append((condition, statements))
        end = word
      }
      let otherwise = end == "else" ? try rest(until: "endif") : []
      return .branch(branches, otherwise: otherwise)
    case "for":
      let place = start
      var targets = [try name()]
      while accept(",") { targets.append(try name()) }
      try expect(word: "in")
      let iterable = try disjunction()
      let filter = accept(word: "if") ? try expression() : nil
      try finish()
      let (statements, end) = try body(until: ["else", "endfor"])
      let otherwise = end == "else" ? try rest(until: "endfor") : []
      return .loop(targets, over: iterable, where: filter, body: statements, otherwise: otherwise, place)
    case "set":
      let place = start
      let target = try name()
      let member = accept(".") ? try name() : nil
      try expect("=")
      let value = try expression()
      try finish()
      return .set(target, member: member, value, place)
    // Marks what an assistant said, for training.
    case "generation", "endgeneration":
      try finish()
      return nil
    default:
      throw TemplateProblem(reason: "the statement \(word) is not known", place: tokens[position - 1].place)
    }
  }

  private mutating func rest(until end: String) throws(TemplateProblem) -> [TemplateStatement] {
    try finish()
    return try body(until: [end]).0
  }

  private mutating func enter() throws(TemplateProblem) {
    guard depth < Self.mostDepth else { throw problem("this is nested too deeply") }
    depth += 1
  }

  // MARK: Words

  private func problem(_ reason: String) -> TemplateProblem {
    TemplateProblem(reason: reason, place: position < tokens.count ? tokens[position].place : start)
  }

  private mutating func accept(_ symbol: String) -> Bool {
    guard position < tokens.count, tokens[position].kind == .symbol(symbol) else { return false }
    position += 1
    return true
  }

  private mutating func accept(word: String) -> Bool {
    guard position < tokens.count, tokens[position].kind == .name(word) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ symbol: String) throws(TemplateProblem) {
    guard accept(symbol) else { throw problem("'\(symbol)' is missing") }
  }

  private mutating func expect(word: String) throws(TemplateProblem) {
    guard accept(word: word) else { throw problem("'\(word)' is missing") }
  }

  private mutating func name() throws(TemplateProblem) -> String {
    guard position < tokens.count, case .name(let name) = tokens[position].kind else {
      throw problem("a name is missing")
    }
    position += 1
    return name
  }

  private func finish() throws(TemplateProblem) {
    guard position == tokens.count else { throw problem("nothing more was expected here") }
  }

  /// The next token, if it is one of some symbols.
  private mutating func symbol(of symbols: [String]) -> (symbol: String, place: Int)? {
    guard position < tokens.count, case .symbol(let symbol) = tokens[position].kind, symbols.contains(symbol) else {
      return nil
    }
    defer { position += 1 }
    return (symbol, tokens[position].place)
  }

  // MARK: Expressions, what binds least first

  private mutating func expression() throws(TemplateProblem) -> TemplateExpression {
    try enter()
    defer { depth -= 1 }
    let value = try disjunction()
    guard accept(word: "if") else { return value }
    let condition = try disjunction()
    return .choice(value, if: condition, else: accept(word: "else") ? try expression() : nil)
  }

  private mutating func disjunction() throws(TemplateProblem) -> TemplateExpression {
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
