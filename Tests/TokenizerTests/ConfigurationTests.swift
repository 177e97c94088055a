import Support
import TestSupport
import Testing
import Tokenizer

/// What the files beside a vocabulary do to ids, in vectors of transformers 5.23 (Scripts/make-configuration-vectors.py).
@Suite("Tokenizer configurations")
struct ConfigurationTests {
  private static let kjv = Vectors(root: Vectors.fixtures, name: "kjv1024")
  private static let kjvOPT = Vectors(root: Vectors.fixtures, name: "kjv-opt")
  static let cases = (try? Vectors(root: Vectors.fixtures, name: "configurations").encodings.indices) ?? 0..<0

  @Test("Added and special tokens, flags, and which file goes before which", arguments: cases)
  func vectors(_ index: Int) throws {
    let vector = try Vectors(root: Vectors.fixtures, name: "configurations").encodings[index]
    let name = vector["name"]?.text ?? ""
    var files: [String: [UInt8]] = [:]
    for file in vector["copied"]?.array?.compactMap(\.text) ?? [] { files[file] = try Self.kjvOPT.bytes(file) }
    for (file, contents) in vector["files"]?.object?.members ?? [] {
      files[String(decoding: file, as: UTF8.self)] = contents.encoded()
    }
    let tokenizer = try TemporaryTokenizer(files).load()
    if files["tokenizer.json"] == nil { #expect(tokenizer.vocabularySize == vector["size"]?.integer, "\(name)") }
    #expect(tokenizer.encode(vector["text"]?.bytes ?? []) == vector.ids("ids"), "\(name)")
    #expect(tokenizer.encode("") == vector.ids("ids_empty"), "\(name)")
    // A configuration that numbers its tokens makes the smaller files superfluous.
    let isNumbered = name == "numbered tokens over a map"
    #expect(tokenizer.definingFiles.contains("special_tokens_map.json") == (name.contains("map") && !isNumbered))
  }

  @Test("All configurations are there")
  func count() { #expect(Self.cases.count >= 19) }

  private func model(_ configuration: JSON, _ others: [String: JSON] = [:]) throws -> BPETokenizer {
    var files = [
      "tokenizer.model": try Self.kjv.bytes("tokenizer.model"), "tokenizer_config.json": configuration.encoded(),
    ]
    for (name, contents) in others { files[name] = contents.encoded() }
    return try TemporaryTokenizer(files).load()
  }

  private static let added: JSON = [
    "1024": ["content": "<x>", "special": true, "normalized": false],
    "1025": ["content": "<pad>", "special": true, "normalized": false],
    "2": ["content": "</s>", "special": true, "normalized": false],
  ]
  private static let text = "In <x> </s>the<pad> a<x>b"

  @Test("tokenizer.model: added tokens are split out; `legacy` says which fragments get a space in front")
  func addedToModel() throws {
    // The ids are those of transformers 5.23.
    let legacy = try model(["legacy": true, "added_tokens_decoder": Self.added])
    #expect(
      legacy.encode(Self.text, addingSpecialTokens: false)
        == [299, 968, 962, 1024, 962, 962, 2, 261, 1025, 962, 262, 1024, 273])
    let once = try model(["legacy": false, "added_tokens_decoder": Self.added])
    #expect(
      once.encode(Self.text, addingSpecialTokens: false)
        == [299, 968, 962, 1024, 962, 2, 259, 963, 1025, 262, 1024, 982])
    #expect(once.encode("<x>b", addingSpecialTokens: false) == [1024, 982])
    #expect(once.text(of: [1, 299, 968, 1024], skippingSpecialTokens: true) == "In")
    let file = try model(["legacy": true], ["added_tokens.json": ["<x>": 1024]])
    #expect(file.encode("a<x>", addingSpecialTokens: false) == [262, 1024])
    #expect(file.definingFiles == ["tokenizer.model", "tokenizer_config.json", "added_tokens.json"])
    let padded = try model([:], ["special_tokens_map.json": ["pad_token": "<pad>", "eos_token": "</s>"]])
    // `</s>` is plain text to sentencepiece; `<pad>` exists only as a special token.
    #expect(padded.encode("a</s>", addingSpecialTokens: false).contains(2) == false)
    #expect(padded.encode("a<pad>", addingSpecialTokens: false) == [262, 1024])
  }

  @Test("tokenizer.model: add_bos_token, add_eos_token, add_prefix_space")
  func flags() throws {
    #expect(try model(["add_bos_token": false, "add_eos_token": true]).encode("In") == [299, 968, 2])
    #expect(try model(["add_prefix_space": false]).encode("In") == [1, 988, 968])
    #expect(try model(["add_prefix_space": false]).text(of: [262]) == " a")
  }

  @Test("tokenizer.json's own post-processor goes before add_bos_token and add_eos_token, as in transformers 5")
  func postProcessor() throws {
    let configuration: JSON = ["add_bos_token": false, "add_eos_token": true]
    let tokenizer = try TemporaryTokenizer([
      "tokenizer.json": Self.kjv.bytes("tokenizer.json"), "tokenizer_config.json": configuration.encoded(),
    ]).load()
    #expect(tokenizer.encode("") == [1])
  }

  @Test("Characters that are dropped for want of an unknown token let merges reach across, however the text is cut")
  func droppedCharacters() throws {
    func tokenizer(_ unknown: JSON) throws -> BPETokenizer {
      try TemporaryTokenizer(
        [
          "model": [
            "type": "BPE", "vocab": ["c": 0, "d": 1, "cd": 2, "<unk>": 3], "merges": ["c d"], "unk_token": unknown,
          ]
        ] as JSON
      ).load()
    }
    let dropping = try tokenizer(.null)
    for (text, ids) in [("c3d", [2]), ("c33d", [2]), ("3c3d3", [2]), ("d3c", [1, 0]), ("33", []), ("cd3cd", [2, 2])] {
      #expect(dropping.encode(text, addingSpecialTokens: false) == ids, "\(text)")
      #expect(dropping.encodeInParallel(Array(text.utf8)) == ids, "\(text)")
    }
    #expect(try tokenizer("<unk>").encode("c3d", addingSpecialTokens: false) == [0, 3, 1])
  }

  @Test("Byte-fallback with ByteLevel is refused where it would be taken; a setting of GPT-2 that is not read is named")
  func byteLevel() throws {
    let bytes = (0...255).map { ("<0x\($0 < 16 ? "0" : "")\(String($0, radix: 16, uppercase: true))>", JSON($0 + 1)) }
    let vocabulary = JSON(members: [("a", 0)] + bytes)
    let fallback: JSON = [
      "model": ["type": "BPE", "vocab": vocabulary, "merges": [], "byte_fallback": true],
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
    ]
    let error = try thrown(TokenizerError.self) { try TemporaryTokenizer(fallback).load() }
    #expect("\(error)".contains("model.byte_fallback"), "\(error)")
    let sequence: JSON = [
      "model": ["type": "BPE", "vocab": ["a": 0], "merges": []],
      "pre_tokenizer": ["type": "Sequence", "pretokenizers": [["type": "ByteLevel", "add_prefix_space": false]]],
    ]
    for (setting, isNamed) in [(true, true), (false, false)] {
      let tokenizer = try TemporaryTokenizer([
        "tokenizer.json": sequence.encoded(),
        "tokenizer_config.json":
          JSON(members: [("tokenizer_class", "GPT2Tokenizer"), ("add_prefix_space", JSON(setting))]).encoded(),
      ]).load()
      #expect(tokenizer.notes.contains { $0.contains("add_prefix_space") } == isNamed)
    }
  }

  @Test(
    "Tokens that the configuration adds to a tokenizer.json join it with the ids of transformers and are named",
    arguments: ["added_tokens_decoder", "added_tokens.json", "special_tokens_map.json", "roles"])
  func addedBeside(_ place: String) throws {
    let tokens = ["<|a|>", "<|b|>"]
    func listed(_ id: Int, _ content: String) -> (String, JSON) {
      ("\(id)", JSON(members: [("content", JSON(content)), ("special", true), ("normalized", false)]))
    }
    let files: [String: JSON] =
      switch place {
      // `<s>` is in the file, whose settings count; the numbers of the others do not follow the vocabulary.
      case "added_tokens_decoder":
        [
          "tokenizer_config.json": [
            "added_tokens_decoder": JSON(members: [listed(1, "<s>"), listed(1030, "<|a|>"), listed(1031, "<|b|>")])
          ]
        ]
      case "added_tokens.json": ["added_tokens.json": ["<|a|>": 1024, "<|b|>": 1025]]
      case "special_tokens_map.json":
        ["special_tokens_map.json": ["additional_special_tokens": .array(tokens.map { JSON($0) })]]
      default: ["tokenizer_config.json": ["eos_token": "<|a|>", "pad_token": "<|b|>"]]
      }
    let tokenizer = try TemporaryTokenizer(
      ["tokenizer.json": Self.kjv.bytes("tokenizer.json")].merging(files.mapValues { $0.encoded() }) { $1 }
    ).load()
    // One that is not special is sought behind the normalizer, which puts a space in front of every part.
    let text = place == "added_tokens.json" ? "<|b|>" : "<|a|><|b|><s>"
    let ids = place == "added_tokens.json" ? [1025] : [1024, 1025, 1]
    #expect(tokenizer.encode(text, addingSpecialTokens: false) == ids)
    #expect(tokenizer.endOfText == (place == "roles" ? 1024 : tokenizer.endOfText))
    let claims = place == "added_tokens_decoder" ? [" (not 1030)", " (not 1031)"] : ["", ""]
    #expect(
      tokenizer.notes.contains { $0.hasSuffix("<|a|> as 1024\(claims[0]), <|b|> as 1025\(claims[1])") },
      "\(tokenizer.notes)")
    #expect(try TemporaryTokenizer(["tokenizer.json": Self.kjv.bytes("tokenizer.json")]).load().notes.isEmpty)
  }

  @Test(
    "Settings in added_tokens_decoder count where tokenizer.json has others, and a role makes special what has them from there"
  )
  func decoderSettings() throws {
    let listed: [(String, JSON)] = [
      ("1", ["content": "<s>", "lstrip": true, "special": true, "normalized": false]),
      ("1024", ["content": "<|end|>", "special": false, "normalized": false]),
    ]
    let configuration: JSON = ["added_tokens_decoder": JSON(members: listed), "eos_token": "<|end|>"]
    let tokenizer = try TemporaryTokenizer([
      "tokenizer.json": Self.kjv.bytes("tokenizer.json"), "tokenizer_config.json": configuration.encoded(),
    ]).load()
    // As transformers 5.24 does it.
    #expect(tokenizer.encode("a <s>b") == [1, 262, 1, 273])
    #expect(tokenizer.encode("a<|end|>b") == [1, 262, 1024, 273])
    #expect(tokenizer.text(of: [1, 262, 1024, 273], skippingSpecialTokens: true) == "a b")
    #expect(tokenizer.endOfText == 1024)
  }

  @Test("add_prefix_space that contradicts tokenizer.json is named, whatever the class")
  func contradictedSpace() throws {
    for (setting, isNamed) in [(false, true), (true, false)] {
      let configuration = JSON(members: [("tokenizer_class", "LlamaTokenizer"), ("add_prefix_space", JSON(setting))])
      let tokenizer = try TemporaryTokenizer([
        "tokenizer.json": Self.kjv.bytes("tokenizer.json"), "tokenizer_config.json": configuration.encoded(),
      ]).load()
      #expect(tokenizer.notes.contains { $0.contains("add_prefix_space") } == isNamed)
    }
  }

  @Test("A second TemplateProcessing is refused, since the reference takes it for pairs")
  func templates() throws {
    let template: JSON = [
      "type": "TemplateProcessing", "single": [["Sequence": ["id": "A"]], ["SpecialToken": ["id": "<unk>"]]],
      "special_tokens": ["<unk>": ["id": "<unk>", "ids": [3], "tokens": ["<unk>"]]],
    ]
    func load(_ processors: [JSON]) throws -> BPETokenizer {
      try TemporaryTokenizer(
        [
          "model": [
            "type": "BPE", "vocab": ["c": 0, "d": 1, "cd": 2, "<unk>": 3], "merges": ["c d"], "unk_token": "<unk>",
          ],
          "post_processor": ["type": "Sequence", "processors": .array(processors)],
        ] as JSON
      ).load()
    }
    #expect(try load([["type": "ByteLevel"], template]).encode("cd") == [2, 3])
    let error = try thrown(TokenizerError.self) {
      try load([template, ["type": "Sequence", "processors": [template]]])
    }
    #expect("\(error)".contains("post_processor.processors[1].processors[0]: a second TemplateProcessing"), "\(error)")
  }

  @Test("A setting that would change what the caller asks for is refused by name")
  func splitSpecialTokens() throws {
    let directory = try TemporaryTokenizer([
      "tokenizer.json": Self.kjv.bytes("tokenizer.json"),
      "tokenizer_config.json": JSON(members: [("split_special_tokens", true)]).encoded(),
    ])
    let reason = "true is not supported; supported: false"
    let file = directory.file("tokenizer_config.json")
    #expect(directory.error() == TokenizerError(file, field: "split_special_tokens", reason: reason))
  }

  @Test("Wrong fields are named with their file")
  func errors() throws {
    func error(_ files: [String: JSON]) throws -> String {
      var all = ["vocab.json": try Self.kjvOPT.bytes("vocab.json"), "merges.txt": try Self.kjvOPT.bytes("merges.txt")]
      for (name, contents) in files { all[name] = contents.encoded() }
      return try TemporaryTokenizer(all).error()?.description ?? ""
    }
    for (files, expected) in [
      (["tokenizer_config.json": []], "tokenizer_config.json: it is an array, not an object"),
      (
        ["tokenizer_config.json": ["bos_token": 3]],
        "tokenizer_config.json: bos_token: it is a number, not a string"
      ),
      (
        ["tokenizer_config.json": ["bos_token": ["id": 3]]],
        "tokenizer_config.json: bos_token.content: it is missing"
      ),
      (
        ["special_tokens_map.json": ["pad_token": []]],
        "special_tokens_map.json: pad_token: it is an array, not a string"
      ),
      (["added_tokens.json": ["<x>": "9"]], "added_tokens.json: <x>: it is not a whole number of at least 0"),
      (["added_tokens.json": ["<x>": 1030]], "added_tokens.json: <x>: expected \"<x>\" to follow the vocabulary"),
      (
        ["tokenizer_config.json": ["added_tokens_decoder": ["x": ["content": "<x>"]]]],
        "tokenizer_config.json: added_tokens_decoder.x: expected an id as its key"
      ),
    ] as [([String: JSON], String)] {
      let found = try error(files)
      #expect(found.contains(expected), "\(found)")
    }
  }
}
