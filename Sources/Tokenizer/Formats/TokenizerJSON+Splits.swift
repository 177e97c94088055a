import Support

// The pre-tokenizers of tokenizer.json that cut by a pattern.
extension TokenizerJSON {
  /// `Split`: a regular expression or a text.
  static func split(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let style = SplitStyle(
      behavior: try field.member("behavior").word(), isInverted: try field.flag("invert", default: false))
    let pattern = try field.member("pattern")
    guard let expression = pattern.optional("Regex") else {
      let place = try pattern.member("String")
      return try splits(by: .text(try literal(place)), style, place)
    }
    let bytes = try expression.bytes()
    // The patterns that have a scanner leave nothing between their matches, which files that come from tiktoken remove.
    let areMatchesPieces = style.behavior == .isolated || style.behavior == .removed && style.isInverted
    if areMatchesPieces, let pattern = PreTokenizer.Pattern(regularExpression: bytes) {
      return PreTokenizer(pattern: pattern)
    }
    return try splits(by: try parse(bytes, expression), style, expression)
  }

  /// The pattern of a `Replace`.
  static func pattern(_ field: FieldReader) throws(TokenizerError) -> SplitPattern {
    let node = try parse(field.bytes(), field)
    return try naming(field) { () throws(PatternError) in try SplitPattern(node, reading: .text) }
  }

  private static func parse(_ bytes: [UInt8], _ field: FieldReader) throws(TokenizerError) -> PatternNode {
    try naming(field) { () throws(PatternError) in try PatternParser.parse(bytes) }
  }

  /// `Digits`: every number is a piece, or every run of numbers.
  static func digits(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    if try field.flag("individual_digits", default: false) { return PreTokenizer(isolatesDigits: true) }
    return try splits(by: .set(.numbersOfDigits), SplitStyle(behavior: .contiguous), field)
  }

  /// `Punctuation`: every punctuation mark is a match.
  static func punctuation(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let style = SplitStyle(behavior: try field.optional("behavior")?.word() ?? .isolated)
    return try splits(by: .set(.punctuation), style, field)
  }

  /// `Whitespace`: runs of word characters, and of others that are no blanks; their `\w` is that of another library.
  static func words(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let words = ScalarSet.wordsOfWhitespace
    let others = words.union(.blanks).complement
    return try splits(
      by: .choice([.run(of: words), .run(of: others)]), SplitStyle(behavior: .removed, isInverted: true), field)
  }

  /// `WhitespaceSplit`.
  static func betweenBlanks(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    try splits(by: .set(.blanks), .removed, field)
  }

  /// `CharDelimiterSplit`.
  static func betweenDelimiters(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let place = try field.member("delimiter")
    return try splits(by: .text(try character(place)), .removed, place)
  }

  /// `FixedLength`: pieces of so many characters.
  static func chunks(_ field: FieldReader) throws(TokenizerError) -> PreTokenizer {
    let place = try field.member("length")
    let length = try place.integer()
    guard 1..<PatternGraph.largestCount ~= length else {
      throw place.unsupported("\(length)", supported: "1 to \(PatternGraph.largestCount - 1)")
    }
    return try splits(
      by: .repetition(.set(.all), minimum: 1, maximum: length, isLazy: false), .isolated, place)
  }

  /// A pre-tokenizer and then another.
  static func followed(
    _ first: PreTokenizer, by second: PreTokenizer, _ field: FieldReader
  ) throws(TokenizerError) -> PreTokenizer {
    let both = try naming(field) { () throws(PatternError) in try first.followed(by: second) }
    guard let both else {
      throw field.unsupported(
        "this step after the ones before it",
        supported: "any that cut, one ByteLevel, and one Metaspace or ByteLevel that adds spaces, not behind ByteLevel",
        at: "type")
    }
    return both
  }

  private static func splits(
    by pattern: PatternNode, _ style: SplitStyle, _ field: FieldReader
  ) throws(TokenizerError) -> PreTokenizer {
    PreTokenizer(
      splits: try naming(field) { () throws(PatternError) in try SplitSequence().followed(by: pattern, style) })
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
