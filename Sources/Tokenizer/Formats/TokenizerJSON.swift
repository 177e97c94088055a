import Support

/// `tokenizer.json` of Hugging Face tokenizers.
enum TokenizerJSON {
  static let name = "tokenizer.json"

  static func load(_ directory: String) throws(TokenizerError) -> TokenizerDefinition {
    let root = try TokenizerFile(directory, name).json()
    _ = try root.object()
    let configuration = try TokenizerConfiguration(directory: directory)
    let normalizer = try normalizer(root["normalizer"])
    var preTokenizer = try preTokenizer(root["pre_tokenizer"])
    if try configuration.isGPT2(), root["pre_tokenizer"]["type"].value.text == "ByteLevel" {
      preTokenizer.addsPrefixSpace = try configuration.flag("add_prefix_space", default: false)
    }
    let decoder = try decoder(root["decoder"])
    let (model, modelVocabulary) = try model(root["model"], isByteLevel: preTokenizer.isByteLevel)
    var vocabulary = modelVocabulary
    let added = try addedTokens(root["added_tokens"], &vocabulary)
    var definition = TokenizerDefinition(
      files: [name] + configuration.files, vocabulary: vocabulary, model: model,
      normalizer: normalizer, preTokenizer: preTokenizer, decoder: decoder)
    definition.recognize(added)
    (definition.prefix, definition.suffix) = try postProcessor(root["post_processor"], vocabulary)
    definition.beginningOfText =
      try configuration.id(of: "bos_token", in: vocabulary) ?? definition.prefix.first
    definition.endOfText = try configuration.id(of: "eos_token", in: vocabulary) ?? definition.suffix.last
    return definition
  }

  // MARK: Model

  private static func model(
    _ field: JSONField, isByteLevel: Bool
  ) throws(TokenizerError) -> (BPEModel, Vocabulary) {
    // Files of the first versions have no type; their BPE models are known by their merges.
    let type = field["type"]
    if !type.isNull, try type.text() != "BPE" { throw type.unsupported(try type.text(), supported: "BPE") }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      let affix = field[key]
      if !affix.isNull, try !affix.bytes().isEmpty {
        throw affix.unsupported("\"\(try affix.text())\"", supported: "none")
      }
    }
    let dropout = field["dropout"]
    if !dropout.isNull, dropout.value.double != 0 { throw dropout.unsupported("merging at random", supported: "null") }

    let vocabulary = try Vocabulary(field["vocab"])
    let (table, merges) = try MergeList(field["merges"]).table(vocabulary)
    var unknowns = BPEModel.Unknowns()
    let unknown = field["unk_token"]
    if !unknown.isNull {
      guard let id = vocabulary.id(of: try unknown.bytes()) else {
        throw .absentToken(file: field.file, field: unknown.path, token: try unknown.text())
      }
      unknowns.symbol = Int32(truncatingIfNeeded: id)
    }
    unknowns.fuses = try field["fuse_unk"].bool(default: false)
    if try field["byte_fallback"].bool(default: false) {
      unknowns.byteSymbols = ByteFallback.ids(in: vocabulary)
      if let missing = unknowns.byteSymbols.firstIndex(of: -1), unknowns.symbol == nil {
        let spelling = TokenizerFile.text(ByteFallback.spelling(of: UInt8(missing)))
        throw .incompleteByteFallback(file: field.file, missing: spelling)
      }
    }
    let ignoresMerges = try field["ignore_merges"].bool(default: false)
    let model: BPEModel
    if isByteLevel {
      model = .byteLevel(
        vocabulary, table, unknowns: unknowns, wholeWords: ignoresMerges ? BPEModel.bytes(of: vocabulary) : nil)
    } else {
      model = .characters(vocabulary, table, merges, unknowns: unknowns, wholeWords: ignoresMerges ? vocabulary : nil)
    }
    return (model, vocabulary)
  }

  // MARK: Added tokens

  private static func addedTokens(
    _ field: JSONField, _ vocabulary: inout Vocabulary
  ) throws(TokenizerError) -> [AddedToken] {
    if field.isNull { return [] }
    var list = AddedTokenList(vocabulary)
    for element in try field.elements() {
      let token = AddedToken(
        id: try element["id"].integer(), content: try element["content"].bytes(),
        isSpecial: try element["special"].bool(default: false),
        isSingleWord: try element["single_word"].bool(default: false),
        stripsLeft: try element["lstrip"].bool(default: false),
        stripsRight: try element["rstrip"].bool(default: false),
        isNormalized: try element["normalized"].bool(default: true))
      try list.add(token, id: token.id, &vocabulary, field: element["id"])
    }
    return list.tokens
  }

  // MARK: Post-processor

  /// What a post-processor puts before and after a single text.
  private static func postProcessor(
    _ field: JSONField, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> (prefix: [Int], suffix: [Int]) {
    if field.isNull { return ([], []) }
    let type = field["type"]
    switch try type.text() {
    case "ByteLevel":
      return ([], [])
    case "Sequence":
      var all: (prefix: [Int], suffix: [Int]) = ([], [])
      for element in try field["processors"].elements() {
        let one = try postProcessor(element, vocabulary)
        all = (one.prefix + all.prefix, all.suffix + one.suffix)
        try checkCount(all.prefix.count + all.suffix.count, of: "special tokens around a text", field)
      }
      return all
    case "TemplateProcessing":
      return try template(field, vocabulary)
    default:
      throw type.unsupported(try type.text(), supported: "TemplateProcessing, ByteLevel, Sequence, null")
    }
  }

  private static func template(
    _ field: JSONField, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> (prefix: [Int], suffix: [Int]) {
    var prefix: [Int] = []
    var suffix: [Int] = []
    var hasText = false
    let special = try field["special_tokens"].isNull ? [] : field["special_tokens"].members()
    let specialTokens = Dictionary(special.map { ($0.key, $0.field) }) { first, _ in first }
    for piece in try field["single"].elements() {
      if piece["SpecialToken"].isNull {
        guard !hasText, try piece["Sequence"]["id"].text() == "A" else { throw piece.expected("sequence A, once") }
        hasText = true
        continue
      }
      let name = piece["SpecialToken"]["id"]
      guard let token = specialTokens[try name.bytes()] else { throw name.expected("a token of special_tokens") }
      var ids: [Int] = []
      for element in try token["ids"].elements() {
        let id = try element.integer()
        guard vocabulary[id] != nil else { throw element.expected("the id of a token, found \(id)") }
        ids.append(id)
      }
      if hasText { suffix += ids } else { prefix += ids }
      try checkCount(prefix.count + suffix.count, of: "special tokens around a text", field)
    }
    guard hasText else { throw field["single"].expected("sequence A, once") }
    return (prefix, suffix)
  }
}
