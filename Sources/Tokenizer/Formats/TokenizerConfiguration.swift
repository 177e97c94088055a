import Support

/// What `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` say, where they exist: which tokens are
/// added to the vocabulary, which are special, and whether texts get one in front.
///
/// As in Hugging Face transformers 5, the two smaller files count only where the first has no `added_tokens_decoder`, and then
/// `special_tokens_map.json` goes before `tokenizer_config.json`.
struct TokenizerConfiguration {
  static let name = "tokenizer_config.json"
  static let specialTokensName = "special_tokens_map.json"
  static let addedTokensName = "added_tokens.json"

  /// The roles that a special token can have, in the order in which they are added.
  static let roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]

  /// `tokenizer_config.json`; null where there is none.
  let root: JSONField
  private let specialTokens: JSONField
  private let addedTokens: JSONField
  /// The files that were read: names within the directory.
  let files: [String]

  init(directory: String) throws(TokenizerError) {
    func object(_ name: String) throws(TokenizerError) -> JSONField? {
      guard FileSystem.isListed(Path.join(directory, name)) else { return nil }
      let root = try TokenizerFile(directory, name).json()
      _ = try root.object()
      return root
    }
    func nothing(_ name: String) -> JSONField {
      JSONField(file: Path.join(directory, name), path: "", value: .null)
    }
    let configuration = try object(Self.name)
    let isComplete = configuration.map { !$0["added_tokens_decoder"].isNull } ?? false
    let special = isComplete ? nil : try object(Self.specialTokensName)
    let added = isComplete ? nil : try object(Self.addedTokensName)
    root = configuration ?? nothing(Self.name)
    specialTokens = special ?? nothing(Self.specialTokensName)
    addedTokens = added ?? nothing(Self.addedTokensName)
    files = [(configuration, Self.name), (special, Self.specialTokensName), (added, Self.addedTokensName)]
      .compactMap { $0 == nil ? nil : $1 }
    // It would make every special token in the text plain text, whatever the caller asks for.
    if try flag("split_special_tokens", default: false) {
      throw root["split_special_tokens"].unsupported("true", supported: "false")
    }
  }

  /// A setting such as `add_bos_token`.
  func flag(_ key: String, default standard: Bool) throws(TokenizerError) -> Bool {
    try root[key].bool(default: standard)
  }

  /// Whether Hugging Face reads the files as those of GPT-2, and so `add_prefix_space` from here.
  func isGPT2() throws(TokenizerError) -> Bool {
    let name = root["tokenizer_class"]
    if name.isNull { return false }
    return try name.text().hasPrefix("GPT2Tokenizer")
  }

  /// The field that gives a role its token, or nil where no file mentions the role.
  private func field(_ key: String) -> JSONField? {
    [specialTokens, root].first { $0.value[key] != nil }.map { $0[key] }
  }

  /// The spelling of the token in a role such as `bos_token`: a string, or an object with a `content`.
  func token(_ key: String, default standard: String? = nil) throws(TokenizerError) -> [UInt8]? {
    guard let field = field(key) else { return standard.map { Array($0.utf8) } }
    return field.isNull ? nil : try token(field, id: nil).content
  }

  /// The id of the token in a role; nil where no file names one or the vocabulary lacks it.
  func id(of key: String, in vocabulary: Vocabulary) throws(TokenizerError) -> Int? {
    guard let token = try token(key) else { return nil }
    return vocabulary.id(of: token)
  }

  /// A token that the files add, the id that they give it, if any, and the field that says so.
  struct ListedToken {
    var token: AddedToken
    var id: Int?
    var field: JSONField
  }

  /// The tokens of `added_tokens_decoder` or `added_tokens.json`, in the order of their ids.
  func numberedTokens() throws(TokenizerError) -> [ListedToken] {
    var tokens: [ListedToken] = []
    let decoder = root["added_tokens_decoder"]
    if !decoder.isNull {
      for (key, field) in try decoder.members() {
        guard let id = Int(TokenizerFile.text(key)) else { throw field.expected("an id as its key") }
        tokens.append(ListedToken(token: try token(field, id: id), id: id, field: field))
      }
    }
    if !addedTokens.isNull {
      let special = Set(try roleTokens(defaults: [:]).map(\.token.content))
      for (key, field) in try addedTokens.members() {
        let isSpecial = special.contains(key)
        let token = AddedToken(id: try field.integer(), content: key, isSpecial: isSpecial, isNormalized: !isSpecial)
        tokens.append(ListedToken(token: token, id: token.id, field: field))
      }
    }
    return tokens.sorted { $0.token.id < $1.token.id }
  }

  /// The tokens that have roles, in the order in which they are added.
  ///
  /// Roles that no file mentions get their token from `defaults`.
  func roleTokens(defaults: [String: String]) throws(TokenizerError) -> [ListedToken] {
    var tokens: [ListedToken] = []
    func append(_ field: JSONField) throws(TokenizerError) {
      var token = try token(field, id: nil)
      token.isSpecial = true
      tokens.append(ListedToken(token: token, field: field))
    }
    for role in Self.roles {
      if let field = field(role) {
        if !field.isNull { try append(field) }
      } else if let standard = defaults[role] {
        try append(JSONField(file: root.file, path: role, value: JSON(standard)))
      }
    }
    // Roles of a model's own.
    for file in [root, specialTokens] where !file.isNull {
      for (key, field) in try file.members() {
        let name = TokenizerFile.text(key)
        if name.hasSuffix("_token"), !Self.roles.contains(name), field.value.bytes != nil { try append(field) }
      }
    }
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      guard let field = field(key), !field.isNull else { continue }
      let tokens = field.value.object == nil ? try field.elements() : try field.members().map(\.field)
      for token in tokens { try append(token) }
    }
    return tokens
  }

  /// A token from a string, or from an object with a `content` and settings.
  private func token(_ field: JSONField, id: Int?) throws(TokenizerError) -> AddedToken {
    guard field.value.object != nil else {
      return AddedToken(id: id ?? -1, content: try field.bytes(), isSpecial: true)
    }
    let isSpecial = try field["special"].bool(default: field.file == specialTokens.file)
    return AddedToken(
      id: id ?? -1, content: try field["content"].bytes(), isSpecial: isSpecial,
      isSingleWord: try field["single_word"].bool(default: false), stripsLeft: try field["lstrip"].bool(default: false),
      stripsRight: try field["rstrip"].bool(default: false),
      isNormalized: try field["normalized"].bool(default: !isSpecial))
  }
}
