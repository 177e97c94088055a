import Support

/// How a model wants the messages of a conversation to be written: the chat template of a checkpoint.
///
///     let template = try ChatTemplate(directory: "SmolLM2-135M-Instruct")
///     let text = try template.text([.user("What is a Shapley value?")])
///     let ids = tokenizer.encode(Array(text.utf8), addingSpecialTokens: false)
///
/// Templates are written in Jinja (https://jinja.palletsprojects.com). Understood is the part of it that the templates of LLaMA, Mistral, Qwen
/// and SmolLM use for messages (Documentation/Generate.md), with the blanks as Hugging Face sets them (`trim_blocks`, `lstrip_blocks`); what is
/// not known is refused with its place, most of it only where it would be carried out: macros and other statements at once, filters, functions
/// and tests when they are met.
public struct ChatTemplate: Sendable {
  /// A message of a conversation.
  public struct Message: Sendable, Equatable {
    /// Who speaks: `system`, `user` or `assistant`; some templates know others.
    public var role: String
    /// What is said.
    public var content: String

    /// A message of anybody's.
    public init(role: String, content: String) { (self.role, self.content) = (role, content) }

    /// What a person says.
    public static func user(_ content: String) -> Message { Message(role: "user", content: content) }

    /// What the model said.
    public static func assistant(_ content: String) -> Message { Message(role: "assistant", content: content) }

    /// What the model is told about itself.
    public static func system(_ content: String) -> Message { Message(role: "system", content: content) }
  }

  private let statements: [TemplateStatement]
  private let source: [UInt8]
  /// What messages call it.
  private let name: String
  /// The texts of special tokens by their names, such as `bos_token`.
  private let specialTokens: [(name: String, text: String)]

  /// A template given as a text; `specialTokens` are the names that it may use for tokens, and their texts.
  ///
  /// Throws `TokenizerError` where it uses a statement or a form of expression that is not known.
  public init(
    _ template: String, specialTokens: KeyValuePairs<String, String> = [:], name: String = "the chat template"
  ) throws(TokenizerError) {
    try self.init(template, specialTokens: specialTokens.map { ($0.key, $0.value) }, name: name)
  }

  private init(
    _ template: String, specialTokens: [(name: String, text: String)], name: String
  ) throws(TokenizerError) {
    // As Jinja reads it: whatever ends a line is a line feed.
    let text = template.pieces(between: "\r\n").joined(separator: "\n").pieces(between: "\r").joined(separator: "\n")
    (source, self.name, self.specialTokens) = (Array(text.utf8), name, specialTokens)
    do throws(TemplateProblem) {
      var parser = try TemplateParser(text)
      statements = try parser.statements()
    } catch { throw Self.failure(error, source, name) }
  }

  /// The template of a model directory: `chat_template.jinja`, or `chat_template` in `tokenizer_config.json`, of several the default.
  ///
  /// Throws `TokenizerError` where there is none, or where it uses what is not known.
  public init(directory: String) throws(TokenizerError) {
    let configuration = try TokenizerConfiguration(directory: directory)
    var tokens: [(name: String, text: String)] = []
    for role in TokenizerConfiguration.roles {
      if let text = try configuration.text(of: role) { tokens.append((role, text)) }
    }
    let file = Path.join(directory, "chat_template.jinja")
    if FileSystem.isListed(file) {
      let bytes: [UInt8]
      do throws(FileError) { bytes = try File.contents(of: file, limit: 1 << 20) } catch { throw TokenizerError(error) }
      if let offset = UTF8Validation.firstInvalidOffset(in: bytes) {
        throw TokenizerError(file, reason: "the template is not UTF-8: the first wrong byte is at offset \(offset)")
      }
      try self.init(String(decoding: bytes, as: UTF8.self), specialTokens: tokens, name: file)
      return
    }
    guard let field = configuration.root.optional("chat_template"), !field.json.isNull else {
      throw TokenizerError(
        directory,
        reason: "the model has no chat template: it was not made for conversations, so give it a text to continue")
    }
    let path = Path.join(directory, "tokenizer_config.json") + ": chat_template"
    if field.json.array == nil {
      try self.init(try field.text(), specialTokens: tokens, name: path)
      return
    }
    for entry in try field.elements() where try entry.member("name").text() == "default" {
      try self.init(try entry.member("template").text(), specialTokens: tokens, name: path)
      return
    }
    throw field.failure("none of the templates is the default one")
  }

  /// The messages as the model wants them, and behind them the beginning of its own where `addingPrompt` is set.
  ///
  /// Throws `TokenizerError` where the template refuses the messages, or needs what is not known.
  ///
  /// A template may write the date of today, so that another day has another text.
  ///
  /// Complexity: what the template does, at most ten million steps.
  public func text(_ messages: [Message], addingPrompt: Bool = true) throws(TokenizerError) -> String {
    try text(messages, addingPrompt: addingPrompt, now: .now)
  }

  /// The same at a time, in at most so many steps.
  package func text(
    _ messages: [Message], addingPrompt: Bool = true, now: LocalTime, steps: Int = 10_000_000
  ) throws(TokenizerError) -> String {
    var names: [String: TemplateValue] = [
      "messages": .list(
        messages.map { .object([("role", .string($0.role)), ("content", .string($0.content))]) }),
      "add_generation_prompt": .bool(addingPrompt),
      // Hugging Face gives them to every template, also where there are none.
      "tools": .none, "documents": .none,
    ]
    for token in specialTokens { names[token.name] = .string(token.text) }
    var evaluation = TemplateEvaluation(names, now: now, steps: steps)
    do throws(TemplateProblem) { try evaluation.run(statements) } catch { throw Self.failure(error, source, name) }
    return evaluation.output
  }

  private static func failure(_ problem: TemplateProblem, _ source: [UInt8], _ name: String) -> TokenizerError {
    let before = source.prefix(problem.place)
    let line = before.count { $0 == 0x0A } + 1
    let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
    return TokenizerError(name, field: "line \(line), column \(column)", reason: problem.reason)
  }
}
