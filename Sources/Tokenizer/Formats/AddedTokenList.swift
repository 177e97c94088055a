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
    _ token: AddedToken, id: Int?, _ vocabulary: inout Vocabulary, field: JSONField
  ) throws(TokenizerError) {
    guard !token.content.isEmpty else { return }
    guard token.content.count <= AddedToken.longestContent else {
      throw field.unsupported(
        "a token of \(token.content.count) bytes", supported: "up to \(AddedToken.longestContent)")
    }
    let known = vocabulary.id(of: token.content)
    var token = token
    token.id = known ?? nextID
    let name = TokenizerFile.text(token.content)
    if let id, id != token.id {
      if known != nil { throw .duplicateToken(file: field.file, token: name) }
      if let other = vocabulary[id] {
        throw .duplicateID(file: field.file, id: id, first: TokenizerFile.text(other), second: name)
      }
      throw field.expected("\"\(name)\" to follow the vocabulary with the id \(nextID), found \(id)")
    }
    if known == nil { try vocabulary.add(token.content, id: token.id, file: field.file, field: field.path) }
    nextID = max(nextID, token.id + 1)
    // Of a token that is listed twice the later settings count.
    if let position = positions[token.id] {
      tokens[position] = token
    } else {
      positions[token.id] = tokens.count
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
    try add(listed.token, id: listed.id, &vocabulary, field: listed.field)
    if let id = listed.id { numbered.insert(id) }
  }
}
