import Support
import Testing
import Tokenizer

/// The table of supported components in Documentation/Tokenizers.md: what is not in it is refused by name.
@Suite("Components of tokenizer.json")
struct ComponentTests {
  /// Every type of component that tokenizers 0.23.3 knows and this tokenizer does not.
  static let unsupported: [(key: String, types: [String])] = [
    ("normalizer", ["ByteLevel", "Precompiled"]),
    ("pre_tokenizer", ["UnicodeScripts"]),
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
    ("normalizer", ["type": "Replace", "pattern": ["Regex": "x*"], "content": ""], "normalizer.pattern.Regex"),
    ("normalizer", ["type": "Replace", "pattern": ["Regex": "^x"], "content": ""], "normalizer.pattern.Regex"),
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
      "pre_tokenizer", ["type": "Split", "pattern": ["Regex": "\\s+"], "behavior": "removed", "invert": false],
      "pre_tokenizer.behavior"
    ),
    ("pre_tokenizer", ["type": "Punctuation", "behavior": "Removes"], "pre_tokenizer.behavior"),
    ("pre_tokenizer", ["type": "CharDelimiterSplit", "delimiter": "ab"], "pre_tokenizer.delimiter"),
    ("pre_tokenizer", ["type": "FixedLength", "length": 0], "pre_tokenizer.length"),
    ("pre_tokenizer", ["type": "FixedLength", "length": 500], "pre_tokenizer.length"),
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
    let first: JSON = ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"]
    for (first, second): (JSON, JSON) in [
      (byteLevel, byteLevel), (byteLevel, metaspace), (byteLevel, spaced), (metaspace, spaced), (metaspace, metaspace),
      (digits, first),
    ] {
      let sequence: JSON = ["type": "Sequence", "pretokenizers": [first, second]]
      let error = try TemporaryTokenizer(.small.setting("pre_tokenizer", to: sequence)).error()
      #expect(error?.field == "pre_tokenizer.pretokenizers[1].type")
      #expect(error?.reason.hasPrefix("this step after the ones before it is not supported; supported: ") == true)
    }
  }

  @Test("What the first character was must be known where a space is put before it alone")
  func starts() throws {
    let first: JSON = ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"]
    let strip: JSON = ["type": "Strip", "strip_left": true, "strip_right": false]
    let json = JSON.small.setting("pre_tokenizer", to: first)
    #expect(try TemporaryTokenizer(json.setting("normalizer", to: ["type": "NFC"])).error() == nil)
    let found = try TemporaryTokenizer(json.setting("normalizer", to: strip)).error()
    #expect(found?.description.contains("pre_tokenizer: prepend_scheme first with a normalizer that removes") == true)
  }

  @Test("An added token of which the normalizer leaves nothing is refused")
  func emptyTokens() throws {
    let token: JSON = ["id": 6, "content": "\u{301}", "normalized": true]
    let json = JSON.small.setting("normalizer", to: ["type": "StripAccents"])
    let found = try TemporaryTokenizer(json.setting("added_tokens", to: [token])).error()
    #expect(found?.field == "added_tokens")
    #expect(found?.reason.contains("of which the normalizer leaves nothing") == true)
  }

  @Test("Normalizers that multiply a text are refused once it is too much, however they are nested")
  func growth() throws {
    func error(_ types: [String]) throws -> TokenizerError? {
      let steps = types.map { type -> JSON in
        type.isEmpty ? ["type": "Replace", "pattern": ["String": " "], "content": "▁"] : ["type": JSON(type)]
      }
      return try TemporaryTokenizer(
        .small.setting("normalizer", to: ["type": "Sequence", "normalizers": .array(steps)])
      )
      .error()
    }
    #expect(try error(["NFKC", "Lowercase", "", "StripAccents"]) == nil)
    #expect(try error(["NFKC", "NFD"]) == nil)
    #expect(try error(["NFKC", "Lowercase", "NFKC"])?.reason == nil)
    #expect(try error(["NFKC", "", "NFKC"])?.reason.hasPrefix("making a text 363 times as long") == true)
    #expect(try error(Array(repeating: "NFD", count: 4))?.reason.hasPrefix("making a text 81 times as long") == true)
    #expect(try error(Array(repeating: "NFKD", count: 60))?.reason.contains("up to 64 times") == true)
    let pattern: JSON = ["type": "Replace", "pattern": ["Regex": "x+"], "content": ""]
    let many: JSON = ["type": "Sequence", "normalizers": .array(Array(repeating: pattern, count: 17))]
    let found = try TemporaryTokenizer(.small.setting("normalizer", to: many)).error()
    #expect(found?.reason.hasPrefix("17 patterns is not supported; supported: up to 16") == true)
    #expect(try error(Array(repeating: "Nmt", count: 40))?.reason.contains("66 steps") == true)
  }

  @Test("Flags of tokenizer_config.json that the post-processor contradicts do not count, and a note says so")
  func contradictedFlags() throws {
    let configuration = #"{"add_eos_token": true, "add_bos_token": false}"#
    let files = try TemporaryTokenizer([
      "tokenizer.json": JSON.small.encoded(), "tokenizer_config.json": Array(configuration.utf8),
    ])
    let tokenizer = try files.load()
    #expect(try tokenizer.encode("abc") == TemporaryTokenizer(.small).load().encode("abc"))
    #expect(tokenizer.notes.count == 1)
    #expect(tokenizer.notes.first?.contains("add_eos_token of tokenizer_config.json is true, but") == true)
  }

  @Test("A vocabulary that loses something of a text has a note")
  func notes() throws {
    #expect(try TemporaryTokenizer(.small).load().notes.isEmpty)
    let silent = try TemporaryTokenizer(JSON.small.setting("model", "unk_token", to: .null))
    #expect(
      try silent.load().notes == [
        "\(silent.file("tokenizer.json")): characters without a token are dropped, as in Hugging Face"
      ])
    let bytes: JSON = ["type": "ByteLevel"]
    #expect(try ByteTokenizer.make([], preTokenizer: bytes).notes.isEmpty)
    let few = try TemporaryTokenizer(
      JSON.small.setting("pre_tokenizer", to: bytes).setting("model", "unk_token", to: .null))
    let note = "241 of the 243 bytes of UTF-8 have no token: such bytes are dropped, as in Hugging Face"
    #expect(try few.load().notes == ["\(few.file("tokenizer.json")): \(note)"])
    #expect(try few.load().encode("abcba") == [3, 4])
  }
}
