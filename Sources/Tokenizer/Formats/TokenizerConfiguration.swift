import Support

/// `tokenizer_config.json`: which tokens are special, and whether texts get one in front.
struct TokenizerConfiguration {
  static let name = "tokenizer_config.json"

  let root: JSONField
  /// The file's name.
  var file: String { Self.name }

  /// The file's contents, or nil where the directory has none.
  static func load(_ directory: String) throws(TokenizerError) -> TokenizerConfiguration? {
    guard FileSystem.isListed(Path.join(directory, name)) else { return nil }
    let root = try TokenizerFile(directory, name).json()
    _ = try root.object()
    return TokenizerConfiguration(root: root)
  }

  /// The spelling of the token in a field such as `bos_token`: a string, or an object with a `content`.
  func token(_ key: String) throws(TokenizerError) -> [UInt8]? {
    let field = root[key]
    if field.isNull { return nil }
    return try field.value.object == nil ? field.bytes() : field["content"].bytes()
  }

  /// The id of the token in a field such as `bos_token`; nil where the field is absent or the vocabulary lacks its token.
  func id(of key: String, in vocabulary: Vocabulary) throws(TokenizerError) -> Int? {
    try token(key).flatMap { vocabulary.id(of: $0) }
  }

  /// A setting such as `add_bos_token`.
  func flag(_ key: String, default standard: Bool) throws(TokenizerError) -> Bool {
    try root[key].bool(default: standard)
  }
}
