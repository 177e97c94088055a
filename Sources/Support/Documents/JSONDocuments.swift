/// The texts of a file that has one in each JSON object: a line each (JSON lines, as C4 comes), or an array of them.
package struct JSONDocuments {
  /// What messages call the file.
  private let name: String
  /// The member that holds the text.
  private let field: String

  package init(name: String, field: String) {
    self.name = name
    self.field = field
  }

  /// Whether a text, by its first characters, holds JSON objects rather than prose.
  package static func isLikely(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: #"{""#.utf8) || bytes.starts(with: #"[{""#.utf8)
  }

  /// The texts in order; blank lines have none.
  ///
  /// Throws where one is not a string under the field, naming the line or the element; nothing is passed over.
  package func texts(_ bytes: [UInt8]) throws(DocumentError) -> [[UInt8]] {
    let start = bytes.firstIndex { !Self.isBlank($0) }
    if let start, bytes[start] == UInt8(ascii: "[") { return try elements(of: bytes) }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let results = Parallel.map(lines.count) { index -> Result<[UInt8]?, DocumentError> in
      let line = lines[index]
      if line.allSatisfy(Self.isBlank) { return .success(nil) }
      return Result { () throws(DocumentError) in try text(parsing: Array(line), place: "line \(index + 1)") }
    }
    var texts: [[UInt8]] = []
    for result in results {
      if let text = try result.get() { texts.append(text) }
    }
    return texts
  }

  private func elements(of bytes: [UInt8]) throws(DocumentError) -> [[UInt8]] {
    let elements: [JSON]
    do throws(JSONError) {
      elements = try JSON.parse(bytes, acceptsNonFinite: true).array ?? []
    } catch { throw DocumentError(name, reason: error.description) }
    var texts: [[UInt8]] = []
    for (index, element) in elements.enumerated() { texts.append(try text(element, place: "[\(index)]")) }
    return texts
  }

  private func text(parsing line: [UInt8], place: String) throws(DocumentError) -> [UInt8] {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(line, acceptsNonFinite: true) } catch {
      throw DocumentError(
        name, field: place, reason: "\(error); JSON lines have one object a line, and no object goes over several")
    }
    return try text(json, place: place)
  }

  private func text(_ json: JSON, place: String) throws(DocumentError) -> [UInt8] {
    // A line may be the text itself.
    if let text = json.bytes { return text }
    guard let object = json.object else {
      throw DocumentError(name, field: place, reason: "expected an object or a string, not \(json.kind)")
    }
    guard let member = object[field] else {
      let names = json.objectMembers.map { "'\($0.0)'" }.joined(separator: ", ")
      throw DocumentError(
        name, field: place, reason: "there is no '\(field)'; the fields are \(names.isEmpty ? "none" : names)")
    }
    guard let text = member.bytes else {
      throw DocumentError(name, field: "\(place): \(field)", reason: "expected a string, not \(member.kind)")
    }
    return text
  }

  private static func isBlank(_ byte: UInt8) -> Bool { " \n\r\t".utf8.contains(byte) }
}
