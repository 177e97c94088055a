/// An input that is not what it must be, or that cannot be read: which file, which field of it, and why.
public struct DocumentError: Error, Equatable, Sendable {
  /// The file, or another name of where the text came from.
  public let source: String
  /// The path of the field, such as `blocks[3].sparsity`, or another place, such as `line 7`; nil for the document as a whole.
  public let field: String?
  /// What is wrong and, where there is one, the remedy.
  public let reason: String
  package let failureKind: FailureKind

  package init(_ source: String, field: String? = nil, reason: String, failureKind: FailureKind = .badData) {
    self.source = source
    self.field = field
    self.reason = reason
    self.failureKind = failureKind
  }

  package init(_ error: FileError) {
    self.init(error.path, reason: "cannot \(error.operation): \(error.reason)", failureKind: error.failureKind)
  }
}

extension DocumentError: Diagnostic {
  /// One line: file, field, reason.
  public var description: String { "\(source): \(field.map { "\($0): " } ?? "")\(reason)" }
}

extension File {
  /// A whole file of at most `limit` bytes that is kept in a repository: a Git LFS pointer in its place is an error.
  package static func document(_ path: String, limit: Int = 1 << 30) throws(DocumentError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(FileError) { bytes = try contents(of: path, limit: limit) } catch { throw DocumentError(error) }
    if let reason = LargeFilePointer.reason(bytes) { throw DocumentError(path, reason: reason) }
    return bytes
  }
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
  package init(parsing bytes: [UInt8], source: String, acceptsNonFinite: Bool = false) throws(DocumentError) {
    do throws(JSONError) {
      self.init(try JSON.parse(bytes, acceptsNonFinite: acceptsNonFinite), source: source)
    } catch {
      throw DocumentError(source, reason: error.description)
    }
    _ = try object()
  }

  /// The object in a file.
  package init(file path: String, limit: Int = 1 << 30, acceptsNonFinite: Bool = false) throws(DocumentError) {
    try self.init(parsing: try File.document(path, limit: limit), source: path, acceptsNonFinite: acceptsNonFinite)
  }

  /// An error about this place, or about a member that may be missing.
  package func failure(_ reason: String, at member: String? = nil) -> DocumentError {
    DocumentError(source, field: member.map { place(.null, $0).path } ?? path, reason: reason)
  }

  /// An error about a value that means something, but nothing that is implemented.
  package func unsupported(_ found: String, supported: String, at member: String? = nil) -> DocumentError {
    failure("\(found) is not supported; supported: \(supported)", at: member)
  }

  private func place(_ json: JSON, _ name: String) -> FieldReader {
    FieldReader(json, source: source, path: path.map { "\($0).\(name)" } ?? name)
  }

  /// A member of any type, null included; a missing one is an error.
  package func member(_ name: String) throws(DocumentError) -> FieldReader {
    guard let member = json[name] else { throw failure("it is missing", at: name) }
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

  package func object() throws(DocumentError) -> JSONObject { try expect(json.object, "an object") }

  /// A member that is true or false; `standard` where it is missing or null.
  package func flag(_ name: String, default standard: Bool) throws(DocumentError) -> Bool {
    try optional(name)?.bool() ?? standard
  }

  /// The members of an object in their order.
  package func members() throws(DocumentError) -> [(name: String, value: FieldReader)] {
    try object().members.map {
      let name = String(decoding: $0.key, as: UTF8.self)
      return (name, place($0.value, name))
    }
  }

  package func array() throws(DocumentError) -> [JSON] { try expect(json.array, "an array") }

  /// The elements of an array.
  package func elements() throws(DocumentError) -> [FieldReader] {
    try array().enumerated().map { FieldReader($1, source: source, path: "\(path ?? "")[\($0)]") }
  }

  package func bytes() throws(DocumentError) -> [UInt8] { try expect(json.bytes, "a string") }

  package func text() throws(DocumentError) -> String { String(decoding: try bytes(), as: UTF8.self) }

  package func bool() throws(DocumentError) -> Bool { try expect(json.bool, "true or false") }

  package func integer(in range: ClosedRange<Int> = 0...Int.max) throws(DocumentError) -> Int {
    guard let number = json.integer, range.contains(number) else {
      let bounds =
        range == Int.min...Int.max
        ? ""
        : range.upperBound == .max
          ? " of at least \(range.lowerBound)" : " from \(range.lowerBound) to \(range.upperBound)"
      throw failure("it is not a whole number\(bounds)")
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

  /// A number greater than 0.
  package func positive() throws(DocumentError) -> Double {
    guard let number = json.double, number > 0, number.isFinite else {
      throw failure("it is not a number greater than 0")
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
