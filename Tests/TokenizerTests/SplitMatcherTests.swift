import Support
import Testing
import Tokenizer

/// The matcher against other matchers, and its time.
@Suite("Split patterns: matcher")
struct SplitMatcherTests {
  static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  static let llama3 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
    + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  static let gpt4 =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"#
    + #"|\s+(?!\S)|\s"#
  static let deepSeek = [
    #"\p{N}{1,3}"#, "[一-龥]+",
    #"[!-/][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s+(?!\S)|\s+"#,
  ]

  private static let units = [
    "a", "Z", "ſ", "s", "S", "re", "LL", "é", "e\u{301}", "日", "ß", "1", "23", "4567", "٣", "½", "\u{11DE1}", " ", " ",
    "  ", "\t", "\n",
    "\n\n", "\r\n", "\r", "\u{85}", "\u{A0}", "\u{3000}", "\u{2028}", "\u{FEFF}", "\u{0}", "'", "'s", "'LL", "'ſ", ".",
    "!?", "/", "😀",
  ]

  private static func text(_ generator: inout SeededGenerator, upTo count: Int) -> [UInt8] {
    let few = (0..<Int.random(in: 2...8, using: &generator)).compactMap { _ in units.randomElement(using: &generator) }
    let length = Int.random(in: 0...count, using: &generator)
    return Array((0..<length).compactMap { _ in few.randomElement(using: &generator) }.joined().utf8)
  }

  private static func compile(_ patterns: [String]) throws -> [SplitPattern] {
    try patterns.map { try SplitPattern(Array($0.utf8)) }
  }

  @Test("Both scanners find what the matcher finds", arguments: [gpt2, llama3])
  func scanners(_ pattern: String) throws {
    var generator = SeededGenerator(seed: 11)
    let patterns = try Self.compile([pattern])
    let withDigits = try Self.compile([#"[\p{N}\x{11DE0}-\x{11DE9}\x{16FF4}-\x{16FF6}]"#, pattern])
    for _ in 0..<4000 {
      let text = Self.text(&generator, upTo: 30)
      let name = String(decoding: text, as: UTF8.self).debugDescription
      #expect(
        SplitPattern.scannerEnds(of: Array(pattern.utf8), in: text) == SplitPattern.ends(of: patterns, in: text),
        "\(name)")
      #expect(
        SplitPattern.scannerEnds(of: Array(pattern.utf8), isolatingDigits: true, in: text)
          == SplitPattern.ends(of: withDigits, in: text), "\(name) with digits")
    }
  }

  @Test("Random patterns find what a matcher finds that goes back")
  func backtracking() throws {
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<3000 {
      let reference = BacktrackingPattern.random(using: &generator)
      let pattern = try SplitPattern(Array(reference.written.utf8))
      for _ in 0..<5 {
        let text = (0..<Int.random(in: 0...10, using: &generator)).compactMap { _ in
          BacktrackingPattern.alphabet.randomElement(using: &generator)
        }
        let found = SplitPattern.ends(of: [pattern], in: text)
        #expect(
          found == reference.ends(in: text),
          "\(reference.written) in \(String(decoding: text, as: UTF8.self).debugDescription)")
      }
    }
  }

  @Test("A safe cut changes no piece", arguments: [[gpt2], [llama3], [gpt4], deepSeek, ["[ab]+", #"\s"#, #"\s+$|b"#]])
  func safeCuts(_ patterns: [String]) throws {
    var generator = SeededGenerator(seed: 13)
    let compiled = try Self.compile(patterns)
    var count = 0
    for _ in 0..<1500 { count += Self.checkCuts(compiled, Self.text(&generator, upTo: 20), "\(patterns)") }
    #expect(count > 2000)
  }

  @Test("A safe cut of random patterns changes no piece")
  func safeCutsOfRandomPatterns() throws {
    var generator = SeededGenerator(seed: 14)
    var count = 0
    for _ in 0..<1500 {
      let written = (0..<Int.random(in: 1...2, using: &generator)).map { _ in
        BacktrackingPattern.random(using: &generator).written
      }
      let patterns = try Self.compile(written)
      for _ in 0..<3 {
        let text = (0..<10).compactMap { _ in BacktrackingPattern.alphabet.randomElement(using: &generator) }
        count += Self.checkCuts(patterns, text, "\(written)")
      }
    }
    #expect(count > 500)
  }

  /// Compares the pieces of a text with those of its two parts, for each cut; returns how many there are.
  private static func checkCuts(_ patterns: [SplitPattern], _ text: [UInt8], _ name: String) -> Int {
    let whole = SplitPattern.ends(of: patterns, in: text)
    let cuts = SplitPattern.safeCuts(of: patterns, in: text)
    for cut in cuts {
      let right = SplitPattern.ends(of: patterns, in: Array(text[cut...])).map { $0 + cut }
      let both = SplitPattern.ends(of: patterns, in: Array(text[..<cut])) + right
      #expect(both == whole, "\(name): \(String(decoding: text, as: UTF8.self).debugDescription) cut at \(cut)")
    }
    return cuts.count
  }

  /// Texts of a megabyte on which a matcher that goes back, or starts over at each piece, takes hours.
  @Test(
    "A megabyte takes no longer than its length", .timeLimit(.minutes(1)),
    arguments: [
      ([gpt2], " ", "x"), ([llama3], " ", "x"), ([llama3], "\n ", "x"), ([gpt4], " ", "x"), (deepSeek, " ", "x"),
      ([#"\s+$"#], " ", "x"), (["a*b|a"], "a", "c"), (["(?:a|b)*c|a"], "ab", ""), (["(?:a|aa)+c"], "a", "b"),
      ([#"[^\r\n]*+x|."#], "y", ""), (["(?:a+b?){1,20}c|a"], "a", ""),
    ])
  func linearTime(_ patterns: [String], _ unit: String, _ tail: String) throws {
    let text = Array((String(repeating: unit, count: 1_000_000 / unit.utf8.count) + tail).utf8)
    let ends = SplitPattern.ends(of: try Self.compile(patterns), in: text)
    #expect(ends.last == text.count)
    #expect(ends == ends.sorted())
  }

  @Test("A long text is cut window by window, with the same pieces")
  func windows() throws {
    var generator = SeededGenerator(seed: 15)
    let pattern: JSON = ["type": "Split", "pattern": ["Regex": JSON("(?:\(Self.llama3))")], "behavior": "Isolated"]
    let byteLevel: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
    let text = (0..<4000).flatMap { _ in Self.text(&generator, upTo: 30) }
    #expect(text.count > 100_000)
    var start = 0
    let pieces = SplitPattern.ends(of: try Self.compile([Self.llama3]), in: text).map { end in
      defer { start = end }
      return Array(text[start..<end])
    }
    let tokenizer = try ByteTokenizer.make(
      pieces, preTokenizer: ["type": "Sequence", "pretokenizers": [pattern, byteLevel]])
    #expect(tokenizer.encode(text) == pieces.map { tokenizer.id(ofPiece: ByteTokenizer.spelling($0)) ?? -1 })
    let plan = tokenizer.plan(text, bytesPerPart: 1000)
    #expect(plan.count > 80)
    #expect((0..<plan.count).flatMap { plan.ids(ofPart: $0) } == tokenizer.encode(text))
  }
}
