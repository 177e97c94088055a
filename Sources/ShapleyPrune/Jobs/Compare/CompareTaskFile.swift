import Support

/// The result of a task in a file of its own, with what it is the result of: there complete or not at all.
package struct CompareTaskFile {
  package let path: String
  let identity: JSON

  /// The file in which measurements are kept until the result is there.
  var journal: String { path + ".journal" }

  package init(path: String, identity: JSON) { (self.path, self.identity) = (path, identity) }

  /// The longest that a task may have taken, in seconds: some thirty years.
  private static let mostSeconds = 1e9

  /// What was computed, and how long that took.
  package struct Content {
    package let result: JSON
    package let seconds: Double

    package init(result: JSON, seconds: Double) { (self.result, self.seconds) = (result, seconds) }
  }

  /// The content; throws where the file is damaged, or of something else.
  ///
  /// - Returns: nil where there is no file.
  func read() throws(DocumentError) -> Content? {
    guard FileSystem.exists(path) else { return nil }
    return try parse(File.document(path))
  }

  /// The content of a file's text.
  package func parse(_ bytes: [UInt8]) throws(DocumentError) -> Content {
    let fields = try FieldReader(parsing: bytes, source: path)
    let seconds = try fields.member("seconds").number(in: 0...Self.mostSeconds)
    try fields.checkSeal("the file is damaged")
    let result = try fields.member("result").json
    guard fields.json["identity"]?.encoded() == identity.encoded() else {
      throw DocumentError(path, reason: "it is the result of something else")
    }
    return Content(result: result, seconds: seconds)
  }

  /// The text of a content, with its checksum.
  package func text(_ content: Content) -> [UInt8] {
    let document: JSON = ["identity": identity, "seconds": JSON(content.seconds), "result": content.result]
    return Array(document.sealed.document.utf8)
  }

  /// Writes the content, complete or not at all.
  func write(_ content: Content) throws(FileError) { try File.replace(path, with: text(content)) }
}
