import Support

/// JSON that is read, written and read again is the same; an error points into the text.
struct JSONTarget: FuzzTarget {
  static let name = "json"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let value: JSON
    do throws(JSONError) { value = try JSON.parse(bytes) } catch {
      try require((0...bytes.count).contains(error.offset), "\(error) is outside \(bytes.count) bytes")
      return
    }
    for indentation in [nil, 0, 2] {
      let written = value.encoded(indentation: indentation)
      let again: JSON
      do throws(JSONError) { again = try JSON.parse(written) } catch {
        throw FuzzFailure("what was written cannot be read: \(error)")
      }
      try require(same(value, again), "what was written reads as something else")
      try require(again.encoded(indentation: indentation) == written, "written twice, it differs")
    }
    if let number = value.integer { try require(value.double == Double(number), "two values of one number") }
  }

  private func same(_ a: JSON, _ b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.number(let a), .number(let b)): Array(a.utf8) == Array(b.utf8)
    case (.string(let a), .string(let b)): a == b
    case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy(same)
    case (.object(let a), .object(let b)):
      a.members.count == b.members.count
        && zip(a.members, b.members).allSatisfy { $0.key == $1.key && same($0.value, $1.value) }
    default: false
    }
  }
}
