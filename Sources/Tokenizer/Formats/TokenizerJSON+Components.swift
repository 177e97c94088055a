import Support

// The components of tokenizer.json that rewrite text: before, and after, there are tokens.
extension TokenizerJSON {
  /// How a text is rewritten.
  static func normalizer(_ field: JSONField) throws(TokenizerError) -> Normalizer {
    let normalizer = Normalizer(steps: try normalizerSteps(field))
    // A file of a few lines could otherwise ask for more memory or time than there is.
    guard normalizer.growth <= Normalizer.growthLimit else {
      throw field.unsupported(
        "making a text \(normalizer.growth) times as long", supported: "up to \(Normalizer.growthLimit) times")
    }
    return normalizer
  }

  /// Refuses more than anybody needs of what costs time for every text.
  static func checkCount(_ count: Int, of things: String, _ field: JSONField) throws(TokenizerError) {
    guard count <= 64 else { throw field.unsupported("\(count) \(things)", supported: "up to 64") }
  }

  private static func normalizerSteps(_ field: JSONField) throws(TokenizerError) -> [Normalizer.Step] {
    if field.isNull { return [] }
    let type = field["type"]
    switch try type.text() {
    case "Sequence":
      var steps: [Normalizer.Step] = []
      for element in try field["normalizers"].elements() { steps += try normalizerSteps(element) }
      try checkCount(steps.count, of: "steps", field)
      return steps
    case "Prepend":
      return [.prepend(try short(field["prepend"]))]
    case "Replace":
      return [try replace(field)]
    default:
      throw type.unsupported(try type.text(), supported: "Sequence, Prepend, Replace, null")
    }
  }

  private static func replace(_ field: JSONField) throws(TokenizerError) -> Normalizer.Step {
    let content = try field["content"].bytes()
    let expression = field["pattern"]["Regex"]
    if expression.isNull {
      return .replace(try literal(field["pattern"]["String"]), with: content)
    }
    switch (try expression.text(), TokenizerFile.text(content)) {
    case (#"\A +| +\z"#, ""): return .trimSpaces
    case (" {2,}", " "): return .squeezeSpaces
    default:
      throw expression.unsupported(
        "\"\(try expression.text())\" -> \"\(TokenizerFile.text(content))\"",
        supported: #"a String pattern, "\A +| +\z" -> "", " {2,}" -> " ""#)
    }
  }

  /// A text that may be sought or added at every byte of another: one of megabytes would take hours, or all memory.
  private static func short(_ field: JSONField) throws(TokenizerError) -> [UInt8] {
    let bytes = try field.bytes()
    guard bytes.count <= AddedToken.longestContent else {
      throw field.unsupported("a text of \(bytes.count) bytes", supported: "up to \(AddedToken.longestContent)")
    }
    return bytes
  }

  static func literal(_ field: JSONField) throws(TokenizerError) -> [UInt8] {
    let pattern = try short(field)
    guard !pattern.isEmpty else { throw field.expected("a text that is not empty") }
    return pattern
  }

  /// A character, as its bytes.
  private static func character(_ field: JSONField) throws(TokenizerError) -> [UInt8] {
    let character = try literal(field)
    guard UTF8Scalar.count(character) == 1 else { throw field.expected("one character") }
    return character
  }

  /// How the text is cut.
  static func preTokenizer(_ field: JSONField) throws(TokenizerError) -> PreTokenizer {
    if field.isNull { return PreTokenizer() }
    let type = field["type"]
    switch try type.text() {
    case "ByteLevel":
      return PreTokenizer(
        pattern: try field["use_regex"].bool(default: true) ? .gpt2 : nil,
        addsPrefixSpace: try field["add_prefix_space"].bool(default: true), isByteLevel: true)
    case "Metaspace":
      return PreTokenizer(metaspace: try metaspace(field))
    case "Split":
      return try split(field)
    case "Digits":
      return try digits(field)
    case "Punctuation":
      return try punctuation(field)
    case "Sequence":
      var whole = PreTokenizer()
      for element in try field["pretokenizers"].elements() {
        whole = try followed(whole, by: try preTokenizer(element), element)
      }
      return whole
    default:
      throw type.unsupported(
        try type.text(), supported: "ByteLevel, Split, Digits, Punctuation, Metaspace, Sequence, null")
    }
  }

  private static func metaspace(_ field: JSONField) throws(TokenizerError) -> Metaspace {
    let replacement = try character(field["replacement"])
    let scheme = field["prepend_scheme"]
    // Files of before the scheme say whether to add a space.
    let standard = try field["add_prefix_space"].bool(default: true) ? "always" : "never"
    let name = scheme.isNull ? standard : try scheme.text()
    guard let prepending = Metaspace.Prepending(rawValue: name) else {
      throw scheme.unsupported(name, supported: "always, first, never")
    }
    return Metaspace(
      replacement: replacement, prepending: prepending, splits: try field["split"].bool(default: true))
  }

  /// How spellings become text.
  static func decoder(_ field: JSONField) throws(TokenizerError) -> any TokenDecoder {
    if field.isNull { return JoiningDecoder() }
    if try field["type"].text() == "ByteLevel" { return ByteLevelDecoder() }
    return ChainDecoder(try decoderSteps(field))
  }

  private static func decoderSteps(_ field: JSONField) throws(TokenizerError) -> [ChainDecoder.Step] {
    let type = field["type"]
    switch try type.text() {
    case "Sequence":
      var steps: [ChainDecoder.Step] = []
      for element in try field["decoders"].elements() {
        steps += try decoderSteps(element)
        try checkCount(steps.count, of: "steps", field)
      }
      return steps
    case "Replace":
      return [.replace(try literal(field["pattern"]["String"]), with: try field["content"].bytes())]
    case "ByteFallback":
      return [.byteFallback]
    case "Fuse":
      return [.fuse]
    case "Metaspace":
      let metaspace = try metaspace(field)
      return [.metaspace(metaspace.replacement, dropsFirst: metaspace.prepending != .never)]
    case "Strip":
      return [
        .strip(try character(field["content"]), start: try count(field["start"]), stop: try count(field["stop"]))
      ]
    default:
      throw type.unsupported(
        try type.text(),
        supported: "ByteLevel alone, null, or any of Sequence, Replace, ByteFallback, Fuse, Strip, Metaspace")
    }
  }

  private static func count(_ field: JSONField) throws(TokenizerError) -> Int {
    let count = try field.integer()
    guard count >= 0 else { throw field.expected("a number of characters") }
    return count
  }
}
