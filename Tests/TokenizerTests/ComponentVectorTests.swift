import Foundation
import Support
import Testing
import Tokenizer

/// Ids by normalizer, pre-tokenizer and added tokens, as Hugging Face tokenizers gives them.
///
/// Scripts/make-component-vectors.py wrote them.
@Suite("Components of tokenizer.json: vectors")
struct ComponentVectorTests {
  /// Comparisons by kind, and what was refused.
  struct Result {
    var comparison = Comparison()
    var refusals: [String] = []
  }

  static func compare(_ file: URL) throws -> (normalizers: Result, tokenizers: Result) {
    var normalizers = Result()
    var tokenizers = Result()
    var shared: [[UInt8]] = []
    for bytes in try [UInt8](Data(contentsOf: file)).split(separator: 0x0A) {
      let line = try JSON.parse(Array(bytes))
      let texts = line["texts"]?.array?.map { $0.bytes ?? [] } ?? shared
      if let outputs = line["outputs"]?.array {
        try compare(line, texts, zip(texts, outputs).map { $1.bytes ?? $0 }, &normalizers)
      } else if let ids = line["ids"]?.array {
        try compare(line, texts, ids.map { $0.array?.compactMap(\.integer) }, &tokenizers)
      } else {
        shared = texts
      }
    }
    return (normalizers, tokenizers)
  }

  /// Texts and what they become: with the bytes for tokens, ids are bytes.
  private static func compare(_ line: JSON, _ texts: [[UInt8]], _ outputs: [[UInt8]], _ result: inout Result) throws {
    let bytes: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
    let whole = JSON(members: [("normalizer", line["normalizer"] ?? .null), ("pre_tokenizer", bytes)])
    try compare(whole, texts, outputs.map { $0.map(Int.init) }, &result)
  }

  private static func compare(_ line: JSON, _ texts: [[UInt8]], _ ids: [[Int]?], _ result: inout Result) throws {
    let parts = ["normalizer", "pre_tokenizer", "added_tokens"].map { line[$0] ?? .null }
    let name = parts.map { String(decoding: $0.encoded(), as: UTF8.self) }.joined(separator: " ")
    let tokenizer: BPETokenizer
    do {
      tokenizer = try tokenizers(line)
    } catch let error as TokenizerError {
      result.refusals.append("\(error.field ?? ""): \(error.reason)")
      return
    }
    for (text, expected) in zip(texts, ids) {
      guard let expected else { continue }
      let what = "\(name): \(String(decoding: text, as: UTF8.self).debugDescription)"
      result.comparison.expect(tokenizer.encode(text, addingSpecialTokens: false), expected, what)
      for bytesPerPart in [1, 5, 40] {
        let plan = tokenizer.plan(text, addingSpecialTokens: false, bytesPerPart: bytesPerPart)
        result.comparison.expect((0..<plan.count).flatMap { plan.ids(ofPart: $0) }, expected, "parts of \(what)")
      }
    }
  }

  private static func tokenizers(_ line: JSON) throws -> BPETokenizer {
    var vocabulary = (0..<256).map { String(decoding: ByteTokenizer.spelling([UInt8($0)]), as: UTF8.self) }
    vocabulary += (line["tokens"]?.array ?? []).compactMap(\.text)
    let added = (line["added_tokens"]?.array ?? []).enumerated().map { i, token in
      token.setting("id", to: JSON(vocabulary.count + i))
    }
    let vocab = JSON(members: vocabulary.enumerated().map { ($1, JSON($0)) })
    let json = JSON(members: [
      ("added_tokens", .array(added)), ("normalizer", line["normalizer"] ?? .null),
      ("pre_tokenizer", line["pre_tokenizer"] ?? .null),
      ("model", ["type": "BPE", "ignore_merges": true, "vocab": vocab, "merges": []]),
    ])
    return try TemporaryTokenizer(json).load()
  }

  @Test("Every normalizer and pre-tokenizer, and random ones one after the other with added tokens")
  func vectors() throws {
    let (normalizers, tokenizers) = try Self.compare(Vectors.fixtures.appendingPathComponent("components.jsonl"))
    for (result, least) in [(normalizers, 11000), (tokenizers, 9000)] {
      #expect(result.comparison.checked > least)
      #expect(
        result.comparison.differences.isEmpty,
        "\(result.comparison.differences.count) of \(result.comparison.checked), first \(result.comparison.differences.prefix(3))"
      )
    }
    #expect(normalizers.refusals.isEmpty)
    #expect(tokenizers.refusals.allSatisfy { $0.contains("is not supported; supported: ") }, "\(tokenizers.refusals)")
    #expect(tokenizers.refusals.count < 25, "\(tokenizers.refusals)")
  }
}
