import Support

// The pre-tokenizers of tokenizer.json that cut by a pattern.
extension TokenizerJSON {
  /// `Split`: a regular expression or a text, whose matches are pieces.
  static func split(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let pattern = try field.member("pattern")
    guard let expression = pattern.optional("Regex") else {
      let place = try pattern.member("String")
      let text = try literal(place)
      try checkPieces(field, coversEverything: false)
      let characters = String(decoding: text, as: UTF8.self).unicodeScalars.map { PatternNode.set(ScalarSet($0.value)) }
      return try splits(by: .sequence(characters), place)
    }
    let bytes = try expression.bytes()
    if let pattern = PreTokenizer.Pattern(regularExpression: bytes) {
      try checkPieces(field, coversEverything: true)
      return PreTokenizer(pattern: pattern)
    }
    let node = try naming(expression) { () throws(PatternError) in try PatternParser.parse(bytes) }
    let preTokenizer = try splits(by: node, expression)
    try checkPieces(field, coversEverything: preTokenizer.splits.coversEverything)
    return preTokenizer
  }

  /// Matches must be pieces, and what lies between them must not be lost.
  private static func checkPieces(_ field: FieldReader, coversEverything: Bool) throws(TokenizerError) {
    let behavior = try field.member("behavior")
    let isInverted = try field.flag("invert", default: false)
    switch (try behavior.text(), isInverted) {
    case ("Isolated", false): return
    // Files that come from tiktoken remove what lies between the matches; where nothing does, that is the same.
    case ("Removed", true) where coversEverything: return
    case ("Isolated", true): throw field.unsupported("true", supported: "false", at: "invert")
    case ("Removed", true):
      throw behavior.unsupported("Removed, where the pattern leaves characters out,", supported: "Isolated")
    case (let other, _): throw behavior.unsupported(other, supported: "Isolated")
    }
  }

  /// `Digits`: every number is a piece, or every run of numbers.
  static func digits(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    if try field.flag("individual_digits", default: false) { return PreTokenizer(isolatesDigits: true) }
    return try splits(by: .run(of: .numbersOfDigits), field)
  }

  /// `Punctuation`: every punctuation mark is a piece, or every run of them.
  static func punctuation(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let marks = ScalarSet.punctuationAndASCIISymbols
    guard let behavior = field.optional("behavior") else { return try splits(by: .set(marks), field) }
    switch try behavior.text() {
    case "Isolated": return try splits(by: .set(marks), field)
    case "Contiguous": return try splits(by: .run(of: marks), field)
    case let other: throw behavior.unsupported(other, supported: "Isolated, Contiguous")
    }
  }

  /// A pre-tokenizer and then another.
  static func followed(
    _ first: PreTokenizer, by second: PreTokenizer, _ field: FieldReader
  ) throws(TokenizerError) -> PreTokenizer {
    let both = try naming(field) { () throws(PatternError) in try first.followed(by: second) }
    guard let both else {
      throw field.unsupported(
        "this step after the ones before it",
        supported: "Split, Digits, Punctuation, and one ByteLevel, which adds no space behind others; Metaspace alone",
        at: "type")
    }
    return both
  }

  private static func splits(by pattern: PatternNode, _ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    PreTokenizer(splits: try naming(field) { () throws(PatternError) in try SplitSequence().followed(by: pattern) })
  }

  private static func naming<T>(_ field: FieldReader, _ body: () throws(PatternError) -> T) throws(TokenizerError) -> T
  {
    do {
      return try body()
    } catch {
      let place = error.position > 0 ? "at character \(error.position): " : ""
      throw field.failure("this pattern cannot be used: \(place)\(error.reason)")
    }
  }
}

extension PatternNode {
  /// As many characters of a set as there are.
  fileprivate static func run(of set: ScalarSet) -> PatternNode {
    .repetition(.set(set), minimum: 1, maximum: nil, isLazy: false)
  }
}
