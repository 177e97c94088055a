import Support

// The components of tokenizer.json that rewrite text: before, and after, there are tokens.
extension TokenizerJSON {
  /// How a text is rewritten.
  static func normalizer(_ field: FieldReader?) throws(TokenizerError) -> Normalizer {
    guard let field else { return Normalizer() }
    let normalizer = Normalizer(steps: try normalizerSteps(field))
    // A file of a few lines could otherwise ask for more memory or time than there is.
    guard normalizer.growth <= Normalizer.growthLimit else {
      throw field.unsupported(
        "making a text \(Int(min(normalizer.growth, 1e9).rounded(.up))) times as long",
        supported: "up to \(Int(Normalizer.growthLimit)) times")
    }
    return normalizer
  }

  /// Refuses more than anybody needs of what costs time for every text.
  static func checkCount(_ count: Int, of things: String, _ field: FieldReader) throws(TokenizerError) {
    guard count <= 64 else { throw field.unsupported("\(count) \(things)", supported: "up to 64") }
  }

  private static func normalizerSteps(_ field: FieldReader) throws(TokenizerError) -> [Normalizer.Step] {
    if field.json.isNull { return [] }
    let type = try field.member("type")
    switch try type.text() {
    case "Sequence":
      var steps: [Normalizer.Step] = []
      for element in try field.member("normalizers").elements() {
        steps += try normalizerSteps(element)
        try checkCount(steps.count, of: "steps", field)
        let patterns = steps.count { if case .replaceMatches = $0 { true } else { false } }
        guard patterns <= SplitSequence.largestCount else {
          throw field.unsupported("\(patterns) patterns", supported: "up to \(SplitSequence.largestCount)")
        }
      }
      return steps
    case "Prepend":
      return [.prepend(try short(field.member("prepend")))]
    case "Replace":
      return [try replace(field)]
    case "NFC": return [.form(.nfc)]
    case "NFD": return [.form(.nfd)]
    case "NFKC": return [.form(.nfkc)]
    case "NFKD": return [.form(.nfkd)]
    case "Lowercase": return [.rule(.lowercased)]
    case "StripAccents": return [.rule(.withoutAccents)]
    case "Nmt": return ScalarRule.nmt.map { .rule($0) }
    case "Strip":
      return [
        .strip(left: try field.flag("strip_left", default: false), right: try field.flag("strip_right", default: false))
      ]
    case "BertNormalizer":
      return try bert(field)
    default:
      throw type.unsupported(
        try type.text(),
        supported:
          "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, Nmt, BertNormalizer, null"
      )
    }
  }

  private static func bert(_ field: FieldReader) throws(TokenizerError) -> [Normalizer.Step] {
    let lowercases = try field.flag("lowercase", default: true)
    var steps: [Normalizer.Step] = []
    if try field.flag("clean_text", default: true) { steps += ScalarRule.bertCleaning.map { .rule($0) } }
    if try field.flag("handle_chinese_chars", default: true) { steps.append(.rule(.bertIdeographs)) }
    if try field.flag("strip_accents", default: lowercases) { steps += [.form(.nfd), .rule(.withoutBertAccents)] }
    if lowercases { steps.append(.rule(.lowercased)) }
    return steps
  }

  private static func replace(_ field: FieldReader) throws(TokenizerError) -> Normalizer.Step {
    let content = try field.member("content")
    let pattern = try field.member("pattern")
    guard let expression = pattern.optional("Regex") else {
      return .replace(try literal(pattern.member("String")), with: try content.bytes())
    }
    switch (try expression.text(), try content.text()) {
    case (#"\A +| +\z"#, ""): return .trimSpaces
    case (" {2,}", " "): return .squeezeSpaces
    default: return .replaceMatches(try self.pattern(expression), with: try content.bytes())
    }
  }

  /// A text that may be sought or added at every byte of another: one of megabytes would take hours, or all memory.
  private static func short(_ field: FieldReader) throws(TokenizerError) -> [UInt8] {
    let bytes = try field.bytes()
    guard bytes.count <= AddedToken.longestContent else {
      throw field.unsupported("a text of \(bytes.count) bytes", supported: "up to \(AddedToken.longestContent)")
    }
    return bytes
  }

  static func literal(_ field: FieldReader) throws(TokenizerError) -> [UInt8] {
    let pattern = try short(field)
    guard !pattern.isEmpty else { throw field.failure("expected a text that is not empty") }
    return pattern
  }

  /// A character, as its bytes.
  static func character(_ field: FieldReader) throws(TokenizerError) -> [UInt8] {
    let character = try literal(field)
    guard UTF8Scalar.count(character) == 1 else { throw field.failure("expected one character") }
    return character
  }

  /// How the text is cut.
  static func preTokenizer(_ field: FieldReader?) throws(TokenizerError) -> PreTokenizer {
    guard let field, !field.json.isNull else { return PreTokenizer() }
    let type = try field.member("type")
    switch try type.text() {
    case "ByteLevel":
      return PreTokenizer(
        pattern: try field.flag("use_regex", default: true) ? .gpt2 : nil,
        addsPrefixSpace: try field.flag("add_prefix_space", default: true), isByteLevel: true)
    case "Metaspace":
      return PreTokenizer(metaspace: try metaspace(field))
    case "Split":
      return try split(field)
    case "Digits":
      return try digits(field)
    case "Punctuation":
      return try punctuation(field)
    case "Whitespace":
      return try words(field)
    case "WhitespaceSplit":
      return try betweenBlanks(field)
    case "BertPreTokenizer":
      return try followed(try betweenBlanks(field), by: try punctuation(field), field)
    case "CharDelimiterSplit":
      return try betweenDelimiters(field)
    case "FixedLength":
      return try chunks(field)
    case "Sequence":
      var whole = PreTokenizer()
      for element in try field.member("pretokenizers").elements() {
        whole = try followed(whole, by: try preTokenizer(element), element)
      }
      return whole
    default:
      throw type.unsupported(
        try type.text(),
        supported:
          "ByteLevel, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, BertPreTokenizer, CharDelimiterSplit, "
          + "FixedLength, Metaspace, Sequence, null")
    }
  }

  private static func metaspace(_ field: FieldReader) throws(TokenizerError) -> Metaspace {
    // Files of before the scheme say whether to add a space.
    let standard: Metaspace.Prepending = try field.flag("add_prefix_space", default: true) ? .always : .never
    return Metaspace(
      replacement: try character(field.member("replacement")),
      prepending: try field.optional("prepend_scheme")?.word() ?? standard,
      splits: try field.flag("split", default: true))
  }

  /// How spellings become text.
  static func decoder(_ field: FieldReader?) throws(TokenizerError) -> any TokenDecoder {
    guard let field else { return JoiningDecoder() }
    if try field.member("type").text() == "ByteLevel" { return ByteLevelDecoder() }
    return ChainDecoder(try decoderSteps(field))
  }

  private static func decoderSteps(_ field: FieldReader) throws(TokenizerError) -> [ChainDecoder.Step] {
    let type = try field.member("type")
    switch try type.text() {
    case "Sequence":
      var steps: [ChainDecoder.Step] = []
      for element in try field.member("decoders").elements() {
        steps += try decoderSteps(element)
        try checkCount(steps.count, of: "steps", field)
      }
      return steps
    case "Replace":
      let given = try field.member("pattern")
      if given.json["String"] == nil, given.json["Regex"] != nil {
        throw given.unsupported("Regex", supported: "String")
      }
      let pattern = try literal(given.member("String"))
      return [.replace(pattern, with: try field.member("content").bytes())]
    case "ByteFallback":
      return [.byteFallback]
    case "Fuse":
      return [.fuse]
    case "Metaspace":
      let metaspace = try metaspace(field)
      return [.metaspace(metaspace.replacement, dropsFirst: metaspace.prepending != .never)]
    case "Strip":
      let (start, stop) = (try field.member("start").integer(), try field.member("stop").integer())
      return [.strip(try character(field.member("content")), start: start, stop: stop)]
    default:
      throw type.unsupported(
        try type.text(),
        supported: "ByteLevel alone, null, or any of Sequence, Replace, ByteFallback, Fuse, Strip, Metaspace")
    }
  }
}
