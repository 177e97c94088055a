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

  @Test("An empty directory has no tokenizer")
  func nothing() throws {
    let directory = try TemporaryTokenizer([:])
    #expect(directory.error() == .noTokenizer(directory: directory.path))
    #expect(directory.error()?.failureKind == .noInput)
  }

  @Test("A missing file is no input; a malformed one is bad data")
  func statuses() throws {
    let directory = try TemporaryTokenizer(["vocab.json": Array("{}".utf8), "tokenizer.json": Array("{".utf8)])
    #expect(directory.error(.tokenizerModel)?.failureKind == .noInput)
    #expect(directory.error(.vocabularyAndMerges)?.failureKind == .noInput)
    #expect(directory.error(.vocabularyAndMerges)?.description.contains("merges.txt") == true)
    guard case .malformedJSON(let file, 1, _) = directory.error() else {
      Issue.record("\(String(describing: directory.error()))")
      return
    }
    #expect(file == directory.file("tokenizer.json"))
    #expect(directory.error()?.failureKind == .badData)
  }

  @Test("Case 35: a merge of an absent token, and one into an absent token")
  func absentMergeToken() throws {
    var (found, file) = try error(.small.setting("model", "merges", to: ["a b", "a c"]))
    #expect(found == .absentMergeToken(file: file, merge: 1, token: "c"))
    (found, file) = try error(.small.setting("model", "merges", to: ["a b", "b b"]))
    #expect(found == .absentMergeToken(file: file, merge: 1, token: "bb"))
  }

  @Test("merges.txt: errors count lines, headings included")
  func mergeLines() throws {
    let vocabulary = try Vectors(root: Vectors.fixtures, name: "kjv-opt").bytes("vocab.json")
    var directory = try TemporaryTokenizer([
      "vocab.json": vocabulary, "merges.txt": Array("#version: 0.2\nt h\nt \u{E9}".utf8),
    ])
    #expect(directory.error() == .absentMergeToken(file: directory.file("merges.txt"), merge: 3, token: "t\u{E9}"))
    directory = try TemporaryTokenizer([
      "vocab.json": vocabulary, "merges.txt": Array("#version: 0.2\nt h\nt h e\n".utf8),
    ])
    #expect(directory.error() == .malformedMerge(file: directory.file("merges.txt"), merge: 3))
  }

  @Test("Case 36: a merge that is not a pair")
  func malformedMerge() throws {
    for merge: JSON in ["ab", "a  b", "a b c", ["a"], ["a", "b", "a"], 3, ["a", 1]] {
      let (found, file) = try error(.small.setting("model", "merges", to: ["a b", merge]))
      #expect(found == .malformedMerge(file: file, merge: 1))
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
    #expect(found == .duplicateID(file: file, id: 1, first: "a", second: "b"))
    let added: JSON = [["id": 1, "content": "<x>", "special": true]]
    (found, file) = try error(.small.setting("added_tokens", to: added))
    #expect(found == .duplicateID(file: file, id: 1, first: "a", second: "<x>"))
    (found, file) = try error(.small.setting("added_tokens", to: [["id": 9, "content": "a", "special": true]]))
    #expect(found == .duplicateToken(file: file, token: "a"))
  }

  @Test(
    "Case 37: ids that are negative, fractional, huge or no numbers",
    arguments: ["-1", "1.5", "1e1", "16777216", "9999999999999999999"])
  func invalidIDs(_ id: String) throws {
    let (found, file) = try error(.small.setting("model", "vocab", "b", to: .number(id)))
    #expect(found == .invalidID(file: file, field: "model.vocab", token: "b"))
  }

  @Test("Case 38: byte fallback without byte tokens and without an unknown token")
  func byteFallback() throws {
    let json = JSON.small.setting("model", "byte_fallback", to: true)
    #expect(try error(json).error == nil)
    let (found, file) = try error(json.setting("model", "unk_token", to: .null))
    #expect(found == .incompleteByteFallback(file: file, missing: "<0x00>"))
  }

  @Test("A file of ranks that lacks a byte")
  func byteAlphabet() throws {
    let (found, file) = try error(model: Array("IQ== 0\nIg== 1\n".utf8))
    #expect(found == .incompleteByteAlphabet(file: file, byte: 0))
  }

  @Test("An unknown token that is not in the vocabulary")
  func unknownToken() throws {
    let (found, file) = try error(.small.setting("model", "unk_token", to: "<none>"))
    #expect(found == .absentToken(file: file, field: "model.unk_token", token: "<none>"))
  }

  @Test("Replacements that would blow a text up are refused, those that every LLaMA has are not")
  func growingReplacements() throws {
    let doubling: JSON = ["type": "Replace", "pattern": ["String": "a"], "content": "aa"]
    func normalizer(_ count: Int) -> JSON {
      ["type": "Sequence", "normalizers": .array(Array(repeating: doubling, count: count))]
    }
    #expect(try error(.small.setting("normalizer", to: normalizer(6))).error == nil)
    let (found, file) = try error(.small.setting("normalizer", to: normalizer(45)))
    guard case .unsupported(file, "normalizer", _, _)? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
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
      guard case .unsupported(file, field, _, _)? = found else {
        Issue.record("\(field): \(String(describing: found))")
        continue
      }
    }
    let (found, file) = try error(.small.setting("pre_tokenizer", to: ["type": "Metaspace", "replacement": long]))
    #expect(found == .invalidField(file: file, field: "pre_tokenizer.replacement", expected: "one character"))
  }

  @Test("Settings of the model that change its results are not ignored")
  func unsupportedSettings() throws {
    for (key, value) in [
      ("dropout", .number("0.1")), ("end_of_word_suffix", "</w>"), ("continuing_subword_prefix", "##"),
    ]
      as [(String, JSON)]
    {
      guard case .unsupported(_, "model.\(key)", _, _)? = try error(.small.setting("model", key, to: value)).error
      else {
        Issue.record("\(key) was accepted")
        continue
      }
    }
  }

  @Test("Case 40: a split pattern that cannot be matched in linear time")
  func splitPattern() throws {
    let split: JSON = ["type": "Split", "pattern": ["Regex": "\\w+(\\w)\\1"], "behavior": "Isolated", "invert": false]
    let (found, file) = try error(.small.setting("pre_tokenizer", to: split))
    let field = "pre_tokenizer.pattern.Regex"
    #expect(found == .unsupportedPattern(file: file, field: field, position: 8, reason: "a reference to a group"))
    #expect(
      found?.description == "\(file): \(field): this pattern cannot be used: at character 8: a reference to a group")
  }

  @Test("Case 42: a Git LFS pointer in the place of a file", arguments: BPETokenizer.Format.allCases)
  func gitLFS(_ format: BPETokenizer.Format) throws {
    let pointer = Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 499723\n".utf8)
    let directory = try TemporaryTokenizer([format.rawValue: pointer])
    #expect(directory.error() == .gitLFSPointer(file: directory.file(format.rawValue)))
  }

  @Test("Case 41: tokenizer.model: an 11-byte varint")
  func longVarint() throws {
    let (found, file) = try error(model: [0x0A] + [UInt8](repeating: 0x80, count: 10) + [0x01])
    #expect(found == .malformedProtobuf(file: file, offset: 1, reason: "a number of more than 64 bits"))
  }

  @Test("Case 41: tokenizer.model: lengths past the end")
  func longLength() throws {
    for length in [5, UInt64(Int64.max), .max] {
      let (found, file) = try error(model: [0x0A] + Protobuf.varint(length) + [1, 2])
      #expect(
        found == .malformedProtobuf(file: file, offset: 1, reason: "a length of \(length) bytes where 2 are left"))
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
    guard case .invalidScore(file, 3, _)? = found else {
      Issue.record("\(String(describing: found))")
      return
    }
  }

  @Test("tokenizer.model: what is not supported is named")
  func unsupportedModels() throws {
    let pieces = [Protobuf.piece("a", 0)]
    for (bytes, field) in [
      (Protobuf.model(pieces, trainer: Protobuf.number(3, 1)), "trainer_spec.model_type"),
      (Protobuf.model(pieces, normalizer: Protobuf.message(2, [1])), "normalizer_spec.precompiled_charsmap"),
      (Protobuf.model([Protobuf.piece("x", 0, 5)]), "pieces[3].type"),
    ] {
      guard case .unsupported(_, field, _, _)? = try error(model: bytes).error else {
        Issue.record("\(field) was accepted")
        continue
      }
    }
    let fallback = try error(model: Protobuf.model(pieces, trainer: Protobuf.number(35, 1)))
    #expect(fallback.error == .incompleteByteFallback(file: fallback.file, missing: "<0x00>"))
  }

  @Test("tokenizer.model: a malformed line of ranks")
  func malformedRank() throws {
    let (found, file) = try error(model: Array("IQ== 0\nIg== x\n".utf8))
    #expect(found == .malformedRank(file: file, line: 2))
  }
}
