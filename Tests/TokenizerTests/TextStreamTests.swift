import Foundation
import Support
import Testing
import Tokenizer

/// Text as it comes during generation.
///
/// That all of it together is the decoded text, every reference vector checks.
@Suite("Streaming text")
struct TextStreamTests {
  private let kjv = Vectors(root: Vectors.fixtures, name: "kjv1024").directory
  private let kjvOPT = Vectors(root: Vectors.fixtures, name: "kjv-opt").directory

  private func parts(_ ids: [Int], _ tokenizer: BPETokenizer, skippingSpecialTokens: Bool = false) -> [String] {
    var stream = tokenizer.stream(skippingSpecialTokens: skippingSpecialTokens)
    return ids.map { stream.append($0) } + [stream.finish()]
  }

  @Test("Words come at once, the first without the space that encoding put there", arguments: ["json", "model"])
  func words(_ format: String) throws {
    let tokenizer = try BPETokenizer(
      directory: kjv, format: format == "json" ? .tokenizerJSON : .tokenizerModel)
    let ids = tokenizer.encode("And God said", addingSpecialTokens: false)
    let found = parts([1] + ids, tokenizer, skippingSpecialTokens: true)
    #expect(found.first == "")
    #expect(found.last == "")
    #expect(found.dropFirst().first?.hasPrefix("A") == true)
    #expect(found.dropFirst().dropLast().allSatisfy { !$0.isEmpty })
    #expect(found.joined() == "And God said")
    var continuing = tokenizer.stream(continuing: true)
    #expect(ids.map { continuing.append($0) }.joined() + continuing.finish() == " And God said")
    // Blanks of the text itself stay.
    #expect(parts(tokenizer.encode("  a", addingSpecialTokens: false), tokenizer).joined() == "  a")
  }

  @Test("Byte-level pieces: a character comes with its last byte, and half of one at the end as U+FFFD")
  func byteLevel() throws {
    let tokenizer = try BPETokenizer(directory: kjvOPT)
    let ids = try "😀".utf8.map { byte in try #require(tokenizer.id(ofPiece: Self.spelling(of: byte))) }
    let letter = try #require(tokenizer.id(ofPiece: Array("a".utf8)))
    #expect(parts(ids, tokenizer) == ["", "", "", "😀", ""])
    #expect(parts(ids.dropLast(), tokenizer) == ["", "", "", "\u{FFFD}"])
    #expect(parts([ids[0], ids[1], letter], tokenizer) == ["", "", "\u{FFFD}a", ""])
    #expect(parts([ids[3], letter], tokenizer) == ["\u{FFFD}", "a", ""])
    #expect(parts([ids[0], ids[0]], tokenizer) == ["", "\u{FFFD}", "\u{FFFD}"])
  }

  private static func spelling(of byte: UInt8) -> [UInt8] {
    // The four bytes of U+1F600 in the alphabet of byte-level vocabularies.
    Array(([0xF0: "ð", 0x9F: "Ł", 0x98: "ĺ", 0x80: "Ģ"][byte] ?? "").utf8)
  }

  @Test("Byte fallback of tokenizer.json: a run waits for its end, since one wrong byte spoils all of it")
  func byteFallback() throws {
    let tokenizer = try BPETokenizer(directory: kjv, format: .tokenizerJSON)
    let ids = try "😀é".utf8.map { try #require(tokenizer.id(ofPiece: Array(String(format: "<0x%02X>", $0).utf8))) }
    let letter = try #require(tokenizer.id(ofPiece: Array("a".utf8)))
    #expect(parts(ids + [letter], tokenizer) == ["", "", "", "", "", "", "😀éa", ""])
    #expect(parts(ids, tokenizer) == ["", "", "", "", "", "", "😀é"])
    #expect(parts(ids.dropLast() + [letter], tokenizer).joined() == String(repeating: "\u{FFFD}", count: 5) + "a")
  }

  @Test("Byte fallback of sentencepiece: a character comes with its last byte; wrong bytes are U+FFFD each")
  func sentencePieceBytes() throws {
    let tokenizer = try BPETokenizer(directory: kjv, format: .tokenizerModel)
    let ids = try "😀é".utf8.map { try #require(tokenizer.id(ofPiece: Array(String(format: "<0x%02X>", $0).utf8))) }
    let letter = try #require(tokenizer.id(ofPiece: Array("a".utf8)))
    #expect(parts(ids, tokenizer) == ["", "", "", "😀", "", "é", ""])
    #expect(parts(ids.prefix(3) + [letter], tokenizer) == ["", "", "", "\u{FFFD}\u{FFFD}\u{FFFD}a", ""])
    #expect(parts(Array(ids.prefix(5)), tokenizer) == ["", "", "", "😀", "", "\u{FFFD}"])
  }

  @Test("Ids of no token have no text")
  func unknownIDs() throws {
    for directory in [kjv, kjvOPT] {
      #expect(try parts([-1, 99_999, .max, .min], BPETokenizer(directory: directory)) == ["", "", "", "", ""])
    }
  }

  /// A chain of decoders, what it is given, and what tokenizers 0.23.3 makes of it.
  struct Chain: Sendable, CustomTestStringConvertible {
    let steps: JSON
    let spellings: [String]
    let text: String
    var testDescription: String { String(decoding: steps.encoded(), as: UTF8.self) }
  }

  private static let fuse: JSON = ["type": "Fuse"]
  private static let byteFallback: JSON = ["type": "ByteFallback"]

  private static func strip(_ content: String, _ start: Int, _ stop: Int) -> JSON {
    ["type": "Strip", "content": JSON(content), "start": JSON(start), "stop": JSON(stop)]
  }

  private static func replace(_ pattern: String, _ content: String) -> JSON {
    ["type": "Replace", "pattern": ["String": JSON(pattern)], "content": JSON(content)]
  }

  private static func metaspace(_ scheme: String) -> JSON {
    ["type": "Metaspace", "replacement": "▁", "prepend_scheme": JSON(scheme), "split": true]
  }

  static let chains: [Chain] = [
    Chain(steps: [fuse, metaspace("always")], spellings: ["▁a", "▁b", "c"], text: "abc"),
    Chain(steps: [metaspace("always")], spellings: ["▁a", "▁b", "c▁"], text: "a bc "),
    Chain(steps: [metaspace("never")], spellings: ["▁a", "▁b", "c▁"], text: " a bc "),
    Chain(steps: [fuse, strip("a", 2, 1)], spellings: ["a", "aa", "ba", "a"], text: "aba"),
    Chain(steps: [fuse, strip("a", 0, 2)], spellings: ["b", "a", "a", "a"], text: "ba"),
    Chain(steps: [fuse, strip(" ", 2, 0)], spellings: [" ", "  a", " b"], text: " a b"),
    Chain(steps: [fuse, strip(" ", 3, 0)], spellings: [" ", " a", " b"], text: "a b"),
    Chain(steps: [strip(" ", 1, 0)], spellings: ["  a", " b", "c"], text: " abc"),
    Chain(steps: [fuse, replace("ab", "x")], spellings: ["a", "b", "aab", "ab"], text: "xaxx"),
    Chain(steps: [replace("ab", "x")], spellings: ["a", "b", "aab", "ab"], text: "abaxx"),
    Chain(steps: [fuse, byteFallback], spellings: ["<0x", "41>"], text: "A"),
    Chain(steps: [fuse, byteFallback], spellings: ["<0x", "c1>"], text: "\u{FFFD}"),
    Chain(steps: [byteFallback, fuse, replace("é", "e")], spellings: ["<0xC3>", "<0xA9>", "e"], text: "ee"),
    Chain(
      steps: [byteFallback],
      spellings: ["a", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>", "b", "<0xF0>", "<0x41>", "c", "<0xE4>", "<0x+A>"],
      text: "a😀b\u{FFFD}\u{FFFD}c\u{FFFD}\u{FFFD}"),
  ]

  @Test("Chains of decoders, before and after Fuse", arguments: chains)
  func chain(_ chain: Chain) throws {
    var known: [String] = []
    for spelling in chain.spellings where !known.contains(spelling) { known.append(spelling) }
    let vocabulary = JSON(members: known.enumerated().map { ($1, JSON($0)) })
    let json = JSON.small.setting("added_tokens", to: []).setting(
      "decoder", to: ["type": "Sequence", "decoders": chain.steps]
    )
    .setting("model", to: ["type": "BPE", "vocab": vocabulary, "merges": []])
    let tokenizer = try TemporaryTokenizer(json).load()
    let ids = chain.spellings.compactMap { known.firstIndex(of: $0) }
    #expect(tokenizer.text(of: ids) == chain.text)
    #expect(parts(ids, tokenizer).joined() == chain.text)
  }

  @Test("Any bytes in any portions: the stream and the whole are the same, and what ended stays ended")
  func randomBytes() throws {
    var generator = SeededGenerator(seed: 11)
    for (directory, format) in [
      (kjv, BPETokenizer.Format.tokenizerModel), (kjv, .tokenizerJSON), (kjvOPT, .tokenizerJSON),
    ] {
      let tokenizer = try BPETokenizer(directory: directory, format: format)
      for _ in 0..<2000 {
        let ids = (0..<Int.random(in: 0..<24, using: &generator)).map { _ in Int.random(in: 0..<300, using: &generator)
        }
        let found = parts(ids, tokenizer)
        let whole = tokenizer.text(of: ids)
        #expect(found.joined().utf8.elementsEqual(whole.utf8))
        // What came for the first half does not depend on the second.
        let half = parts(Array(ids.prefix(ids.count / 2)), tokenizer).dropLast()
        #expect(half.elementsEqual(found.prefix(half.count)) { $0.utf8.elementsEqual($1.utf8) })
      }
    }
  }
}
