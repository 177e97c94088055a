import Support

/// Files with a JSON object a line.
enum JSONLines {
  /// Calls `body` with each line of a file that is not blank, whose messages name it by its number; `-` is standard input.
  ///
  /// Throws `DocumentError` where a line is not JSON, and what reading and `body` throw.
  ///
  /// - Parameters:
  ///   - kind: what a line is, for messages: "an item".
  ///   - acceptsNonFinite: whether `NaN` and `Infinity` are numbers, as Python writes them; not where lines are written again.
  static func forEach(
    in path: String, kind: String, acceptsNonFinite: Bool = true, _ body: (FieldReader) throws -> Void
  ) throws {
    let input = TextInput(path: path)
    for (index, line) in try input.bytes().split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { !" \t\r".utf8.contains($0) }) else { continue }
      let json: JSON
      do throws(JSONError) { json = try JSON.parse(Array(line), acceptsNonFinite: acceptsNonFinite) } catch {
        throw DocumentError(input.name, field: "line \(index + 1)", reason: "\(error); \(kind) is one line of JSON")
      }
      try body(FieldReader(json, source: "\(input.name): line \(index + 1)"))
    }
  }
}
