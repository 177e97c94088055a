import Support
import Testing
import Tokenizer

/// Added tokens with every setting, in vectors of tokenizers 0.23.3 (Scripts/make-added-token-vectors.py).
@Suite("Added tokens")
struct AddedTokenTests {
  private static let vectors = Vectors(root: Vectors.fixtures, name: "added-tokens")

  @Test("single_word, lstrip, rstrip, normalized and special, in all combinations, before every kind of pre-tokenizer")
  func vectors() throws {
    var comparison = Comparison()
    for line in try Self.vectors.encodings {
      let base = Vectors(root: Vectors.fixtures, name: line["base"]?.text ?? "")
      var json = try JSON.parse(base.bytes("tokenizer.json"))
      for (key, value) in line["set"]?.object?.members ?? [] {
        json = json.setting(String(decoding: key, as: UTF8.self), to: value)
      }
      let tokenizer = try TemporaryTokenizer(json).load()
      for vector in line["texts"]?.array ?? [] {
        let text = vector["text"]?.bytes ?? []
        let what =
          "\(String(decoding: text, as: UTF8.self).debugDescription) with \(line["set"]?["added_tokens"] as Any)"
        for (key, recognizing) in [("ids", true), ("ids_plain", false)] {
          let ids = tokenizer.encode(text, addingSpecialTokens: false, recognizingSpecialTokens: recognizing)
          comparison.expect(ids, vector.ids(key) ?? [-1], "\(key) of \(what)")
          let plan = tokenizer.plan(
            text, addingSpecialTokens: false, recognizingSpecialTokens: recognizing, bytesPerPart: 2)
          comparison.expect((0..<plan.count).flatMap { plan.ids(ofPart: $0) }, ids, "\(key) in parts of \(what)")
        }
      }
    }
    #expect(comparison.checked == 3840)
    #expect(
      comparison.differences.isEmpty, "\(comparison.differences.count), first \(comparison.differences.prefix(2))")
  }

  @Test("The classes of all scalars, in a digest of what the reference says of each")
  func classes() {
    var classes: [UInt8] = []
    for scalar in UInt32(0)..<0x110000 where !(0xD800...0xDFFF).contains(scalar) {
      classes.append(CharacterClasses.unicode16(scalar) | (CharacterClasses.isWordCharacter(scalar) ? 4 : 0))
    }
    var digest = SHA256()
    digest.update(classes)
    #expect(digest.hexadecimal() == "2dcbdb0f78e5a090aac2e2fcb2e6cefbe50caa2e019056b47113cc3e3a6e1684")
  }

  @Test("A new token has the id after the vocabulary; a file that says otherwise is refused")
  func ids() throws {
    func error(_ tokens: JSON) throws -> TokenizerError? {
      try TemporaryTokenizer(.small.setting("added_tokens", to: tokens)).error()
    }
    #expect(try error([["id": 6, "content": "<x>"], ["id": 7, "content": "<y>"], ["id": 1, "content": "a"]]) == nil)
    for tokens: JSON in [[["id": 7, "content": "<x>"]], [["id": 6, "content": "<x>"], ["id": 6, "content": "<y>"]]] {
      let found = try error(tokens)
      #expect(found?.description.contains("added_tokens") == true || found?.description.contains("id 6") == true)
    }
    // Empty tokens are left out, whatever their id.
    #expect(try error([["id": 99, "content": ""]]) == nil)
    let long = String(repeating: "x", count: 4097)
    let refused = try error([["id": 6, "content": JSON(long)]])
    #expect(refused?.field == "added_tokens[0].id")
    #expect(refused?.reason == "a token of 4097 bytes is not supported; supported: up to 4096")
  }

  @Test("A megabyte of blanks before, after and between tokens that swallow blanks takes linear time")
  func swallowing() throws {
    let token: JSON = ["id": 6, "content": "\n", "normalized": false, "lstrip": true, "rstrip": true]
    let tokenizer = try TemporaryTokenizer(.small.setting("added_tokens", to: [token])).load()
    let text = [UInt8](repeating: 0x0A, count: 1 << 20)
    #expect(tokenizer.encode(text) == [6])
    for side in ["lstrip", "rstrip"] {
      let token = JSON(members: [("id", 6), ("content", "\n"), ("normalized", false), (side, true)])
      let tokenizer = try TemporaryTokenizer(.small.setting("added_tokens", to: [token])).load()
      #expect(tokenizer.encode(text).count == 1 << 20)
    }
  }
}
