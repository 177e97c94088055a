import Support

// The pre-tokenizers of tokenizer.json that cut by a pattern.
extension TokenizerJSON {
  /// `Split`: a regular expression or a text, whose matches are pieces.
  static func split(_ field: JSONField) throws(TokenizerError) -> PreTokenizer {
    let expression = field["pattern"]["Regex"]
    if expression.isNull {
      let text = try literal(field["pattern"]["String"])
      try checkPieces(field, coversEverything: false)
      let characters = TokenizerFile.text(text).unicodeScalars.map { PatternNode.set(ScalarSet($0.value)) }
      return try splits(by: .sequence(characters), field["pattern"]["String"])
    }
    let bytes = try expression.bytes()
    if let pattern = PreTokenizer.Pattern(regularExpression: bytes) {
      try checkPieces(field, coversEverything: true)
      return PreTokenizer(pattern: pattern)
    }
    let found = try naming(expression) { () throws(PatternError) in try PatternParser.parse(bytes) }
    let preTokenizer = try splits(by: found, expression)
    try checkPieces(field, coversEverything: preTokenizer.splits.coversEverything)
    return preTokenizer
  }

  /// Matches must be pieces, and what lies between them must not be lost.
  private static func checkPieces(_ field: JSONField, coversEverything: Bool) throws(TokenizerError) {
    let behavior = field["behavior"]
    let isInverted = try field["invert"].bool(default: false)
    switch (try behavior.text(), isInverted) {
    case ("Isolated", false): return
    // Files that come from tiktoken remove what lies between the matches; where nothing does, that is the same.
    case ("Removed", true) where coversEverything: return
    case ("Isolated", true): throw field["invert"].unsupported("true", supported: "false")
    case ("Removed", true):
      throw behavior.unsupported("Removed, where the pattern leaves characters out", supported: "Isolated")
    case (let other, _): throw behavior.unsupported(other, supported: "Isolated")
    }
  }

  /// `Digits`: every number is a piece, or every run of numbers.
  static func digits(_ field: JSONField) throws(TokenizerError) -> PreTokenizer {
    if try field["individual_digits"].bool(default: false) { return PreTokenizer(isolatesDigits: true) }
    return try splits(by: .run(of: .numbersOfDigits), field["type"])
  }

  /// `Punctuation`: every punctuation mark is a piece, or every run of them.
  static func punctuation(_ field: JSONField) throws(TokenizerError) -> PreTokenizer {
    let behavior = field["behavior"]
    switch behavior.isNull ? "Isolated" : try behavior.text() {
    case "Isolated": return try splits(by: .set(.punctuationAndASCIISymbols), field["type"])
    case "Contiguous": return try splits(by: .run(of: .punctuationAndASCIISymbols), field["type"])
    case let other: throw behavior.unsupported(other, supported: "Isolated, Contiguous")
    }
  }

  /// A pre-tokenizer and then another.
  static func followed(
    _ first: PreTokenizer, by second: PreTokenizer, _ field: JSONField
  ) throws(TokenizerError) -> PreTokenizer {
    let both = try naming(field["type"]) { () throws(PatternError) in try first.followed(by: second) }
    guard let both else {
      throw field["type"].unsupported(
        "this step after the ones before it",
        supported: "Split, Digits, Punctuation, and one ByteLevel, which adds no space behind others; Metaspace alone")
    }
    return both
  }

  private static func splits(by pattern: PatternNode, _ field: JSONField) throws(TokenizerError) -> PreTokenizer {
    PreTokenizer(splits: try naming(field) { () throws(PatternError) in try SplitSequence().followed(by: pattern) })
  }

  private static func naming<T>(_ field: JSONField, _ body: () throws(PatternError) -> T) throws(TokenizerError) -> T {
    do {
      return try body()
    } catch {
      throw .unsupportedPattern(file: field.file, field: field.path, position: error.position, reason: error.reason)
    }
  }
}

extension PatternNode {
  /// As many characters of a set as there are.
  fileprivate static func run(of set: ScalarSet) -> PatternNode {
    .repetition(.set(set), minimum: 1, maximum: nil, isLazy: false)
  }
}
