import Support

/// How the text that a figure was measured on became tokens: two figures can be compared where these agree.
public struct TextProtocol: Sendable, Equatable {
  /// What was joined, and how.
  public internal(set) var joining = ""
  /// Documents of the text; nil where it is one.
  public internal(set) var documents: Int?
  /// Tokens of the whole text.
  public internal(set) var tokens = 0
  /// Spellings of the special tokens in front of a text, such as `<s>`; nil for token ids, which are as they were given.
  public internal(set) var bos: String?
  /// Spellings of the special tokens behind a text; nil for token ids.
  public internal(set) var eos: String?
  /// SHA-256 of the file, of the lines that `sha256sum` prints for the files of a folder, or of token ids, eight bytes
  /// each.
  public internal(set) var hash = ""

  package init() {}

  /// One line for people.
  package var text: String {
    let documents = documents.map { "\($0) " } ?? ""
    let front = bos.map { $0.isEmpty ? ", no BOS" : ", \($0) in front" } ?? ""
    let behind = eos.map { $0.isEmpty ? "" : ", \($0) behind" } ?? ""
    return "\(documents)\(joining), \(tokens) tokens\(front)\(behind), SHA-256 \(hash.prefix(16))…"
  }
}

extension TextProtocol: Record {
  package static let fields: [RecordField<TextProtocol>] = [
    RecordField("joining", \.joining, .text), RecordField("documents", \.documents, FieldFormat.integer().orNull),
    RecordField("tokens", \.tokens, .integer()), RecordField("bos", \.bos, FieldFormat.text.orNull),
    RecordField("eos", \.eos, FieldFormat.text.orNull), RecordField("sha256", \.hash, .text),
  ]
}
