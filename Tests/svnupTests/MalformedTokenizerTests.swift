import Foundation
import Support
import TestSupport
import Testing

/// Tokenizers that are malformed in one way each, given to the executable; and texts that tempt a tokenizer to go wrong.
@Suite("Malformed tokenizers, end to end")
struct MalformedTokenizerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The malformed file.
    let file: String
    let bytes: [UInt8]
    let parts: [String]

    init(_ name: String, _ file: String = "tokenizer.json", _ bytes: [UInt8], _ parts: String...) {
      self.init(name, file, bytes, parts: parts)
    }

    private init(_ name: String, _ file: String, _ bytes: [UInt8], parts: [String]) {
      (testDescription, self.file, self.bytes, self.parts) = (name, file, bytes, parts)
    }

    /// A `tokenizer.json` of a and b; more members of its model, and beside it.
    static func json(
      _ name: String, vocabulary: String = #""a":0,"b":1,"ab":2"#, merges: String = #""a b""#, model: String = "",
      beside: String = "", _ parts: String...
    ) -> Case {
      let model = #"{"type":"BPE","vocab":{\#(vocabulary)},"merges":[\#(merges)]\#(model)}"#
      return Case(name, "tokenizer.json", Array(#"{"model":\#(model)\#(beside)}"#.utf8), parts: parts)
    }
  }

  static let cases: [Case] = [
    .json("Case 35: a merge of an absent token", merges: #""a c""#, "merge 0", #""c""#),
    .json("Case 36: a merge with two spaces", merges: #""a b c""#, "merge 0", "one space"),
    .json("Case 37: two tokens of one id", vocabulary: #""a":0,"b":0"#, merges: "", "id 0", #""a" and "b""#),
    .json("Case 37: an id that is too large", vocabulary: #""a":16777216"#, merges: "", "model.vocab", "16777215"),
    .json("Case 38: byte fallback without its tokens", model: #","byte_fallback":true"#, "<0x00>"),
    .json(
      "Case 39: an unknown normalizer", beside: #","normalizer":{"type":"Precompiled"}"#, "normalizer.type",
      "Precompiled"),
    .json(
      "Case 39: an unknown pre-tokenizer", beside: #","pre_tokenizer":{"type":"UnicodeScripts"}"#,
      "pre_tokenizer.type"),
    .json(
      "Case 40: an unknown split pattern",
      beside: #","pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\w+(?<!x)"},"behavior":"Isolated"}"#,
      "pre_tokenizer.pattern.Regex",
      "at character 4", "look-behind"),
    Case(
      "Case 41: a number of 11 bytes", "tokenizer.model", [0x0A] + Array(repeating: 0x80, count: 10) + [1], "byte 1"),
    Case("Case 41: a length past the end", "tokenizer.model", [0x0A, 5, 1], "byte 1", "5 bytes where 1 are left"),
    Case(
      "Case 41: a score that is no number", "tokenizer.model", [0x0A, 5, 0x15, 0, 0, 0xC0, 0x7F], "score", "byte 2"),
    Case(
      "Case 42: a pointer of Git LFS", "tokenizer.model", Array("version https://git-lfs.github.com/".utf8), "git lfs"),
  ]

  @Test("A malformed tokenizer", arguments: cases)
  func refusal(_ test: Case) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, test.file)
      try MalformedModelTests.write(test.bytes, to: path)
      let message = try CommandRunner().refusal(["tokenize", folder, "ab"], status: 65)
      for part in [path] + test.parts { #expect(message.contains(part), "'\(message)' does not say '\(part)'") }
    }
  }

  @Test("Case 43: a megabyte of one letter, and one of blanks", arguments: ["a", " "])
  func huge(letter: String) throws {
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "text")
      try MalformedModelTests.write(Array(String(repeating: letter, count: 1 << 20).utf8), to: path)
      let start = ContinuousClock.now
      let ids = try CommandRunner().json(["tokenize", Inputs.embedded, "--file", path])["ids"]?.array
      #expect(ContinuousClock.now - start < .seconds(120), "quadratic time would take hours")
      #expect(try #require(ids).count > 1000)
    }
  }

  @Test("Case 45: CR LF, U+FEFF and NUL have the ids of Hugging Face", arguments: ["kjv1024", "kjv-opt"])
  func unusualCharacters(name: String) throws {
    try withTemporaryFolder { folder in
      let lines = try File.contents(of: Fixtures.path("tokenizers/\(name).jsonl")).split(separator: 0x0A).map(
        Array.init)
      let unusual = try lines.map { try JSON.parse($0) }.filter { line in
        let bytes = line["text"]?.bytes ?? []
        return bytes.contains(0) || bytes.contains(0x0D) || bytes.contains(0xEF)
      }
      #expect(unusual.count > 20)
      let path = Path.join(folder, "texts.jsonl")
      try MalformedModelTests.write(unusual.flatMap { $0.encoded() + [0x0A] }, to: path)
      let words = ["tokenize", Fixtures.path("tokenizers/\(name)"), "--jsonl", path]
      let result = try CommandRunner().run(words)
      #expect(result.status == 0, "\(result.error)")
      let found = try result.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8))["ids"]?.integers }
      #expect(found == unusual.map { $0["ids_special"]?.integers })
    }
  }
}
