import Support

/// Reading one of a tokenizer's files, with errors that name it.
struct TokenizerFile {
  let path: String
  let bytes: [UInt8]

  /// Reads a file whole.
  ///
  /// A Git LFS pointer in its place is an error of its own.
  init(_ directory: String, _ name: String) throws(TokenizerError) {
    path = Path.join(directory, name)
    do throws(FileError) {
      bytes = try File.contents(of: path, limit: 1 << 30)
    } catch {
      throw .unreadable(file: path, reason: error.description, isMissing: error.failureKind == .noInput)
    }
    if bytes.starts(with: "version https://git-lfs.github.com/".utf8) { throw .gitLFSPointer(file: path) }
  }

  /// The file as JSON.
  func json() throws(TokenizerError) -> JSONField {
    do throws(JSONError) {
      return JSONField(file: path, path: "", value: try JSON.parse(bytes))
    } catch {
      throw .malformedJSON(file: path, offset: error.offset, reason: error.reason)
    }
  }

  /// A text for messages.
  static func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
}

/// A JSON value that knows where it came from.
struct JSONField {
  let file: String
  let path: String
  let value: JSON

  /// The member of an object; null where there is none.
  subscript(key: String) -> JSONField {
    JSONField(file: file, path: path.isEmpty ? key : "\(path).\(key)", value: value[key] ?? .null)
  }

  var isNull: Bool { value.isNull }

  /// An error that says what would have been right here.
  func expected(_ expected: String) -> TokenizerError {
    .invalidField(file: file, field: path.isEmpty ? "the text" : path, expected: expected)
  }

  /// An error that says what is supported here.
  func unsupported(_ found: String, supported: String) -> TokenizerError {
    .unsupported(file: file, field: path, found: found, supported: supported)
  }

  func object() throws(TokenizerError) -> JSONObject {
    guard let object = value.object else { throw expected("an object, found \(value.kind)") }
    return object
  }

  /// The members of an object in the order of the file.
  func members() throws(TokenizerError) -> [(key: [UInt8], field: JSONField)] {
    try object().members.map { key, value in
      (
        key,
        JSONField(
          file: file, path: path.isEmpty ? TokenizerFile.text(key) : "\(path).\(TokenizerFile.text(key))", value: value)
      )
    }
  }

  func elements() throws(TokenizerError) -> [JSONField] {
    guard let array = value.array else { throw expected("an array, found \(value.kind)") }
    return array.enumerated().map { JSONField(file: file, path: "\(path)[\($0)]", value: $1) }
  }

  func bytes() throws(TokenizerError) -> [UInt8] {
    guard let bytes = value.bytes else { throw expected("a string, found \(value.kind)") }
    return bytes
  }

  func text() throws(TokenizerError) -> String { TokenizerFile.text(try bytes()) }

  /// A boolean; `standard` where the field is absent or null.
  func bool(default standard: Bool) throws(TokenizerError) -> Bool {
    if isNull { return standard }
    guard let bool = value.bool else { throw expected("true or false, found \(value.kind)") }
    return bool
  }

  func integer() throws(TokenizerError) -> Int {
    guard let integer = value.integer else { throw expected("an integer, found \(value.kind)") }
    return integer
  }
}

extension Vocabulary {
  /// Adds a token of a file, or says what is wrong with it.
  mutating func add(_ token: [UInt8], id: Int, file: String, field: String) throws(TokenizerError) {
    do throws(Conflict) {
      try add(token, id: id)
    } catch {
      let name = TokenizerFile.text(token)
      switch error {
      case .invalidID: throw .invalidID(file: file, field: field, token: name)
      case .takenID: throw .duplicateID(file: file, id: id, first: TokenizerFile.text(self[id] ?? []), second: name)
      case .takenToken: throw .duplicateToken(file: file, token: name)
      }
    }
  }

  /// Reads an object of tokens and ids.
  init(_ field: JSONField) throws(TokenizerError) {
    let members = try field.object().members
    self.init(capacity: members.count)
    for (token, value) in members {
      guard let id = value.integer else {
        throw .invalidID(file: field.file, field: field.path, token: TokenizerFile.text(token))
      }
      try add(token, id: id, file: field.file, field: field.path)
    }
  }
}
