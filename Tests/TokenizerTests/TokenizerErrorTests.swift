import Foundation
import Support
import Testing
import Tokenizer

/// One test a rule: the error names file and field, and ends the command with the right status.
@Suite("Malformed tokenizer files")
struct TokenizerErrorTests {
  private func error(_ json: JSON) throws -> (error: TokenizerError?, file: String) {
    let directory = try TemporaryTokenizer(json)
    return (directory.error(), directory.file("tokenizer.json"))
  }

  private func error(model bytes: [UInt8]) throws -> (error: TokenizerError?, file: String) {
    let directory = try TemporaryTokenizer(["tokenizer.model": bytes])
    return (directory.error(), directory.file("tokenizer.model"))
  }

  private static func expectUnsupported(_ field: String, _ found: TokenizerError?) {
    #expect(found?.field == field, "\(String(describing: found))")
    #expect(found?.reason.contains("is not supported; supported: ") == true, "\(String(describing: found))")
  }

  @Test("An empty directory has no tokenizer")
  func nothing() throws {
    let directory = try TemporaryTokenizer([:])
    #expect(directory.error()?.description.hasPrefix("\(directory.path): no tokenizer here") == true)
    #expect(directory.error()?.failureKind == .noInput)
  }

  @Test("A missing file is no input; a malformed one is bad data")
  func statuses() throws {
    let directory = try TemporaryTokenizer(["vocab.json": Array("{}".utf8), "tokenizer.json": Array("{".utf8)])
    #expect(directory.error(.tokenizerModel)?.failureKind == .noInput)
    #expect(directory.error(.vocabularyAndMerges)?.failureKind == .noInput)
    #expect(directory.error(.vocabularyAndMerges)?.description.contains("merges.txt") == true)
    let file = directory.file("tokenizer.json")
    #expect(directory.error()?.description.hasPrefix("\(file): not valid JSON at byte 1: ") == true)
    #expect(directory.error()?.failureKind == .badData)
  }

  @Test("Case 35: a merge of an absent token, and one into an absent token")
  func absentMergeToken() throws {
    var (found, file) = try error(.small.setting("model", "merges", to: ["a b", "a c"]))
    #expect(found == TokenizerError(file, field: "merge 1", reason: "the vocabulary has no token \"c\""))
    (found, file) = try error(.small.setting("model", "merges", to: ["a b", "b b"]))
    #expect(found == TokenizerError(file, field: "merge 1", reason: "the vocabulary has no token \"bb\""))
  }

  @Test("merges.txt: errors count lines, headings included")
  func mergeLines() throws {
    let vocabulary = try Vectors(root: Vectors.fixtures, name: "kjv-opt").bytes("vocab.json")
    var directory = try TemporaryTokenizer([
      "vocab.json": vocabulary, "merges.txt": Array("#version: 0.2\nt h\nt \u{E9}".utf8),
    ])
    let absent = "merge 3: the vocabulary has no token \"t\u{E9}\""
    #expect(directory.error()?.description == "\(directory.file("merges.txt")): \(absent)")
    directory = try TemporaryTokenizer([
      "vocab.json": vocabulary, "merges.txt": Array("#version: 0.2\nt h\nt h e\n".utf8),
    ])
    #expect(directory.error() == Self.malformedMerge(directory.file("merges.txt"), 3))
  }

  private static func malformedMerge(_ file: String, _ number: Int) -> TokenizerError {
    TokenizerError(file, field: "merge \(number)", reason: "expected two tokens with one space between them")
  }

  @Test("Case 36: a merge that is not a pair")
  func malformedMerge() throws {
    for merge: JSON in ["ab", "a  b", "a b c", ["a"], ["a", "b", "a"], 3, ["a", 1]] {
      let (found, file) = try error(.small.setting("model", "merges", to: ["a b", merge]))
      #expect(found == Self.malformedMerge(file, 1))
    }
  }

  @Test("Case 36: merges are bytes: blanks and combining marks are part of tokens")
  func bytesOfMerges() throws {
    let json = JSON.small
      .setting("model", "vocab", to: ["<unk>": 0, "e": 1, "\u{301}": 2, "e\u{301}": 3, "\u{E9}": 4, " ": 5, " e": 6])
      .setting("model", "merges", to: [["e", "\u{301}"], [" ", "e"]])
    let tokenizer = try TemporaryTokenizer(json).load()
    #expect(tokenizer.encode("e\u{301}") == [3])
    #expect(tokenizer.encode("\u{E9}") == [4])
    #expect(tokenizer.encode(" e") == [6])
  }

  @Test("Case 37: two tokens with one id, one token with two ids")
  func duplicates() throws {
    var (found, file) = try error(.small.setting("model", "vocab", "b", to: 1))
    #expect(found == TokenizerError(file, field: "model.vocab", reason: "id 1 belongs to both \"a\" and \"b\""))
    let added: JSON = [["id": 1, "content": "<x>", "special": true]]
    (found, file) = try error(.small.setting("added_tokens", to: added))
    #expect(
      found == TokenizerError(file, field: "added_tokens[0].id", reason: "id 1 belongs to both \"a\" and \"<x>\""))
    (found, file) = try error(.small.setting("added_tokens", to: [["id": 9, "content": "a", "special": true]]))
    #expect(found == TokenizerError(file, field: "added_tokens[0].id", reason: "the token \"a\" has two ids"))
  }

  @Test(
    "Case 37: ids that are negative, fractional, huge or no numbers",
    arguments: ["-1", "1.5", "1e1", "16777216", "9999999999999999999"])
  func invalidIDs(_ id: String) throws {
    let (found, file) = try error(.small.setting("model", "vocab", "b", to: .number(id)))
    let reason = "the id of \"b\" must be an integer from 0 to 16777215"
    #expect(found == TokenizerError(file, field: "model.vocab", reason: reason))
  }

  private static func incompleteByteFallback(_ file: String) -> TokenizerError {
    TokenizerError(file, reason: "byte fallback is on, but the vocabulary lacks <0x00> and names no unknown token")
  }

  @Test("Case 38: byte fallback without byte tokens and without an unknown token")
  func byteFallback() throws {
    let json = JSON.small.setting("model", "byte_fallback", to: true)
    #expect(try error(json).error == nil)
    let (found, file) = try error(json.setting("model", "unk_token", to: .null))
    #expect(found == Self.incompleteByteFallback(file))
  }

  @Test("A file of ranks may have the line ends of Windows")
  func ranksOfWindows() throws {
    func tokenizer(_ end: String) throws -> BPETokenizer {
      let tokens = (0..<256).map { Data([UInt8($0)]) } + [Data("ab".utf8)]
      let lines = tokens.enumerated().map { "\($1.base64EncodedString()) \($0)\(end)" }
      return try TemporaryTokenizer(["tokenizer.model": Array(lines.joined().utf8)]).load()
    }
    for end in ["\n", "\r\n"] {
      #expect(try tokenizer(end).encode("abc", addingSpecialTokens: false) == [256, 99])
    }
  }

  @Test("A file of ranks that lacks a byte")
  func byteAlphabet() throws {
    let (found, file) = try error(model: Array("IQ== 0\nIg== 1\n".utf8))
    #expect(found == TokenizerError(file, reason: "there is no token for byte 0, which every file of ranks has"))
  }

  @Test("An unknown token that is not in the vocabulary")
  func unknownToken() throws {
    let (found, file) = try error(.small.setting("model", "unk_token", to: "<none>"))
    #expect(
      found == TokenizerError(file, field: "model.unk_token", reason: "the vocabulary has no token \"<none>\""))
  }

  @Test("Replacements that would blow a text up are refused, those that every LLaMA has are not")
  func growingReplacements() throws {
    let doubling: JSON = ["type": "Replace", "pattern": ["String": "a"], "content": "aa"]
    func normalizer(_ count: Int) -> JSON {
      ["type": "Sequence", "normalizers": .array(Array(repeating: doubling, count: count))]
    }
    #expect(try error(.small.setting("normalizer", to: normalizer(6))).error == nil)
    let (found, file) = try error(.small.setting("normalizer", to: normalizer(45)))
    #expect(found?.source == file)
    Self.expectUnsupported("normalizer", found)
  }

  @Test("A few bytes cannot ask for much more work: long prefixes, many steps, many special tokens, long blanks")
  func amplification() throws {
    let long = JSON(String(repeating: "b", count: 100))
    let prepend: JSON = ["type": "Prepend", "prepend": "b"]
    let token: JSON = ["SpecialToken": ["id": "a"]]
    let template: JSON = [
      "type": "TemplateProcessing", "single": .array([["Sequence": ["id": "A"]]] + Array(repeating: token, count: 30)),
      "special_tokens": ["a": ["ids": [1, 1, 1]]],
    ]
    for (field, value) in [
      ("normalizer", ["type": "Replace", "pattern": ["String": "a"], "content": long] as JSON),
      ("normalizer", ["type": "Prepend", "prepend": long]),
      ("normalizer", ["type": "Sequence", "normalizers": .array(Array(repeating: prepend, count: 65))]),
      ("decoder", ["type": "Sequence", "decoders": .array(Array(repeating: ["type": "Fuse"], count: 65))]),
      ("post_processor", template),
    ] {
      let (found, file) = try error(.small.setting(field, to: value))
      #expect(found?.source == file)
      Self.expectUnsupported(field, found)
    }
    let (found, file) = try error(.small.setting("pre_tokenizer", to: ["type": "Metaspace", "replacement": long]))
    #expect(found == TokenizerError(file, field: "pre_tokenizer.replacement", reason: "expected one character"))
  }

  @Test("Settings of the model that change its results are not ignored")
  func unsupportedSettings() throws {
    for (key, value) in [
      ("dropout", .number("0.1")), ("end_of_word_suffix", "</w>"), ("continuing_subword_prefix", "##"),
    ]
      as [(String, JSON)]
    {
      Self.expectUnsupported("model.\(key)", try error(.small.setting("model", key, to: value)).error)
    }
  }

  @Test("Case 40: a split pattern that cannot be matched in linear time")
  func splitPattern() throws {
    let split: JSON = ["type": "Split", "pattern": ["Regex": "\\w+(\\w)\\1"], "behavior": "Isolated", "invert": false]
    let (found, file) = try error(.small.setting("pre_tokenizer", to: split))
    let reason = "this pattern cannot be used: at character 8: a reference to a group"
    #expect(found == TokenizerError(file, field: "pre_tokenizer.pattern.Regex", reason: reason))
  }

  @Test("Case 42: a Git LFS pointer in the place of a file", arguments: BPETokenizer.Format.allCases)
  func gitLFS(_ format: BPETokenizer.Format) throws {
    let pointer = Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 499723\n".utf8)
    let directory = try TemporaryTokenizer([format.rawValue: pointer])
    let reason = "this is a Git LFS pointer, not the file itself; fetch it with 'git lfs pull'"
    #expect(directory.error() == TokenizerError(directory.file(format.rawValue), reason: reason))
  }

  @Test("Case 41: tokenizer.model: an 11-byte varint")
  func longVarint() throws {
    let (found, file) = try error(model: [0x0A] + [UInt8](repeating: 0x80, count: 10) + [0x01])
    let reason = "not a valid protocol buffer at byte 1: a number of more than 64 bits"
    #expect(found == TokenizerError(file, reason: reason))
  }

  @Test("Case 41: tokenizer.model: lengths past the end")
  func longLength() throws {
    for length in [5, UInt64(Int64.max), .max] {
      let (found, file) = try error(model: [0x0A] + Protobuf.varint(length) + [1, 2])
      let reason = "not a valid protocol buffer at byte 1: a length of \(length) bytes where 2 are left"
      #expect(found == TokenizerError(file, reason: reason))
    }
  }

  @Test("tokenizer.model: every truncation is an error or a smaller model, never a trap")
  func truncations() throws {
    let whole = Protobuf.model([Protobuf.piece("a", 0), Protobuf.piece("b", 0), Protobuf.piece("ab", -1)])
    for count in 0..<whole.count {
      if let found = try error(model: Array(whole[..<count])).error { #expect(found.failureKind == .badData) }
    }
    #expect(try error(model: whole).error == nil)
  }

  @Test("Case 41: tokenizer.model: a score that is not a number")
  func notANumber() throws {
    let (found, file) = try error(model: Protobuf.model([Protobuf.piece("a", .nan)]))
    #expect(found?.description.hasPrefix("\(file): the score of piece 3 at byte ") == true)
  }

  @Test("tokenizer.model: what is not supported is named")
  func unsupportedModels() throws {
    let pieces = [Protobuf.piece("a", 0)]
    for (bytes, field) in [
      (Protobuf.model(pieces, trainer: Protobuf.number(3, 1)), "trainer_spec.model_type"),
      (Protobuf.model(pieces, normalizer: Protobuf.message(2, [1])), "normalizer_spec.precompiled_charsmap"),
      (Protobuf.model([Protobuf.piece("x", 0, 5)]), "pieces[3].type"),
    ] {
      Self.expectUnsupported(field, try error(model: bytes).error)
    }
    let fallback = try error(model: Protobuf.model(pieces, trainer: Protobuf.number(35, 1)))
    #expect(fallback.error == Self.incompleteByteFallback(fallback.file))
  }

  @Test("tokenizer.model: a malformed line of ranks")
  func malformedRank() throws {
    let (found, file) = try error(model: Array("IQ== 0\nIg== x\n".utf8))
    #expect(
      found == TokenizerError(file, field: "line 2", reason: "expected a token in base64, a space, and its rank"))
  }
}
