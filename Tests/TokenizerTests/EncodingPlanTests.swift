import Foundation
import Support
import TestSupport
import Testing
import Tokenizer

/// A text in parts has the ids of the whole, however it is cut and whoever encodes the parts.
@Suite("Encoding in parts")
struct EncodingPlanTests {
  struct Source: Sendable, CustomTestStringConvertible {
    var vectors: Vectors
    var format: BPETokenizer.Format
    var testDescription: String { "\(vectors.name), \(format.rawValue)" }
    func load() throws -> BPETokenizer { try BPETokenizer(directory: vectors.directory, format: format) }
  }

  static let sources: [Source] = {
    let own = ["kjv1024", "kjv-opt"].map { Vectors(root: Vectors.fixtures, name: $0) }
    let shared = ["llama2", "llama3", "gpt2", "opt", "stories3m"].filter(Vectors.isShared)
      .map { Vectors(root: Vectors.shared, name: $0) }
    return (own + shared).flatMap { vectors in
      BPETokenizer.Format.allCases
        .filter { FileManager.default.fileExists(atPath: Path.join(vectors.directory, $0.rawValue)) }
        .map { Source(vectors: vectors, format: $0) }
    }
  }()

  private static let units = [
    "a", "b", "the", "And", "God", "ſ", "é", "e\u{301}", "日本", "한", "ß", "Ω", "x", "1", "23", "4567", "٣", "½", " ",
    " ", " ",
    "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\r", "\u{85}", "\u{A0}", "\u{3000}", "\u{2028}", "\u{FEFF}", "\u{0}",
    "\u{200D}",
    "▁", "'", "'s", "'LL", "'re", "\u{2019}", ".", ",", "!?", "...", "-", "_", "<", ">", "😀", "👩‍👩‍👧", "</s>", "<s>",
    "<unk>", "<pad>",
    "<|endoftext|>", "<|begin_of_text|>", "<|eot_id|>", "</", "<|end", "<0x0A>",
  ]

  @Test("Random texts of letters, blanks, digits, symbols and special tokens", arguments: sources)
  func randomTexts(_ source: Source) throws {
    let tokenizer = try source.load()
    var generator = SeededGenerator(seed: 5)
    var cuts = 0
    for _ in 0..<400 {
      // A text of few different units has more of the repetitions that merges and blanks are about.
      let units = (0..<Int.random(in: 2...12, using: &generator)).compactMap { _ in
        Self.units.randomElement(using: &generator)
      }
      let count = Int.random(in: 0..<120, using: &generator)
      let text = Array((0..<count).compactMap { _ in units.randomElement(using: &generator) }.joined().utf8)
      for recognizing in [true, false] {
        let whole = tokenizer.encode(text, recognizingSpecialTokens: recognizing)
        for bytesPerPart in [1, 5, 40, 1000] {
          let plan = tokenizer.plan(text, recognizingSpecialTokens: recognizing, bytesPerPart: bytesPerPart)
          cuts += max(0, plan.count - 1)
          let ids = (0..<plan.count).flatMap { plan.ids(ofPart: $0) }
          #expect(ids == whole, "\(String(decoding: text, as: UTF8.self).debugDescription) in parts of \(bytesPerPart)")
        }
      }
    }
    #expect(cuts > 10_000, "the texts were hardly cut")
  }

  @Test("Parts encoded at the same time, last first", arguments: sources)
  func concurrency(_ source: Source) async throws {
    let tokenizer = try source.load()
    let text = Array(try String(contentsOfFile: Fixtures.path("tokenizers/added-tokens.jsonl"), encoding: .utf8).utf8)
    let whole = tokenizer.encode(text)
    let plan = tokenizer.plan(text, bytesPerPart: 1 << 12)
    #expect(plan.count > 20)
    let parts = await withTaskGroup(of: (Int, [Int]).self) { group in
      for part in (0..<plan.count).reversed() { group.addTask { (part, plan.ids(ofPart: part)) } }
      var parts = [[Int]](repeating: [], count: plan.count)
      for await (part, ids) in group { parts[part] = ids }
      return parts
    }
    #expect(Array(parts.joined()) == whole)
  }

  @Test("Parts have about the length that was asked for; text without a safe place is one part")
  func lengths() throws {
    let tokenizer = try BPETokenizer(directory: Vectors(root: Vectors.fixtures, name: "kjv1024").directory)
    let words = Array(String(repeating: "In the beginning God created. ", count: 1000).utf8)
    #expect((38...41).contains(tokenizer.plan(words, bytesPerPart: 1000).count))
    // Blanks take three bytes each in these parts.
    #expect(tokenizer.plan([], addingSpecialTokens: false).count == 0)
    #expect(tokenizer.plan([]).count == 1)
    let opt = try BPETokenizer(directory: Vectors(root: Vectors.fixtures, name: "kjv-opt").directory)
    #expect(opt.plan([UInt8](repeating: 0x61, count: 5000), bytesPerPart: 10).count == 1)
  }

  @Test("Metaspace, prefix spaces and whole-word vocabularies in parts", arguments: ["always", "first", "never"])
  func otherPreTokenizers(_ scheme: String) throws {
    var generator = SeededGenerator(seed: 6)
    let kjv = try JSON.parse(Vectors(root: Vectors.fixtures, name: "kjv1024").bytes("tokenizer.json"))
    let opt = try JSON.parse(Vectors(root: Vectors.fixtures, name: "kjv-opt").bytes("tokenizer.json"))
    let tokenizers =
      try [true, false].map { splits in
        let metaspace: JSON = [
          "type": "Metaspace", "replacement": "▁", "prepend_scheme": JSON(scheme), "split": .bool(splits),
        ]
        return try TemporaryTokenizer(kjv.setting("normalizer", to: .null).setting("pre_tokenizer", to: metaspace))
          .load()
      } + [
        TemporaryTokenizer(opt.setting("pre_tokenizer", "add_prefix_space", to: true)).load(),
        TemporaryTokenizer(kjv.setting("model", "ignore_merges", to: true)).load(),
        TemporaryTokenizer(.small.setting("model", "fuse_unk", to: true)).load(),
      ]
    for _ in 0..<200 {
      let text = Array((0..<40).compactMap { _ in Self.units.randomElement(using: &generator) }.joined().utf8)
      for tokenizer in tokenizers {
        let plan = tokenizer.plan(text, bytesPerPart: 6)
        #expect((0..<plan.count).flatMap { plan.ids(ofPart: $0) } == tokenizer.encode(text))
      }
    }
  }
}
