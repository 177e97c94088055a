import Support

/// One of a tokenizer's files that is not JSON.
struct TokenizerFile {
  let path: String
  let bytes: [UInt8]

  init(_ directory: String, _ name: String) throws(TokenizerError) {
    path = Path.join(directory, name)
    bytes = try File.document(path)
  }

  /// A place in the file, for errors.
  func place(_ name: String) -> FieldReader { FieldReader(.null, source: path, path: name) }
}

extension Vocabulary {
  /// Reads an object of tokens and ids.
  init(_ field: FieldReader) throws(TokenizerError) {
    let members = try field.object().members
    self.init(capacity: members.count)
    // A number that is no integer is refused as -1 is.
    for (token, value) in members { try add(token, id: value.integer ?? -1, at: field) }
  }
}
