import Support

/// What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` say, where they exist: which tokens are
/// added to the vocabulary, which are special, and whether texts get one in front.
///
/// As in Hugging Face transformers 5, the two smaller files count only where the first has no `added_tokens_decoder`, and then
/// `special_tokens_map.json` goes before `tokenizer_config.json`.
struct TokenizerConfiguration {
  /// The roles that a special token can have, in the order in which they are added.
  static let roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

  /// `tokenizer_config.json`; null where there is none, as for the other two.
  let root: FieldReader
  private let specialTokens: FieldReader
  private let addedTokens: FieldReader
  /// Whether `added_tokens_decoder` lists the tokens, so that the two smaller files do not count.
  let isComplete: Bool
  /// The files that were read: names within the directory.
  let files: [String]

  init(directory: String) throws(TokenizerError) {
    var files: [String] = []
    func read(_ name: String, isWanted: Bool = true) throws(TokenizerError) -> FieldReader {
      let path = Path.join(directory, name)
      guard isWanted, FileSystem.isListed(path) else { return FieldReader(.null, source: path) }
      files.append(name)
      return try FieldReader(file: path)
    }
    root = try read("tokenizer_config.json")
    isComplete = root.optional("added_tokens_decoder") != nil
    specialTokens = try read("special_tokens_map.json", isWanted: !isComplete)
    addedTokens = try read("added_tokens.json", isWanted: !isComplete)
    self.files = files
    // It would make every special token in the text plain text, whatever the caller asks for.
    if let splits = root.optional("split_special_tokens"), try splits.bool() {
      throw splits.unsupported("true", supported: "false")
    }
  }

  /// The field that gives a role its token, null included, or nil where no file mentions the role.
  private func field(_ key: String) throws(TokenizerError) -> FieldReader? {
    try [specialTokens, root].first { $0.json[key] != nil }?.member(key)
  }

  /// The id of the token in a role such as `bos_token`: of `standard` where no file mentions the role, and nil where it has no
  /// token or the vocabulary lacks it.
  func id(of role: String, in vocabulary: Vocabulary, default standard: String? = nil) throws(TokenizerError) -> Int? {
    guard let field = try field(role) else { return standard.flatMap { vocabulary.id(of: Array($0.utf8)) } }
    return field.json.isNull ? nil : vocabulary.id(of: try token(field, id: nil).content)
  }

  /// The text of the token in a role; nil where no file mentions the role, or it has none.
  func text(of role: String) throws(TokenizerError) -> String? {
    guard let field = try field(role), !field.json.isNull else { return nil }
    return String(decoding: try token(field, id: nil).content, as: UTF8.self)
  }

  /// A token that the files add, and the field that says so.
  struct ListedToken {
    var token: AddedToken
    var field: FieldReader
  }

  /// The tokens of `added_tokens_decoder` or `added_tokens.json`, in the order of their ids.
  func numberedTokens() throws(TokenizerError) -> [ListedToken] {
    var tokens: [ListedToken] = []
    for (key, field) in try root.optional("added_tokens_decoder")?.members() ?? [] {
      guard let id = Int(key), id >= 0 else { throw field.failure("expected an id as its key") }
      tokens.append(ListedToken(token: try token(field, id: id), field: field))
    }
    if !addedTokens.json.isNull {
      let special = Set(try roleTokens(defaults: [:]).map(\.token.content))
      for (key, field) in try addedTokens.members() {
        let content = Array(key.utf8)
        let isSpecial = special.contains(content)
        let token = AddedToken(
          id: try field.integer(), content: content, isSpecial: isSpecial, isNormalized: !isSpecial)
        tokens.append(ListedToken(token: token, field: field))
      }
    }
    return tokens.sorted { $0.token.id < $1.token.id }
  }

  /// The tokens that have roles, in the order in which they are added.
  ///
  /// Roles that no file mentions get their token from `defaults`.
  func roleTokens(defaults: [String: String]) throws(TokenizerError) -> [ListedToken] {
    var fields: [FieldReader] = []
    for role in Self.roles {
      let standard = defaults[role].map { FieldReader(JSON($0), source: root.source, path: role) }
      if let field = try field(role) ?? standard, !field.json.isNull { fields.append(field) }
    }
    // Roles of a model's own.
    for file in [root, specialTokens] where !file.json.isNull {
      for (name, field) in try file.members() {
        if name.hasSuffix("_token"), !Self.roles.contains(name), field.json.bytes != nil { fields.append(field) }
      }
    }
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      guard let field = try field(key), !field.json.isNull else { continue }
      fields += field.json.object == nil ? try field.elements() : try field.members().map(\.value)
    }
    var tokens: [ListedToken] = []
    for field in fields {
      var token = try token(field, id: nil)
      token.isSpecial = true
      tokens.append(ListedToken(token: token, field: field))
    }
    return tokens
  }

  /// A token from a string, or from an object with a `content` and settings.
  private func token(_ field: FieldReader, id: Int?) throws(TokenizerError) -> AddedToken {
    guard field.json.object != nil else {
      return AddedToken(id: id ?? -1, content: try field.bytes(), isSpecial: true)
    }
    return try AddedToken(field, id: id, isSpecial: field.source == specialTokens.source)
  }
}
