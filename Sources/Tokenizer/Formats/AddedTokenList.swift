import Support

/// Added tokens with the ids that Hugging Face gives them: a token of the model keeps its own, a new one gets the next.
struct AddedTokenList {
  private(set) var tokens: [AddedToken] = []
  private var positions: [Int: Int] = [:]
  private var numbered: Set<Int> = []
  private var nextID: Int

  init(_ model: Vocabulary) { nextID = model.count }

  /// Adds a token to the list and, where it is new, to the vocabulary.
  ///
  /// A file that gives it another id contradicts itself and is refused. Empty tokens are left out, as the reference does.
  mutating func add(
    _ token: AddedToken, _ vocabulary: inout Vocabulary, at field: FieldReader
  ) throws(TokenizerError) {
    guard !token.content.isEmpty else { return }
    guard token.content.count <= AddedToken.longestContent else {
      throw field.unsupported(
        "a token of \(token.content.count) bytes", supported: "up to \(AddedToken.longestContent)")
    }
    let known = vocabulary.id(of: token.content)
    let id = known ?? nextID
    if token.isNumbered, token.id != id {
      if known != nil || vocabulary[token.id] != nil { throw vocabulary.conflict(token.content, token.id, at: field) }
      let name = String(decoding: token.content, as: UTF8.self)
      throw field.failure("expected \"\(name)\" to follow the vocabulary with the id \(id), found \(token.id)")
    }
    if known == nil { try vocabulary.add(token.content, id: id, at: field) }
    nextID = max(nextID, id + 1)
    var token = token
    token.id = id
    // Of a token that is listed twice the later settings count.
    if let position = positions[id] {
      tokens[position] = token
    } else {
      positions[id] = tokens.count
      tokens.append(token)
    }
  }

  /// Adds a token that a configuration lists.
  ///
  /// One that has a number in the files keeps its settings, but a role makes it special.
  mutating func merge(
    _ listed: TokenizerConfiguration.ListedToken, _ vocabulary: inout Vocabulary
  ) throws(TokenizerError) {
    if let id = vocabulary.id(of: listed.token.content), let position = positions[id], numbered.contains(id) {
      tokens[position].isSpecial = true
      return
    }
    try add(listed.token, &vocabulary, at: listed.field)
    if listed.token.isNumbered { numbered.insert(listed.token.id) }
  }

  /// Adds a token that a configuration lists to those of `tokenizer.json`, whose ids stay.
  ///
  /// As in transformers, the settings of `added_tokens_decoder` count where they differ, and a role makes special what has them from there.
  ///
  /// - Returns: the token and its id, where it joined the list.
  mutating func complete(
    with listed: TokenizerConfiguration.ListedToken, isDecoder: Bool, _ vocabulary: inout Vocabulary
  ) throws(TokenizerError) -> String? {
    guard !listed.token.content.isEmpty else { return nil }
    var token = listed.token
    if let id = vocabulary.id(of: token.content), let position = positions[id] {
      if token.isNumbered, isDecoder {
        token.id = id
        if token != tokens[position] { numbered.insert(id) }
        tokens[position] = token
      } else if !token.isNumbered, numbered.contains(id) {
        tokens[position].isSpecial = true
      }
      return nil
    }
    token.id = -1
    try add(token, &vocabulary, at: listed.field)
    guard let id = tokens.last?.id else { return nil }
    if listed.token.isNumbered { numbered.insert(id) }
    let claim = listed.token.isNumbered && listed.token.id != id ? " (not \(listed.token.id))" : ""
    return "\(String(decoding: token.content, as: UTF8.self)) as \(id)\(claim)"
  }
}

extension AddedToken {
  /// Reads an object with a `content` and settings; `isNormalized` is nil where that depends on whether the token is special.
  init(_ field: FieldReader, id: Int?, isSpecial: Bool, isNormalized: Bool? = nil) throws(TokenizerError) {
    let special = try field.flag("special", default: isSpecial)
    self.init(
      id: id ?? -1, content: try field.member("content").bytes(), isSpecial: special,
      isSingleWord: try field.flag("single_word", default: false), stripsLeft: try field.flag("lstrip", default: false),
      stripsRight: try field.flag("rstrip", default: false),
      isNormalized: try field.flag("normalized", default: isNormalized ?? !special))
  }
}
