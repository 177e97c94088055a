/// An input that is not what it must be: which file, which field of it, and why.
package struct DocumentError: Diagnostic, Equatable {
  /// The file, or another name of where the text came from.
  package let source: String
  /// The path of the field, such as `blocks[3].sparsity`; nil for the document as a whole.
  package let field: String?
  package let reason: String

  package init(_ source: String, field: String? = nil, reason: String) {
    self.source = source
    self.field = field
    self.reason = reason
  }

  package var failureKind: FailureKind { .badData }
  package var description: String { "\(source): \(field.map { "\($0): " } ?? "")\(reason)" }
}

/// A place in a JSON document, with the path that leads to it: errors name the file and the field.
package struct FieldReader: Sendable {
  package let json: JSON
  package let source: String
  /// The path from the root; nil for the root.
  package let path: String?

  package init(_ json: JSON, source: String, path: String? = nil) {
    self.json = json
    self.source = source
    self.path = path
  }

  /// The object in a text.
  package init(parsing bytes: [UInt8], source: String) throws(DocumentError) {
    let json: JSON
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw DocumentError(source, reason: error.description)
    }
    self.init(json, source: source)
    _ = try object()
  }

  /// The object in a file.
  package init(file path: String, limit: Int = 1 << 30) throws {
    try self.init(parsing: try File.contents(of: path, limit: limit), source: path)
  }

  /// An error about this place.
  package func failure(_ reason: String) -> DocumentError { DocumentError(source, field: path, reason: reason) }

  private func place(_ json: JSON, _ name: String) -> FieldReader {
    FieldReader(json, source: source, path: path.map { "\($0).\(name)" } ?? name)
  }

  /// A member of any type, null included; a missing one is an error.
  package func member(_ name: String) throws(DocumentError) -> FieldReader {
    guard let member = json[name] else { throw place(.null, name).failure("it is missing") }
    return place(member, name)
  }

  /// A member, or nil where it is missing or null.
  package func optional(_ name: String) -> FieldReader? {
    guard let member = json[name], !member.isNull else { return nil }
    return place(member, name)
  }

  /// What the value is where it is of the type that is wanted.
  private func expect<Value>(_ value: Value?, _ wanted: String) throws(DocumentError) -> Value {
    guard let value else { throw failure("it is \(json.kind), not \(wanted)") }
    return value
  }

  func object() throws(DocumentError) -> JSONObject { try expect(json.object, "an object") }

  /// The members of an object in their order.
  package func members() throws(DocumentError) -> [(name: String, value: FieldReader)] {
    try object().members.map {
      let name = String(decoding: $0.key, as: UTF8.self)
      return (name, place($0.value, name))
    }
  }

  /// The elements of an array.
  package func elements() throws(DocumentError) -> [FieldReader] {
    try expect(json.array, "an array").enumerated().map {
      FieldReader($1, source: source, path: "\(path ?? "")[\($0)]")
    }
  }

  package func text() throws(DocumentError) -> String { try expect(json.text, "a string") }

  package func bool() throws(DocumentError) -> Bool { try expect(json.bool, "true or false") }

  package func integer(in range: ClosedRange<Int> = 0...Int.max) throws(DocumentError) -> Int {
    guard let number = json.integer, range.contains(number) else {
      let bounds =
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw failure("it is not a whole number \(bounds)")
    }
    return number
  }

  package func number(in range: ClosedRange<Double>? = nil) throws(DocumentError) -> Double {
    let number = try expect(json.double, "a number")
    guard number.isFinite else { throw failure("the number is too large") }
    if let range, !range.contains(number) {
      throw failure("\(number) is not between \(range.lowerBound.brief) and \(range.upperBound.brief)")
    }
    return number
  }

  /// A whole number of 64 bits.
  package func seed() throws(DocumentError) -> UInt64 {
    guard case .number(let text) = json, let seed = UInt64(text) else {
      throw failure("it is not a whole number of 64 bits")
    }
    return seed
  }

  /// One of a few words.
  package func word<Word: RawRepresentable & CaseIterable>(
    _: Word.Type = Word.self
  ) throws(DocumentError) -> Word where Word.RawValue == String {
    guard let word = json.text.flatMap(Word.init(rawValue:)) else {
      throw failure("it is not \(Word.allCases.map(\.rawValue).alternatives)")
    }
    return word
  }
}

extension [String] {
  /// "a", "a or b", "a, b or c".
  package var alternatives: String {
    guard let last, count > 1 else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " or " + last
  }
}

extension Double {
  /// A number as people write it: 1, not 1.0.
  package var brief: String { Int(exactly: self).map { String($0) } ?? "\(self)" }
}
