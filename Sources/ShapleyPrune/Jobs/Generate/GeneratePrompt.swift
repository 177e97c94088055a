import Support
import Tokenizer

/// What a model is to continue.
public struct GeneratePrompt: Sendable {
  /// A text, or a conversation.
  public enum Content: Sendable, Equatable {
    /// The beginning of a text; in a conversation with a model, what a person says.
    case text(String)
    /// What was said so far, which the model's chat template writes.
    case messages([ChatTemplate.Message])
  }

  /// What is continued.
  public var content: Content
  /// Where the random numbers begin that draw its text; nil for where the job says.
  public var seed: UInt64?
  /// What messages call it, such as a file and a line.
  public let name: String
  /// The line of a file that it is, with all its members: whoever wrote the line finds them beside the result.
  package let line: JSON

  /// Whether it is a conversation, which the model's chat template writes.
  var isConversation: Bool { if case .messages = content { true } else { false } }

  /// A text.
  public init(_ text: String, name: String = "the prompt") {
    (content, self.name, line) = (.text(text), name, ["prompt": JSON(text)])
  }

  /// A conversation, which should end with what the model is to answer.
  public init(messages: [ChatTemplate.Message], name: String = "the conversation") {
    let said = messages.map { ["role": JSON($0.role), "content": JSON($0.content)] as JSON }
    (content, self.name, line) = (.messages(messages), name, ["messages": .array(said)])
  }

  /// The prompt of a line.
  ///
  /// Throws `DocumentError` where it has neither a `prompt` nor `messages`, or messages that end with the model's own or that have more than
  /// a role and a content, or `tools` or `documents` beside them, and where its `seed` is no whole number from 0.
  package init(_ fields: FieldReader) throws(DocumentError) {
    _ = try fields.object()
    (name, line) = (fields.source, fields.json)
    seed = try fields.optional("seed").map { (field) throws(DocumentError) in UInt64(try field.integer()) }
    for name in ["tools", "documents"] where fields.optional("messages") != nil {
      guard let field = fields.optional(name), field.json.array?.isEmpty != true else { continue }
      throw field.failure("a template is given none here; leave them out")
    }
    guard let messages = fields.optional("messages") else {
      content = .text(try fields.member("prompt").text())
      return
    }
    guard fields.json["prompt"] == nil else {
      throw fields.failure("the line has a prompt, too; it can have one of them", at: "messages")
    }
    var said: [ChatTemplate.Message] = []
    for message in try messages.elements() {
      for member in try message.members() where !["role", "content"].contains(member.name) && !member.value.json.isNull
      {
        throw member.value.failure("a message can have a role and a content")
      }
      said.append(
        ChatTemplate.Message(role: try message.member("role").text(), content: try message.member("content").text()))
    }
    guard let last = said.last, last.role != "assistant" else {
      throw messages.failure("they must end with what the model is to answer")
    }
    content = .messages(said)
  }

  /// The prompts of a file of JSON lines, each an object with the member `prompt`, or with `messages` that have a `role` and a `content`; `-`
  /// is standard input.
  ///
  /// Throws `DocumentError` where a line is something else, or there is none.
  public static func read(_ path: String) throws -> [GeneratePrompt] {
    var prompts: [GeneratePrompt] = []
    try JSONLines.forEach(in: path, kind: "a prompt", acceptsNonFinite: false) {
      prompts.append(try GeneratePrompt($0))
    }
    guard !prompts.isEmpty else { throw DocumentError(TextInput(path: path).name, reason: "there is no prompt in it") }
    return prompts
  }
}
