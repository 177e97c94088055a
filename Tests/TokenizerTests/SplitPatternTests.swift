import Support
import Testing
import Tokenizer

/// The pieces of the split patterns, as the reference's regular-expression engine finds them.
@Suite("Split patterns")
struct SplitPatternTests {
  /// A byte-level tokenizer whose tokens are bytes and these pieces, so that ids show where a text was cut.
  private func tokenizer(_ pieces: [String], preTokenizer: JSON) throws -> BPETokenizer {
    let bytes = (0..<256).map { [UInt8($0)] }
    let words = pieces.map { Array($0.utf8) }.filter { $0.count > 1 }
    var vocabulary: [(String, JSON)] = []
    var known: Set<[UInt8]> = []
    for word in bytes + words where known.insert(word).inserted {
      vocabulary.append((word.map(Self.spelling).joined(), JSON(vocabulary.count)))
    }
    let json: JSON = [
      "pre_tokenizer": preTokenizer, "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "ignore_merges": true, "vocab": JSON(members: vocabulary), "merges": []],
    ]
    return try TemporaryTokenizer(json).load()
  }

  /// A byte in the alphabet of byte-level vocabularies.
  private static func spelling(_ byte: UInt8) -> String {
    let isItself = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
    if isItself { return String(Unicode.Scalar(byte)) }
    let others = (0..<256).filter { !((0x21...0x7E).contains($0) || (0xA1...0xAC).contains($0) || $0 >= 0xAE) }
    return String(Unicode.Scalar(UInt32(0x100 + (others.firstIndex(of: Int(byte)) ?? 0))) ?? " ")
  }

  private func expect(_ pieces: [String], _ preTokenizer: JSON) throws {
    let tokenizer = try tokenizer(pieces, preTokenizer: preTokenizer)
    let text = pieces.joined()
    let found = tokenizer.encode(text, addingSpecialTokens: false).map { tokenizer.decode([$0]) }
    #expect(found == pieces.map { Array($0.utf8) })
    #expect(tokenizer.text(of: tokenizer.encode(text)).utf8.elementsEqual(text.utf8))
  }

  @Test(
    "The pattern of GPT-2",
    arguments: [
      ["It", "'s", " we", "'", "LL", " '", "Tis", " don", "'", "\u{17F}top", " o", "'", "\u{17F}"],
      ["a", " ", " b", "\u{9}", "\u{9}", "c", " \u{A}\u{A} ", " d", "   "],
      ["12345", " 67", " \u{662}\u{663}3", "x"],
      ["(", "x", ")!?", "\u{D}\u{A}\u{D}\u{A}", " y", "...", "\u{A}"],
      ["\u{A0}", "\u{3000}", "z", "\u{2028}", "w", " \u{E9}t\u{E9}", " e", "\u{301}"],
      ["'", "\u{BD}", " ''", "re", " '", "re", "'re"],
      ["\u{9}", "Tab", " ", "\u{9}", "x", "\u{D}", "\u{A}", "y", " \u{D}\u{A}", " z"],
    ])
  func gpt2(_ pieces: [String]) throws {
    try expect(pieces, ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true])
  }

  @Test(
    "The pattern of LLaMA 3",
    arguments: [
      ["It", "'s", " we", "'LL", " '", "Tis", " don", "'\u{17F}", "top", " o", "'\u{17F}"],
      ["a", " ", " b", "\u{9}", "\u{9}c", " \u{A}\u{A}", " ", " d", "   "],
      ["123", "45", " ", "67", " ", "\u{662}\u{663}3", "x"],
      ["(x", ")!?\u{D}\u{A}\u{D}\u{A}", " y", "...\u{A}"],
      ["\u{A0}", "\u{3000}z", "\u{2028}w", " \u{E9}t\u{E9}", " e", "\u{301}"],
      ["'", "\u{BD}", " ''", "re", " '", "re", "'re"],
      ["\u{9}Tab", " ", "\u{9}x", "\u{D}\u{A}", "y", " \u{D}\u{A}", " z"],
    ])
  func llama3(_ pieces: [String]) throws {
    let pattern =
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    let split: JSON = ["type": "Split", "pattern": ["Regex": JSON(pattern)], "behavior": "Isolated", "invert": false]
    let byteLevel: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
    try expect(pieces, ["type": "Sequence", "pretokenizers": [split, byteLevel]])
  }
}
