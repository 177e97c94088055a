/// Makes statements of the parts of a template: the part of Jinja that the chat templates of LLaMA, Mistral, Qwen and SmolLM use.
///
/// What it does not know is refused with its place.
struct TemplateParser {
  private let parts: [TemplateLexer.Part]
  private var part = 0
  // The words of the bracket that is being read.
  var tokens: [TemplateToken] = []
  var position = 0
  var start = 0
  /// Statements and expressions around this one.
  var depth = 0
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
        if ends.contains(word) {
          if word.hasPrefix("end") { try finish() }
          return (statements, word)
        }
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
      guard position < tokens.count else {
        return .capture(target, member: member, body: try rest(until: "endset"), place)
      }
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

  mutating func enter() throws(TemplateProblem) {
    guard depth < Self.mostDepth else { throw problem("this is nested too deeply") }
    depth += 1
  }

  // MARK: Words

  func problem(_ reason: String) -> TemplateProblem {
    TemplateProblem(reason: reason, place: position < tokens.count ? tokens[position].place : start)
  }

  mutating func accept(_ symbol: String) -> Bool {
    guard position < tokens.count, tokens[position].kind == .symbol(symbol) else { return false }
    position += 1
    return true
  }

  mutating func accept(word: String) -> Bool {
    guard position < tokens.count, tokens[position].kind == .name(word) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ symbol: String) throws(TemplateProblem) {
    guard accept(symbol) else { throw problem("'\(symbol)' is missing") }
  }

  private mutating func expect(word: String) throws(TemplateProblem) {
    guard accept(word: word) else { throw problem("'\(word)' is missing") }
  }

  mutating func name() throws(TemplateProblem) -> String {
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
  mutating func symbol(of symbols: [String]) -> (symbol: String, place: Int)? {
    guard position < tokens.count, case .symbol(let symbol) = tokens[position].kind, symbols.contains(symbol) else {
      return nil
    }
    defer { position += 1 }
    return (symbol, tokens[position].place)
  }
}
