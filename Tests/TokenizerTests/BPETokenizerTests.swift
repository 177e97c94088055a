import Foundation
import Support
import TestSupport
import Testing
import Tokenizer

@Suite("Byte-pair encoding")
struct BPETokenizerTests {
  private let kjv = Vectors(root: Vectors.fixtures, name: "kjv1024")
  private let kjvOPT = Vectors(root: Vectors.fixtures, name: "kjv-opt")

  @Test("tokenizer.json comes first, and the files that count are named")
  func formats() throws {
    let tokenizer = try BPETokenizer(directory: kjv.directory)
    #expect(tokenizer.format == .tokenizerJSON)
    #expect(tokenizer.definingFiles == ["tokenizer.json", "tokenizer_config.json"])
    #expect((tokenizer.beginningOfText, tokenizer.endOfText) == (1, 2))
    #expect(tokenizer.vocabularySize == 1024)
    let model = try BPETokenizer(directory: kjv.directory, format: .tokenizerModel)
    #expect(model.definingFiles == ["tokenizer.model", "tokenizer_config.json"])
    #expect((model.beginningOfText, model.endOfText) == (1, 2))
    let merges = try BPETokenizer(directory: kjvOPT.directory, format: .vocabularyAndMerges)
    #expect(merges.definingFiles == ["vocab.json", "merges.txt"])
    #expect(merges.vocabularySize == 1024)
  }

  @Test("Pieces are spelled as in the files")
  func pieces() throws {
    let tokenizer = try BPETokenizer(directory: kjv.directory)
    #expect(tokenizer.piece(1) == Array("<s>".utf8))
    #expect(tokenizer.piece(13) == Array("<0x0A>".utf8))
    #expect(tokenizer.piece(-1) == nil)
    #expect(tokenizer.piece(1024) == nil)
    for id in 0..<1024 { #expect(tokenizer.piece(id).flatMap { tokenizer.id(ofPiece: $0) } == id) }
  }

  @Test("OPT's configuration puts </s> in front and makes it special")
  func optConfiguration() throws {
    let configuration: JSON = [
      "add_bos_token": true, "bos_token": ["content": "</s>"], "eos_token": "</s>", "unk_token": "</s>",
      "pad_token": "<pad>",
    ]
    let directory = try TemporaryTokenizer([
      "vocab.json": kjvOPT.bytes("vocab.json"), "merges.txt": kjvOPT.bytes("merges.txt"),
      "tokenizer_config.json": configuration.encoded(),
    ])
    let tokenizer = try directory.load()
    #expect((tokenizer.beginningOfText, tokenizer.endOfText) == (2, 2))
    #expect(tokenizer.encode("") == [2])
    #expect(tokenizer.encode("</s><pad>", addingSpecialTokens: false) == [2, 1])
    #expect(tokenizer.encode("</s>", addingSpecialTokens: false, recognizingSpecialTokens: false).count > 1)
    #expect(tokenizer.text(of: [2, 1], skippingSpecialTokens: true) == "")
    #expect(tokenizer.definingFiles == ["vocab.json", "merges.txt", "tokenizer_config.json"])
  }

  @Test("A Metaspace pre-tokenizer gives the ids of transformers 5")
  func metaspace() throws {
    let metaspace: JSON = ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": false]
    let json = try JSON.parse(kjv.bytes("tokenizer.json"))
      .setting("normalizer", to: .null).setting("pre_tokenizer", to: metaspace)
    let tokenizer = try TemporaryTokenizer(json).load()
    for line in try kjv.encodings {
      let expected = line.ids("ids_hf5") ?? line.ids("ids_json") ?? line.ids("ids")
      #expect(tokenizer.encode(line["text"]?.bytes ?? [], addingSpecialTokens: false) == expected)
    }
  }

  @Test("Unknown characters become one unknown token each, or one for all where they fuse")
  func unknownTokens() throws {
    #expect(try TemporaryTokenizer(.small).load().encode("xyabxéa") == [0, 0, 3, 0, 0, 1])
    let fusing = try TemporaryTokenizer(.small.setting("model", "fuse_unk", to: true)).load()
    #expect(fusing.encode("xyabxéa") == [0, 3, 0, 1])
  }

  @Test("A whole word in the vocabulary is that token where merges are ignored")
  func ignoredMerges() throws {
    let json = JSON.small.setting("model", "merges", to: ["a b"])
    #expect(try TemporaryTokenizer(json).load().encode("aba") == [3, 1])
    #expect(try TemporaryTokenizer(json.setting("model", "ignore_merges", to: true)).load().encode("aba") == [5])
  }

  @Test("Added tokens: the longest first, swallowing blanks where they say so")
  func addedTokens() throws {
    let json = JSON.small.setting(
      "added_tokens",
      to: [
        ["id": 10, "content": "<x>", "special": true, "normalized": false, "lstrip": true],
        ["id": 11, "content": "<x>y", "special": false, "normalized": false, "rstrip": true],
      ])
    let tokenizer = try TemporaryTokenizer(json).load()
    #expect(tokenizer.encode("a \n<x>b<x>y  a<x>") == [1, 10, 2, 11, 1, 10])
    #expect(tokenizer.encode("<x>yb", recognizingSpecialTokens: false) == [11, 2])
    #expect(tokenizer.vocabularySize == 12)
    #expect(tokenizer.text(of: [1, 10, 2, 7, 99], skippingSpecialTokens: true) == "ab")
  }

  @Test("sentencepiece: equal scores merge from the left; halves need not be pieces")
  func sentencePieceMerges() throws {
    let bytes = Protobuf.model(
      [Protobuf.piece("ab", -1), Protobuf.piece("bc", -1), Protobuf.piece("a", -9), Protobuf.piece("c", -9)],
      normalizer: Protobuf.number(3, 0))
    let tokenizer = try TemporaryTokenizer(["tokenizer.model": bytes]).load()
    // "b" is no piece, yet it merges; alone it is unknown.
    #expect(tokenizer.encode("abc") == [1, 3, 6])
    #expect(tokenizer.encode("bcab", addingSpecialTokens: false) == [4, 3])
    #expect(tokenizer.encode("cb", addingSpecialTokens: false) == [6, 0])
  }

  @Test("Any text agrees with merging one pair at a time")
  func naiveMerging() throws {
    let json = try JSON.parse(kjv.bytes("tokenizer.json"))
    let tokenizer = try BPETokenizer(directory: kjv.directory)
    let oracle = NaiveMerging(json)
    var generator = SeededGenerator(seed: 7)
    let alphabet = Array("aehtdnrs ▁,L\u{E9}")
    for length in [1, 2, 3, 20, 47, 48, 49, 50, 200, 700] {
      for _ in 0..<20 {
        let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] })
        #expect(tokenizer.encode(text, addingSpecialTokens: false) == oracle.encode(text))
      }
    }
    for text in [String(repeating: " ", count: 333), String(repeating: "the", count: 100)] {
      #expect(tokenizer.encode(text, addingSpecialTokens: false) == oracle.encode(text))
    }
  }

  @Test("Merges in a random order agree with merging one pair at a time", arguments: 0..<20)
  func randomMerges(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var tokens = ["▁", "a", "b", "c"]
    var merges: [JSON] = []
    while tokens.count < 120 {
      let left = tokens[Int.random(in: 0..<tokens.count, using: &generator)]
      let right = tokens[Int.random(in: 0..<tokens.count, using: &generator)]
      if left.count + right.count > 6 || tokens.contains(left + right) { continue }
      tokens.append(left + right)
      merges.append(JSON("\(left) \(right)"))
    }
    // A later merge may come first, which a queue must not take for granted.
    merges.shuffle(using: &generator)
    let json = try JSON.parse(kjv.bytes("tokenizer.json"))
      .setting("added_tokens", to: []).setting("post_processor", to: .null)
      .setting(
        "model",
        to: [
          "type": "BPE", "vocab": JSON(members: tokens.enumerated().map { ($1, JSON($0)) }), "merges": .array(merges),
        ])
    let tokenizer = try TemporaryTokenizer(json).load()
    let oracle = NaiveMerging(
      json.setting(
        "model", "merges",
        to: .array(
          merges.map { merge in
            .array((merge.text ?? "").split(separator: " ").map { JSON(String($0)) })
          })))
    for length in [5, 30, 60, 250] {
      for _ in 0..<10 {
        let text = String((0..<length).map { _ in Array("abc ")[Int.random(in: 0..<4, using: &generator)] })
        #expect(tokenizer.encode(text) == oracle.encode(text))
      }
    }
  }

  @Test("Case 43: a megabyte without a place to cut takes near-linear time", .timeLimit(.minutes(15)))
  func hugeWords() throws {
    for character in ["a", " ", "ab", "\u{4E00}"] {
      let small = String(repeating: character, count: 1 << 10)
      let text = String(repeating: small, count: (1 << 10) / character.utf8.count)
      for vectors in [kjv, kjvOPT] {
        let tokenizer = try BPETokenizer(directory: vectors.directory)
        let start = threadSeconds()
        let ids = tokenizer.encode(text, addingSpecialTokens: false)
        #expect(threadSeconds() - start < 20, "quadratic time would take hours")
        #expect(tokenizer.decode(ids) == Array(text.utf8))
      }
    }
  }

  @Test(
    "Case 43: a megabyte of one letter, published vocabularies", .timeLimit(.minutes(15)),
    .enabled(if: Vectors.isShared("llama2")),
    arguments: ["llama2", "llama3", "opt"])
  func hugeWordsPublished(_ name: String) throws {
    let tokenizer = try BPETokenizer(directory: Vectors(root: Vectors.shared, name: name).directory)
    for byte in Array("a ".utf8) {
      let text = [UInt8](repeating: byte, count: 1 << 20)
      let start = threadSeconds()
      let ids = tokenizer.encode(text, addingSpecialTokens: false)
      #expect(threadSeconds() - start < 20, "quadratic time would take hours")
      #expect(tokenizer.decode(ids) == text)
    }
  }

  @Test("Ill-formed text neither traps nor reads beyond its end")
  func illFormedText() throws {
    for vectors in [kjv, kjvOPT] {
      let tokenizer = try BPETokenizer(directory: vectors.directory)
      for text: [UInt8] in [
        [0xFF], [0xE2, 0x96], [0x80, 0x61], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0x80], [0x27, 0xC5],
      ] {
        #expect(!tokenizer.encode(text, addingSpecialTokens: false).isEmpty)
      }
    }
  }

  @Test("Threads share a tokenizer and agree")
  func concurrency() async throws {
    let tokenizer = try BPETokenizer(directory: kjvOPT.directory)
    let texts = try kjvOPT.encodings.compactMap { $0["text"]?.bytes }
    let expected = texts.map { tokenizer.encode($0) }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { texts.map { tokenizer.encode($0) } == expected } }
      for await agrees in group { #expect(agrees) }
    }
  }
}

/// Byte-pair encoding as its definition has it: find the best pair, merge it, start over.
private struct NaiveMerging {
  private var ids: [[UInt8]: Int] = [:]
  private var ranks: [[[UInt8]]: Int] = [:]

  init(_ json: JSON) {
    for (token, id) in json["model"]?["vocab"]?.object?.members ?? [] { ids[token] = id.integer }
    for (rank, merge) in (json["model"]?["merges"]?.array ?? []).enumerated() {
      ranks[(merge.array ?? []).compactMap(\.bytes)] = rank
    }
  }

  func encode(_ text: String) -> [Int] {
    let normalized = text.isEmpty ? "" : "▁" + text.replacingOccurrences(of: " ", with: "▁")
    var symbols = normalized.unicodeScalars.flatMap { scalar -> [[UInt8]] in
      let bytes = Array(String(scalar).utf8)
      return ids[bytes] == nil ? bytes.map { Array("<0x\(String(format: "%02X", $0))>".utf8) } : [bytes]
    }
    while true {
      let pairs = symbols.indices.dropLast().compactMap { i in ranks[[symbols[i], symbols[i + 1]]].map { ($0, i) } }
      guard let (_, i) = pairs.min(by: <) else { break }
      symbols.replaceSubrange(i...i + 1, with: [symbols[i] + symbols[i + 1]])
    }
    return symbols.compactMap { ids[$0] }
  }
}

/// Seconds that this thread has computed: what other tests take of the machine meanwhile does not count.
private func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
