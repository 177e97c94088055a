import Support

/// JSON lines, or an array, of documents.
struct JSONDocumentsTarget: FuzzTarget {
  static let name = "json-lines"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let reader = JSONDocuments(name: "the lines", field: "text")
    let texts = try accepted(naming: "the lines") { () throws(DocumentError) in try reader.texts(bytes) }
    guard let texts else { return }
    try require(texts.count <= bytes.count, "more documents than bytes")
    for text in texts { try require(UTF8Validation.firstInvalidOffset(in: text) == nil, "a document is no text") }
    // Written again, one a line, they are the same documents.
    let lines: [UInt8] = texts.flatMap { text -> [UInt8] in
      JSON(members: [("text", .string(text))]).encoded() + [0x0A]
    }
    try require(try reader.texts(lines) == texts, "documents written as lines are others")
  }
}
