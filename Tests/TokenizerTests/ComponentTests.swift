import Support
import Testing
import Tokenizer

/// The table of supported components in Documentation/Tokenizers.md: what is not in it is refused by name.
@Suite("Components of tokenizer.json")
struct ComponentTests {
  /// Every type of component that tokenizers 0.23.3 knows and this tokenizer does not.
  static let unsupported: [(key: String, types: [String])] = [
    (
      "normalizer",
      [
        "BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled", "Strip",
        "StripAccents",
      ]
    ),
    (
      "pre_tokenizer",
      [
        "BertPreTokenizer", "CharDelimiterSplit", "FixedLength", "UnicodeScripts", "Whitespace",
        "WhitespaceSplit",
      ]
    ),
    ("model", ["Unigram", "WordLevel", "WordPiece"]),
    ("post_processor", ["BertProcessing", "RobertaProcessing"]),
    ("decoder", ["BPEDecoder", "CTC", "WordPiece"]),
  ]

  @Test("Case 39: every other component of the reference is refused by its name", arguments: unsupported.indices)
  func types(_ index: Int) throws {
    let (key, types) = Self.unsupported[index]
    for type in types {
      let directory = try TemporaryTokenizer(.small.setting(key, "type", to: JSON(type)))
      let start = "\(directory.file("tokenizer.json")): \(key).type: \(type) is not supported; supported: "
      let message = directory.error()?.description ?? "accepted"
      #expect(message.hasPrefix(start), "\(message)")
    }
  }

  @Test("A component within a sequence is named by its place")
  func sequences() throws {
    let wrong: JSON = ["type": "Wrong"]
    for (key, list) in [
      ("normalizer", "normalizers"), ("pre_tokenizer", "pretokenizers"), ("post_processor", "processors"),
      ("decoder", "decoders"),
    ] {
      let sequence = JSON(members: [("type", "Sequence"), (list, .array([wrong]))])
      let found = try TemporaryTokenizer(.small.setting(key, to: sequence)).error()
      #expect(found?.description.contains("\(key).\(list)[0].type: Wrong is not supported") == true, "\(key)")
    }
  }

  private static let long = String(repeating: "x", count: 4097)

  static let settings: [(key: String, component: JSON, field: String)] = [
    ("normalizer", ["type": "Replace", "pattern": ["Regex": "x+"], "content": ""], "normalizer.pattern.Regex"),
    ("normalizer", ["type": "Replace", "pattern": ["String": ""], "content": "x"], "normalizer.pattern.String"),
    (
      "pre_tokenizer", ["type": "Split", "pattern": ["String": ""], "behavior": "Isolated", "invert": false],
      "pre_tokenizer.pattern.String"
    ),
    (
      "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\s*"], "behavior": "Isolated", "invert": false],
      "pre_tokenizer.pattern.Regex"
    ),
    (
      "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\s+"], "behavior": "Removed", "invert": false],
      "pre_tokenizer.behavior"
    ),
    (
      "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\s+"], "behavior": "Isolated", "invert": true],
      "pre_tokenizer.invert"
    ),
    (
      "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\s+"], "behavior": "Removed", "invert": true],
      "pre_tokenizer.behavior"
    ),
    ("pre_tokenizer", ["type": "Punctuation", "behavior": "Removed"], "pre_tokenizer.behavior"),
    ("pre_tokenizer", ["type": "Metaspace", "replacement": "▁▁"], "pre_tokenizer.replacement"),
    (
      "pre_tokenizer", ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "last"],
      "pre_tokenizer.prepend_scheme"
    ),
    ("normalizer", ["type": "Prepend", "prepend": JSON(long)], "normalizer.prepend"),
    (
      "normalizer", ["type": "Replace", "pattern": ["String": JSON(long)], "content": ""], "normalizer.pattern.String"
    ),
    ("decoder", ["type": "Replace", "pattern": ["Regex": "x"], "content": ""], "decoder.pattern"),
    ("decoder", ["type": "Strip", "content": " ", "start": -1, "stop": 0], "decoder.start"),
    ("decoder", ["type": "Strip", "content": "ab", "start": 1, "stop": 0], "decoder.content"),
    (
      "decoder", ["type": "Sequence", "decoders": [["type": "ByteLevel"], ["type": "Fuse"]]], "decoder.decoders[0].type"
    ),
    ("post_processor", ["type": "TemplateProcessing", "single": []], "post_processor.single"),
    (
      "post_processor",
      ["type": "TemplateProcessing", "single": [["SpecialToken": ["id": "<s>"]]], "special_tokens": JSON(members: [])],
      "post_processor.single[0].SpecialToken.id"
    ),
  ]

  @Test("Settings that would change results are refused by their field", arguments: settings.indices)
  func refusedSettings(_ index: Int) throws {
    let (key, component, field) = Self.settings[index]
    let found = try TemporaryTokenizer(.small.setting(key, to: component)).error()
    #expect(found?.description.contains(": \(field)") == true, "\(String(describing: found))")
    #expect(found?.failureKind == .badData)
  }

  @Test("Steps that do not go together are refused")
  func orders() throws {
    let byteLevel: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true]
    let metaspace: JSON = ["type": "Metaspace", "replacement": "▁"]
    let digits: JSON = ["type": "Digits", "individual_digits": true]
    let spaced: JSON = ["type": "ByteLevel", "add_prefix_space": true]
    for (first, second): (JSON, JSON) in [
      (byteLevel, byteLevel), (byteLevel, metaspace), (metaspace, digits), (digits, spaced),
    ] {
      let sequence: JSON = ["type": "Sequence", "pretokenizers": [first, second]]
      let error = try TemporaryTokenizer(.small.setting("pre_tokenizer", to: sequence)).error()
      #expect(error?.field == "pre_tokenizer.pretokenizers[1].type")
      #expect(error?.reason.hasPrefix("this step after the ones before it is not supported; supported: ") == true)
    }
  }
}
