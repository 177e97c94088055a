/// Reads the regular expressions of tokenizer files: the syntax of Ruby, as Hugging Face tokenizers have it of Oniguruma.
///
/// Supported: characters and escapes, `.`, sets with ranges, nesting and `&&`, `\p{…}` of general categories, `\s \w \d`
/// and their opposites, groups, alternation, greedy and lazy repetition, possessive repetition of one character or set,
/// look-ahead of one character, `$`, `\z`, and groups that fold case.
/// Everything else is refused with its position, above all what takes more than linear time, or more than one character
/// of look-ahead.
struct PatternParser {
  static let longestPattern = 1 << 16
  static let deepestNesting = 50
  static let largestBound = 1000

  let scalars: [UInt32]
  var i = 0
  var depth = 0
  var foldsCase = false

  /// Reads a whole pattern, which should be valid UTF-8.
  static func parse(_ pattern: [UInt8]) throws(PatternError) -> PatternNode {
    guard pattern.count <= longestPattern else {
      throw PatternError(position: 0, reason: "the pattern is longer than \(longestPattern) bytes")
    }
    var parser = PatternParser(scalars: String(decoding: pattern, as: UTF8.self).unicodeScalars.map(\.value))
    let node = try parser.alternation()
    if parser.i < parser.scalars.count { throw parser.error("a parenthesis that closes nothing") }
    return node
  }

  // MARK: Characters of the pattern

  var next: UInt32? { i < scalars.count ? scalars[i] : nil }

  func error(_ reason: String, at position: Int? = nil) -> PatternError {
    PatternError(position: (position ?? i) + 1, reason: reason)
  }

  /// Steps over these characters if they come next.
  mutating func take(_ text: String) -> Bool {
    let wanted = text.unicodeScalars.map(\.value)
    guard scalars.count - i >= wanted.count, scalars[i..<i + wanted.count].elementsEqual(wanted) else { return false }
    i += wanted.count
    return true
  }

  func comes(_ character: Unicode.Scalar) -> Bool { next == character.value }

  // MARK: Structure

  private mutating func alternation() throws(PatternError) -> PatternNode {
    var choices = [try sequence()]
    while take("|") { choices.append(try sequence()) }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  private mutating func sequence() throws(PatternError) -> PatternNode {
    var nodes: [PatternNode] = []
    var previous: UInt32?
    while let first = next, first != "|", first != ")" {
      let start = i
      let atom = try atom()
      let literal = i == start + 1 ? first : nil
      if foldsCase { try checkFolding(of: previous, literal, at: start) }
      previous = literal
      nodes.append(try repeated(atom, from: start))
    }
    return nodes.count == 1 ? nodes[0] : .sequence(nodes)
  }

  private mutating func atom() throws(PatternError) -> PatternNode {
    let start = i
    guard let first = next else { return .nothing }
    i += 1
    switch Unicode.Scalar(first) {
    case "(": return try group(from: start)
    case "[": return .set(try set(from: start))
    case ".": return .set(ScalarSet(0x0A).complement)
    // Ruby's $ is also before a line feed.
    case "$": return .look(ScalarSet(0x0A), atEnd: true)
    case "^": throw error("^, which looks behind", at: start)
    case "*", "+", "?": throw error("a repetition of nothing", at: start)
    case "\\":
      if take("z") { return .look(.empty, atEnd: true) }
      return .set(try folded(try escape(from: start), at: start))
    default: return .set(try folded(ScalarSet(first), at: start))
    }
  }

  private mutating func group(from start: Int) throws(PatternError) -> PatternNode {
    depth += 1
    guard depth <= Self.deepestNesting else {
      throw error("more than \(Self.deepestNesting) groups within one another", at: start)
    }
    let outerFolding = foldsCase
    var kind = Kind.plain
    if take("?") { kind = try groupKind(from: start) }
    if kind == .switchToEnd {
      // What folds case from here on takes the rest of the group around it, alternatives included.
      let rest = try alternation()
      foldsCase = outerFolding
      depth -= 1
      return rest
    }
    let body = try alternation()
    guard take(")") else { throw error("a group that is not closed", at: start) }
    foldsCase = outerFolding
    depth -= 1
    switch kind {
    case .plain, .switchToEnd:
      return body
    case .atomic:
      guard let atomic = body.atomic else {
        throw error("a group without a way back that holds more than one repeated character or set", at: start)
      }
      return atomic
    case .ahead(let isNegative):
      guard let (set, atEnd) = body.lookedFor else { throw error("look-ahead of more than one character", at: start) }
      return isNegative ? .look(set.complement, atEnd: !atEnd) : .look(set, atEnd: atEnd)
    }
  }

  private enum Kind: Equatable {
    case plain, switchToEnd, atomic
    case ahead(isNegative: Bool)
  }

  /// What follows `(?`.
  private mutating func groupKind(from start: Int) throws(PatternError) -> Kind {
    if take(":") { return .plain }
    if take(">") { return .atomic }
    if take("=") { return .ahead(isNegative: false) }
    if take("!") { return .ahead(isNegative: true) }
    if take("<=") || take("<!") { throw error("look-behind", at: start) }
    for (text, folds) in [("i", true), ("-i", false)] where take(text) {
      foldsCase = folds
      if take(":") { return .plain }
      if take(")") { return .switchToEnd }
    }
    throw error("a group of this kind; (…), (?:…), (?i:…), (?i), (?>…), (?=…) and (?!…) are supported", at: start)
  }

  // MARK: Repetition

  private mutating func repeated(_ atom: PatternNode, from start: Int) throws(PatternError) -> PatternNode {
    var node = atom
    while true {
      let position = i
      guard let (minimum, maximum, isInterval) = try bounds() else { return node }
      if case .look = node { throw error("a repetition of look-ahead", at: position) }
      // Behind an interval, Ruby takes + for another repetition, and so it takes ? behind {n}.
      let isPossessive = !isInterval && take("+")
      let isLazy = !isPossessive && !(isInterval && minimum == maximum) && take("?")
      if maximum == nil, node.isNullable {
        throw error("an unbounded repetition of what can be empty", at: position)
      }
      let repetition = PatternNode.repetition(node, minimum: minimum, maximum: maximum, isLazy: isLazy)
      if isPossessive {
        guard let atomic = repetition.atomic else {
          throw error("a possessive repetition of more than one character or set", at: position)
        }
        node = atomic
      } else {
        node = repetition
      }
    }
  }

  /// Reads `*`, `+`, `?` or an interval, or returns nil where none comes next.
  private mutating func bounds() throws(PatternError) -> (minimum: Int, maximum: Int?, isInterval: Bool)? {
    if take("*") { return (0, nil, false) }
    if take("+") { return (1, nil, false) }
    if take("?") { return (0, 1, false) }
    let start = i
    guard take("{") else { return nil }
    let low = try number()
    var high = low
    var isUnbounded = false
    if take(",") {
      high = try number()
      isUnbounded = high == nil
    }
    guard take("}"), low != nil || high != nil else {
      // What is no interval is text.
      i = start
      return nil
    }
    let minimum = low ?? 0
    if let high, !isUnbounded {
      guard minimum <= high else { throw error("bounds of repetition in the wrong order", at: start) }
    }
    return (minimum, isUnbounded ? nil : high, true)
  }

  /// A bound of a repetition; nil where there are no digits.
  private mutating func number() throws(PatternError) -> Int? {
    let start = i
    var value: Int?
    while let digit = next, (0x30...0x39).contains(digit) {
      let larger = (value ?? 0) * 10 + Int(digit - 0x30)
      guard larger <= Self.largestBound else {
        throw error("a repetition of more than \(Self.largestBound) times", at: start)
      }
      value = larger
      i += 1
    }
    return value
  }

  // MARK: Case

  /// A set with the other case of its characters, where case is folded.
  func folded(_ set: ScalarSet, at position: Int) throws(PatternError) -> ScalarSet {
    guard foldsCase else { return set }
    let others = ScalarSet.otherCasedScalars
    let held = set.intersection(others)
    guard held.isEmpty || held == others else {
      throw error("folding the case of other letters than ASCII's", at: position)
    }
    var result = set
    for lower in UInt32(0x61)...0x7A {
      var forms = ScalarSet(lower).union(ScalarSet(lower - 0x20))
      if lower == 0x6B { forms = forms.union(ScalarSet(0x212A)) }
      if lower == 0x73 { forms = forms.union(ScalarSet(0x17F)) }
      if !set.intersection(forms).isEmpty { result = result.union(forms) }
    }
    return result
  }

  /// Refuses pairs that one character folds to, such as `ss`: matching them takes more than a character at a time.
  private func checkFolding(of first: UInt32?, _ second: UInt32?, at position: Int) throws(PatternError) {
    guard let first = first.flatMap(Unicode.Scalar.init), let second = second.flatMap(Unicode.Scalar.init) else {
      return
    }
    let pair = String(first).lowercased() + String(second).lowercased()
    let folding = [
      "ss", "st", "ff", "fi", "fl", "h\u{331}", "t\u{308}", "w\u{30A}", "y\u{30A}", "a\u{2BE}", "i\u{307}", "j\u{30C}",
      "\u{2BC}n",
    ]
    if folding.contains(where: { $0.utf8.elementsEqual(pair.utf8) }) {
      throw error("folding the case of \"\(pair)\", which is also a single character", at: position)
    }
  }
}

private func != (left: UInt32, right: Unicode.Scalar) -> Bool { left != right.value }
