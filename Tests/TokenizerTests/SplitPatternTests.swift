import Support
import Testing
import Tokenizer

/// The pieces of the split patterns, as the reference's regular-expression engine finds them.
@Suite("Split patterns")
struct SplitPatternTests {
  private func expect(_ pieces: [String], _ preTokenizer: JSON) throws {
    let tokenizer = try ByteTokenizer.make(pieces.map { Array($0.utf8) }, preTokenizer: preTokenizer)
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
