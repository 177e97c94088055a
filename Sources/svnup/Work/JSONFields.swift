import Support

/// Members of an object in a file that the program wrote, each read with its type.
struct JSONFields {
  let json: JSON
  let source: String

  init(_ json: JSON, source: String) {
    self.json = json
    self.source = source
  }

  /// The object in a file.
  init(file path: String, limit: Int = 1 << 30) throws {
    let bytes = try File.contents(of: path, limit: limit)
    do throws(JSONError) { json = try JSON.parse(bytes) } catch {
      throw InputError(source: path, reason: error.description)
    }
    source = path
    guard json.object != nil else {
      throw InputError(source: path, reason: "the document is \(json.kind), not an object")
    }
  }

  func failure(_ field: String, _ reason: String) -> InputError {
    InputError(source: source, reason: "\(field): \(reason)")
  }

  /// A member of any type; a missing one is an error, null is not.
  func member(_ name: String) throws -> JSON {
    guard let member = json[name] else { throw failure(name, "it is missing") }
    return member
  }

  /// The members of an object within the object.
  func object(_ name: String) throws -> JSONFields {
    let member = try member(name)
    guard member.object != nil else { throw failure(name, "it is \(member.kind), not an object") }
    return JSONFields(member, source: source)
  }

  func text(_ name: String) throws -> String {
    let member = try member(name)
    guard let text = member.text else { throw failure(name, "it is \(member.kind), not a string") }
    return text
  }

  /// An array of texts.
  func texts(_ name: String) throws -> [String] {
    guard let elements = try member(name).array else { throw failure(name, "it is not an array") }
    return try elements.enumerated().map { index, element in
      guard let text = element.text else { throw failure("\(name)[\(index)]", "it is \(element.kind), not a string") }
      return text
    }
  }

  /// A text, or nil for null.
  func optionalText(_ name: String) throws -> String? { try member(name).isNull ? nil : try text(name) }

  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
    guard let number = try member(name).integer, range.contains(number) else {
      throw failure(name, "it is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A whole number, or nil for null.
  func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    try member(name).isNull ? nil : try integer(name, in: range)
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
    guard let number = try member(name).double, range.contains(number) else {
      throw failure(name, "it is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func word<Value: Word>(_ name: String) throws -> Value {
    guard let value = Value(rawValue: try text(name)) else {
      throw failure(name, "it is not \(Value.allCases.map(\.rawValue).alternatives)")
    }
    return value
  }
}

extension JSON {
  /// Names and values of an object's members, in their order; none where it is not an object.
  var objectMembers: [(String, JSON)] {
    (object?.members ?? []).map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
  }

  /// The object with one more member at its end.
  func with(_ name: String, _ value: JSON) -> JSON { JSON(members: objectMembers + [(name, value)]) }
}
