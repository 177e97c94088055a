/// A text that a command is given: a file, or `-` for standard input.
package struct TextInput {
  package let path: String

  package init(path: String) { self.path = path }

  package var isStandardInput: Bool { path == "-" }

  /// What messages call it.
  package var name: String { isStandardInput ? "standard input" : path }

  /// The text's bytes, which must be UTF-8.
  package func bytes() throws -> [UInt8] {
    let limit = 1 << 31
    if !isStandardInput, let status = try? FileSystem.status(path), status.kind == .other {
      throw FileError(
        path, "open", reason: "it is not a regular file; - reads standard input", failureKind: .noInput)
    }
    let bytes =
      try isStandardInput ? FileSystem.readStandardInput(limit: limit + 1) : File.contents(of: path, limit: limit)
    guard bytes.count <= limit else { throw DocumentError(name, reason: "at most \(limit) bytes are accepted") }
    if let reason = LargeFilePointer.reason(bytes) { throw DocumentError(name, reason: reason) }
    if let kind = FileKind(beginning: bytes) {
      throw DocumentError(
        name, reason: "this is no UTF-8 text but \(kind.name); \(kind.remedy(for: isStandardInput ? "FILE" : path))")
    }
    if let offset = UTF8Validation.firstInvalidOffset(in: bytes) {
      throw DocumentError(name, reason: "the text is not UTF-8: the first wrong byte is at offset \(offset)")
    }
    return bytes
  }
}
