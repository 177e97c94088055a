import Support

/// The result of a task in a file of its own, with what it is the result of: there complete or not at all.
struct CompareTaskFile {
  let path: String
  let identity: JSON

  /// What was computed, and how long that took.
  struct Content {
    let result: JSON
    let seconds: Double
  }

  /// Why a file is not used.
  struct Problem: Error {
    let reason: String
  }

  /// The content; throws where the file is damaged, or of something else.
  ///
  /// - Returns: nil where there is no file.
  func read() throws(Problem) -> Content? {
    guard FileSystem.exists(path) else { return nil }
    let fields: FieldReader
    let seconds: Double
    do throws(DocumentError) {
      fields = try FieldReader(file: path)
      seconds = try fields.member("seconds").number(in: 0...Double.greatestFiniteMagnitude)
    } catch {
      throw Problem(reason: error.description)
    }
    let rest = JSON(members: fields.json.objectMembers.filter { $0.0 != "sha256" })
    guard fields.json["sha256"]?.text == rest.sha256, let result = fields.json["result"] else {
      throw Problem(reason: "\(path): it is damaged")
    }
    guard fields.json["identity"]?.encoded() == identity.encoded() else {
      throw Problem(reason: "\(path): it is the result of something else")
    }
    return Content(result: result, seconds: seconds)
  }

  /// Writes the content, complete or not at all.
  func write(_ content: Content) throws(FileError) {
    let document: JSON = ["identity": identity, "seconds": JSON(content.seconds), "result": content.result]
    try File.replace(path, with: Array(document.with("sha256", JSON(document.sha256)).document.utf8))
  }
}
