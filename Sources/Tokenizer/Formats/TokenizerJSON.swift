import Support

/// `tokenizer.json` of Hugging Face tokenizers.
enum TokenizerJSON {
  static let name = "tokenizer.json"

  static func load(_ directory: String) throws(TokenizerError) -> TokenizerDefinition {
    let root = try FieldReader(file: Path.join(directory, name))
    let configuration = try TokenizerConfiguration(directory: directory)
    let normalizer = try normalizer(root.optional("normalizer"))
    var preTokenizer = try preTokenizer(root.optional("pre_tokenizer"))
    if preTokenizer.metaspace?.prepending == .first, !normalizer.keepsStart {
      // The reference then asks where in the text as it was the first character stood.
      throw try root.member("pre_tokenizer").unsupported(
        "prepend_scheme first with a normalizer that removes or replaces", supported: "always, never")
    }
    if root.json["pre_tokenizer"]?["type"]?.text == "ByteLevel",
      try configuration.root.optional("tokenizer_class")?.text().hasPrefix("GPT2Tokenizer") ?? false
    {
      // Hugging Face reads the setting of GPT-2 from there.
      preTokenizer.addsPrefixSpace = try configuration.root.flag("add_prefix_space", default: false)
    }
    var notes: [String] = []
    let addsSpace =
      preTokenizer.addsPrefixSpace || preTokenizer.metaspace.map { $0.prepending != .never } ?? false
      || normalizer.prepends
    if configuration.root.json["add_prefix_space"]?.bool == !addsSpace {
      notes.append(
        "add_prefix_space of tokenizer_config.json is \(!addsSpace), but tokenizer.json puts \(addsSpace ? "one" : "no space") in "
          + "front of a text: that counts")
    }
    let decoder = try decoder(root.optional("decoder"))
    let (model, modelVocabulary) = try model(root.member("model"), isByteLevel: preTokenizer.isByteLevel)
    var vocabulary = modelVocabulary
    var list = try addedTokens(root.optional("added_tokens"), &vocabulary)
    var joined: [String] = []
    for listed in try configuration.numberedTokens() + configuration.roleTokens(defaults: [:]) {
      let name = try list.complete(with: listed, isDecoder: configuration.isComplete, &vocabulary)
      if let name { joined.append(name) }
    }
    if !joined.isEmpty {
      notes.append("tokens that tokenizer.json does not list, added as transformers adds them: \(joined.firstNames)")
    }
    let added = list.tokens
    for token in added where token.isNormalized && !token.content.isEmpty && normalizer(token.content).isEmpty {
      // The reference then finds it between all characters, and cuts there.
      throw (root.optional("added_tokens") ?? root).unsupported(
        "\"\(String(decoding: token.content, as: UTF8.self))\", of which the normalizer leaves nothing,",
        supported: "tokens with \"normalized\": false, or of which something is left")
    }
    var definition = TokenizerDefinition(
      files: [name] + configuration.files, vocabulary: vocabulary, model: model,
      normalizer: normalizer, preTokenizer: preTokenizer, decoder: decoder)
    definition.notes += notes
    definition.recognize(added)
    (definition.prefix, definition.suffix) = try postProcessor(root.optional("post_processor"), vocabulary)
    for (key, ids, place) in [
      ("add_bos_token", definition.prefix, "in front of"), ("add_eos_token", definition.suffix, "behind"),
    ] {
      guard configuration.root.json[key]?.bool == ids.isEmpty else { continue }
      definition.notes.append(
        "\(key) of tokenizer_config.json is \(ids.isEmpty), but the post-processor puts \(ids.isEmpty ? "nothing" : "tokens") "
          + "\(place) a text: that counts, as in transformers 5")
    }
    definition.beginningOfText =
      try configuration.id(of: "bos_token", in: vocabulary) ?? definition.prefix.first
    definition.endOfText = try configuration.id(of: "eos_token", in: vocabulary) ?? definition.suffix.last
    return definition
  }

  // MARK: Model

  private static func model(
    _ field: FieldReader, isByteLevel: Bool
  ) throws(TokenizerError) -> (BPEModel, Vocabulary) {
    // Files of the first versions have no type; their BPE models are known by their merges.
    if let type = field.optional("type"), try type.text() != "BPE" {
      throw type.unsupported(try type.text(), supported: "BPE")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = field.optional(key), try !affix.bytes().isEmpty {
        throw affix.unsupported("\"\(try affix.text())\"", supported: "none")
      }
    }
    if let dropout = field.optional("dropout"), dropout.json.double != 0 {
      throw dropout.unsupported("merging at random", supported: "null")
    }
    let vocabulary = try Vocabulary(field.member("vocab"))
    let merges = try MergeList(field.member("merges")).merges(vocabulary)
    let table = try MergeTable(merges, file: field.source)
    var unknowns = BPEModel.Unknowns()
    if let unknown = field.optional("unk_token") {
      guard let id = vocabulary.id(of: try unknown.bytes()) else {
        throw unknown.failure("the vocabulary has no token \"\(try unknown.text())\"")
      }
      unknowns.symbol = Int32(truncatingIfNeeded: id)
    }
    unknowns.fuses = try field.flag("fuse_unk", default: false)
    if try field.flag("byte_fallback", default: false) {
      unknowns.byteSymbols = try ByteFallback.ids(
        in: vocabulary, mayLackSome: unknowns.symbol != nil, file: field.source)
    }
    if isByteLevel, !unknowns.byteSymbols.isEmpty, !hasEveryByte(vocabulary) {
      // The reference falls back to the bytes of the character that stands for a byte.
      throw field.failure("true is not supported with ByteLevel where a byte has no token", at: "byte_fallback")
    }
    let ignoresMerges = try field.flag("ignore_merges", default: false)
    let model: BPEModel
    if isByteLevel {
      model = .byteLevel(
        vocabulary, table, unknowns: unknowns,
        wholeWords: ignoresMerges ? try BPEModel.bytes(of: vocabulary, at: field) : nil)
    } else {
      model = .characters(vocabulary, table, merges, unknowns: unknowns, wholeWords: ignoresMerges ? vocabulary : nil)
    }
    return (model, vocabulary)
  }

  /// Whether every byte of UTF-8 has a token in the alphabet of `ByteLevel`.
  private static func hasEveryByte(_ vocabulary: Vocabulary) -> Bool {
    (0...UInt8.max).allSatisfy {
      !ByteLevel.occursInUTF8(Int($0)) || vocabulary.id(of: ByteLevel.spelling(of: $0)) != nil
    }
  }

  private static func addedTokens(
    _ field: FieldReader?, _ vocabulary: inout Vocabulary
  ) throws(TokenizerError) -> AddedTokenList {
    var list = AddedTokenList(vocabulary)
    for element in try field?.elements() ?? [] {
      let id = try element.member("id")
      let token = try AddedToken(element, id: id.integer(), isSpecial: false, isNormalized: true)
      try list.add(token, &vocabulary, at: id)
    }
    return list
  }

  // MARK: Post-processor

  /// What a post-processor puts before and after a single text.
  private static func postProcessor(
    _ field: FieldReader?, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> (prefix: [Int], suffix: [Int]) {
    guard let field, !field.json.isNull else { return ([], []) }
    let templates = try templates(in: field)
    if templates.count > 1 {
      // The reference gives it two encodings, for which it takes its form for pairs.
      throw templates[1].failure("a second TemplateProcessing, for what the first one made, is not supported")
    }
    return try templates.first.map { (field) throws(TokenizerError) in try template(field, vocabulary) } ?? ([], [])
  }

  /// The templates of a post-processor, in the order in which they are applied.
  private static func templates(in field: FieldReader) throws(TokenizerError) -> [FieldReader] {
    let type = try field.member("type")
    switch try type.text() {
    case "ByteLevel": return []
    case "Sequence":
      var all: [FieldReader] = []
      for element in try field.member("processors").elements() { all += try templates(in: element) }
      return all
    case "TemplateProcessing": return [field]
    default: throw type.unsupported(try type.text(), supported: "TemplateProcessing, ByteLevel, Sequence, null")
    }
  }

  private static func template(
    _ field: FieldReader, _ vocabulary: Vocabulary
  ) throws(TokenizerError) -> (prefix: [Int], suffix: [Int]) {
    var prefix: [Int] = []
    var suffix: [Int] = []
    var hasText = false
    let special = try field.optional("special_tokens")?.members() ?? []
    let specialTokens = Dictionary(special.map { (Array($0.name.utf8), $0.value) }) { first, _ in first }
    let pieces = try field.member("single")
    for piece in try pieces.elements() {
      guard let name = try piece.optional("SpecialToken")?.member("id") else {
        guard !hasText, try piece.member("Sequence").member("id").text() == "A" else {
          throw piece.failure("expected sequence A, once")
        }
        hasText = true
        continue
      }
      guard let token = specialTokens[try name.bytes()] else {
        throw name.failure("expected a token of special_tokens")
      }
      for element in try token.member("ids").elements() {
        let id = try element.integer()
        guard vocabulary[id] != nil else { throw element.failure("expected the id of a token, found \(id)") }
        if hasText { suffix.append(id) } else { prefix.append(id) }
      }
      try checkCount(prefix.count + suffix.count, of: "special tokens around a text", field)
    }
    guard hasText else { throw pieces.failure("expected sequence A, once") }
    return (prefix, suffix)
  }
}
