import Support
import Tokenizer

/// A chat template and, behind a byte of zero, what a person says.
struct ChatTemplateTarget: FuzzTarget {
  static let name = "chat-template"
  private static let file = "chat_template.jinja"

  init(scratch: ScratchFolder) {}

  func check(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let said = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : "Who?"
    let template = try accepted(naming: Self.file) { () throws(TokenizerError) in
      try ChatTemplate(
        String(decoding: parts[0], as: UTF8.self), specialTokens: ["bos_token": "<s>"], name: Self.file)
    }
    guard let template else { return }
    let now = LocalTime(year: 2024, month: 2, day: 29)
    let messages: [ChatTemplate.Message] = [.system("Be brief."), .user(said)]
    let text = try accepted(naming: Self.file) { () throws(TokenizerError) in
      try template.text(messages, now: now, steps: 20_000)
    }
    guard let text else { return }
    try require(text.utf8.count <= 32 << 20, "the text has \(text.utf8.count) bytes")
    try require(try template.text(messages, now: now, steps: 20_000) == text, "the same messages become another text")
  }
}
