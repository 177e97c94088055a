import Support
import TestSupport
import Testing

/// A record with a member of every form.
private struct Sample: Record, Equatable {
  enum Kind: String, CaseIterable, Sendable { case plain, odd }

  struct Inner: Record, Equatable {
    var size = 0
    init() {}
    init(size: Int) { self.size = size }
    static let fields: [RecordField<Inner>] = [RecordField("size", \.size, .integer(in: 0...9))]
  }

  var name = ""
  var kind = Kind.plain
  var share: Double?
  var seed: UInt64 = 0
  var inner = Inner()
  var beside = Inner()
  var list: [Inner] = []
  var named: [Named<Double>] = []
  var added = 7

  init() {}

  static let fields: [RecordField<Sample>] = [
    RecordField("name", \.name, .text), RecordField("kind", \.kind, .word),
    RecordField("share", \.share, FieldFormat.number(in: 0...1).orNull), RecordField("seed", \.seed, .seed),
    RecordField("inner", \.inner, .record), .members(of: \.beside),
    RecordField("list", \.list, FieldFormat.record.list), RecordField("named", \.named, FieldFormat.number().named),
    .derived("count") { JSON($0.list.count) }, RecordField("added", \.added, .integer(), isRequired: false),
  ]

  func check(_ object: FieldReader) throws(DocumentError) {
    if name == "forbidden" { throw try object.member("name").failure("it is forbidden") }
  }
}

@Suite struct RecordTests {
  private static let good = #"""
    {"name": "a", "kind": "odd", "share": 0.5, "seed": 18446744073709551615, "inner": {"size": 1}, "size": 2,
     "list": [{"size": 3}, {"size": 4}], "named": {"y": 1, "x": 2}, "unknown": [1], "added": 8}
    """#

  private func read(_ text: String) throws -> Sample {
    try Sample(FieldReader(parsing: Array(text.utf8), source: "r.json"))
  }

  @Test("A record reads back as it was written, in the order of its fields")
  func roundTrip() throws {
    let sample = try read(Self.good)
    #expect(sample.seed == .max && sample.beside.size == 2 && sample.list.map(\.size) == [3, 4])
    #expect(sample.named == [Named("y", 1), Named("x", 2)])
    #expect(try read(String(decoding: sample.json.encoded(), as: UTF8.self)) == sample)
    #expect(
      sample.members.map(\.0)
        == ["name", "kind", "share", "seed", "inner", "size", "list", "named", "count", "added"])
  }

  @Test("A member that an older version did not write keeps its usual value")
  func missing() throws {
    #expect(try read(Self.good.replacing(#", "added": 8"#, with: "")).added == 7)
  }

  @Test("Only the members that are asked for are looked at")
  func only() throws {
    let text = #"{"name": "b", "kind": "unheard of", "list": [{"size": 5}]}"#
    let sample = try Sample(FieldReader(parsing: Array(text.utf8), source: "r.json"), only: ["name", "list"])
    #expect(sample.name == "b" && sample.list.map(\.size) == [5] && sample.kind == .plain)
  }

  @Test(
    "A wrong member is an error that names the file and the path",
    arguments: [
      (#""name": "a""#, #""name": 1"#, "name", "it is a number, not a string"),
      (#""name": "a""#, #""name": "forbidden""#, "name", "it is forbidden"),
      (#""kind": "odd""#, #""kind": "even""#, "kind", "it is not plain or odd"),
      (#""kind": "odd", "#, "", "kind", "it is missing"),
      ("0.5", "1.5", "share", "1.5 is not between 0 and 1"), ("0.5", "1e999", "share", "the number is too large"),
      (#""size": 1"#, #""size": 10"#, "inner.size", "it is not a whole number from 0 to 9"),
      (#""size": 1"#, #""size": null"#, "inner.size", "it is not a whole number from 0 to 9"),
      (#"{"size": 4}"#, "4", "list[1]", "it is a number, not an object"),
      (#"{"size": 4}"#, #"{"size": -1}"#, "list[1].size", "it is not a whole number from 0 to 9"),
      (#""x": 2"#, #""x": true"#, "named.x", "it is a boolean, not a number"),
      ("18446744073709551615", "-1", "seed", "it is not a whole number of 64 bits"),
    ])
  func wrong(_ old: String, _ new: String, _ field: String, _ reason: String) throws {
    try #require(Self.good.contains(old))
    let error = try? thrown(DocumentError.self) { try read(Self.good.replacing(old, with: new)) }
    #expect(error == DocumentError("r.json", field: field, reason: reason))
    #expect(error?.description == "r.json: \(field): \(reason)")
    #expect(error?.failureKind == .badData)
  }

  @Test("A document that is no object, and one that is no JSON, are refused")
  func documents() {
    #expect(throws: DocumentError("r.json", reason: "it is an array, not an object")) { try read("[]") }
    #expect(throws: DocumentError.self) { try read("{") }
  }
}
