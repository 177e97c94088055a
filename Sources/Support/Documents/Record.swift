/// A value that is kept in a JSON document and says once which members it has there: the list writes and reads it.
package protocol Record: Sendable {
  /// The members, in the order in which they are written.
  static var fields: [RecordField<Self>] { get }

  /// A value whose fields are still to be read; a field that a file may lack keeps what it has here.
  init()

  /// Throws where fields that were read do not go together.
  func check(_ object: FieldReader) throws(DocumentError)
}

/// One member of a record, or several that stand side by side.
package struct RecordField<Owner>: Sendable {
  /// The member's key; nil for several members.
  let key: String?
  package let write: @Sendable (Owner) -> [(String, JSON)]
  package let read: @Sendable (inout Owner, FieldReader) throws(DocumentError) -> Void

  /// Several members, written and read by functions of their own; `read` gets the object that they are members of.
  package init(
    write: @escaping @Sendable (Owner) -> [(String, JSON)],
    read: @escaping @Sendable (inout Owner, FieldReader) throws(DocumentError) -> Void
  ) {
    key = nil
    self.write = write
    self.read = read
  }

  /// One member; where it is not required, a file may lack it.
  package init<Value>(
    _ key: String, _ path: WritableKeyPath<Owner, Value> & Sendable, _ format: FieldFormat<Value>,
    isRequired: Bool = true
  ) {
    self.key = key
    write = { [(key, format.write($0[keyPath: path]))] }
    read = { (owner, object) throws(DocumentError) in
      guard isRequired || object.json[key] != nil else { return }
      owner[keyPath: path] = try format.read(try object.member(key))
    }
  }

  /// One member that follows from others: it is written, and not looked at when it is read.
  package static func derived(_ key: String, _ json: @escaping @Sendable (Owner) -> JSON) -> RecordField {
    RecordField(write: { [(key, json($0))] }) { (_, _) throws(DocumentError) in }
  }

  /// The members of a record within the record, without an object around them.
  package static func members<Inner: Record>(of path: WritableKeyPath<Owner, Inner> & Sendable) -> RecordField {
    RecordField(write: { $0[keyPath: path].members }) { (owner, object) throws(DocumentError) in
      owner[keyPath: path] = try Inner(object)
    }
  }
}

extension Record {
  package func check(_ object: FieldReader) throws(DocumentError) {}

  package var members: [(String, JSON)] { Self.fields.flatMap { $0.write(self) } }
  package var json: JSON { JSON(members: members) }

  /// Reads what `json` wrote; members that the record does not know are left alone.
  package init(_ object: FieldReader) throws(DocumentError) {
    self.init()
    _ = try object.object()
    for field in Self.fields { try field.read(&self, object) }
    try check(object)
  }

  /// Reads some members of what `json` wrote, and does not look at the others.
  package init(_ object: FieldReader, only keys: Set<String>) throws(DocumentError) {
    self.init()
    for field in Self.fields {
      if let key = field.key, keys.contains(key) { try field.read(&self, object) }
    }
  }
}

/// How a value stands in a document.
package struct FieldFormat<Value>: Sendable {
  package let write: @Sendable (Value) -> JSON
  package let read: @Sendable (FieldReader) throws(DocumentError) -> Value

  package init(
    write: @escaping @Sendable (Value) -> JSON,
    read: @escaping @Sendable (FieldReader) throws(DocumentError) -> Value
  ) {
    self.write = write
    self.read = read
  }

  /// Null for nil.
  package var orNull: FieldFormat<Value?> {
    FieldFormat<Value?>(write: { $0.map(write) ?? .null }) { (field) throws(DocumentError) in
      field.json.isNull ? nil : try read(field)
    }
  }

  /// An array.
  package var list: FieldFormat<[Value]> {
    FieldFormat<[Value]>(write: { .array($0.map(write)) }) { (field) throws(DocumentError) in
      try field.elements().map(read)
    }
  }

  /// An object whose members have names of their own, in their order.
  package var named: FieldFormat<[Named<Value>]> {
    FieldFormat<[Named<Value>]> { entries in
      JSON(members: entries.map { ($0.name, write($0.value)) })
    } read: { (field) throws(DocumentError) in
      try field.members().map { (name, value) throws(DocumentError) in Named(name, try read(value)) }
    }
  }
}

/// A value under a name.
package struct Named<Value> {
  package let name: String
  package var value: Value

  package init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}

extension Named: Sendable where Value: Sendable {}
extension Named: Equatable where Value: Equatable {}

extension FieldFormat where Value == String {
  package static var text: Self { Self(write: { JSON($0) }) { (field) throws(DocumentError) in try field.text() } }
}

extension FieldFormat where Value == Int {
  package static func integer(in range: ClosedRange<Int> = 0...Int.max) -> Self {
    Self(write: { JSON($0) }) { (field) throws(DocumentError) in try field.integer(in: range) }
  }
}

extension FieldFormat where Value == Double {
  package static func number(in range: ClosedRange<Double>? = nil) -> Self {
    Self(write: { JSON($0) }) { (field) throws(DocumentError) in try field.number(in: range) }
  }

  /// A number; null stands for one that is not finite.
  package static var numberOrNull: Self {
    Self(write: { JSON($0) }) { (field) throws(DocumentError) in field.json.isNull ? .nan : try field.number() }
  }
}

extension FieldFormat where Value == UInt64 {
  package static var seed: Self {
    Self(write: { .number("\($0)") }) { (field) throws(DocumentError) in try field.seed() }
  }
}

extension FieldFormat where Value: RawRepresentable & CaseIterable & Sendable, Value.RawValue == String {
  package static var word: Self {
    Self(write: { JSON($0.rawValue) }) { (field) throws(DocumentError) in try field.word() }
  }
}

extension FieldFormat where Value == JSON {
  /// The member as it stands.
  package static var json: Self { Self(write: { $0 }) { (field) throws(DocumentError) in field.json } }
}

extension FieldFormat where Value: Record {
  package static var record: Self { Self(write: \.json) { (field) throws(DocumentError) in try Value(field) } }
}

extension JSON {
  /// Names and values of an object's members, in their order; none where it is not an object.
  package var objectMembers: [(String, JSON)] {
    (object?.members ?? []).map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
  }

  /// The object with one more member at its end.
  package func with(_ name: String, _ value: JSON) -> JSON { JSON(members: objectMembers + [(name, value)]) }

  /// The object with the members of another whose names it does not have, at its end.
  package func adding(_ other: JSON) -> JSON {
    let own = objectMembers
    let names = Set(own.map(\.0))
    return JSON(members: own + other.objectMembers.filter { !names.contains($0.0) })
  }

  /// The SHA-256 of the compact form, in hexadecimal digits.
  package var sha256: String { SHA256.hexadecimal(of: encoded()) }
}
