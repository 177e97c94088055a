import ShapleyPrune
import Support

/// A line of a task, or of a file of prompts.
struct TaskLineTarget: FuzzTarget {
  static let name = "task-line"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let line = try accepted(naming: "line 1") { () throws(DocumentError) in
      try FieldReader(parsing: bytes, source: "line 1")
    }
    guard let line else { return }
    if let form = try accepted(naming: "line 1", { () throws(DocumentError) in try TaskForm(line) }),
      let item = try accepted(naming: "line 1", { () throws(DocumentError) in try form.item(line) })
    {
      try require(item.choices.count >= (form == .lastWord ? 1 : 2), "\(form) with \(item.choices.count) choices")
      try require(item.choices.indices.contains(item.answer), "there is no choice \(item.answer)")
      let members = Set(try line.members().map(\.name))
      try require(try form.unread(line).isStrictSubset(of: members), "fields that are not there are not read")
    }
    let prompt = try accepted(naming: "line 1") { () throws(DocumentError) in try GeneratePrompt(line) }
    guard let prompt else { return }
    try require(prompt.line.encoded() == line.json.encoded(), "the line of a prompt is another")
    if case .messages(let messages) = prompt.content {
      try require(!messages.isEmpty, "a conversation without messages")
    }
  }
}
