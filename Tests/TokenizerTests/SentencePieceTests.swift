import Support
import Testing
import Tokenizer

/// Small random models, user-defined pieces among them, in vectors of sentencepiece 0.2.3
/// (Scripts/make-sentencepiece-vectors.py).
@Suite("sentencepiece models")
struct SentencePieceTests {
  @Test("Random pieces and scores, user-defined pieces, with and without a space in front, blanks kept or squeezed")
  func vectors() throws {
    var comparison = Comparison()
    for line in try Vectors(root: Vectors.fixtures, name: "sentencepiece").encodings {
      let pieces = (line["pieces"]?.array ?? []).map { piece in
        Protobuf.piece(
          piece.array?[0].text ?? "", Float(piece.array?[1].double ?? 0), UInt64(piece.array?[2].integer ?? 1))
      }
      func flag(_ key: String) -> UInt64 { line[key]?.bool == true ? 1 : 0 }
      let normalizer = Protobuf.number(3, flag("dummy_prefix")) + Protobuf.number(4, flag("remove_spaces"))
      let tokenizer = try TemporaryTokenizer(["tokenizer.model": Protobuf.model(pieces, normalizer: normalizer)]).load()
      for vector in line["texts"]?.array ?? [] {
        let text = vector["text"]?.bytes ?? []
        let ids = vector.ids("ids") ?? []
        let what = "\(vector["text"]?.text?.debugDescription ?? "") with \(line["pieces"] as Any)"
        comparison.expect(tokenizer.encode(text, addingSpecialTokens: false), ids, what)
        comparison.expect(tokenizer.decode(ids), vector["decoded"]?.bytes ?? [0], "text of \(what)")
        let plan = tokenizer.plan(text, addingSpecialTokens: false, bytesPerPart: 3)
        comparison.expect((0..<plan.count).flatMap { plan.ids(ofPart: $0) }, ids, "parts of \(what)")
      }
    }
    #expect(comparison.checked == 2160)
    #expect(
      comparison.differences.isEmpty, "\(comparison.differences.count), first \(comparison.differences.prefix(2))")
  }

  @Test("User-defined pieces that the reference would treat in a way of their own are refused by name")
  func refused() throws {
    let long = String(repeating: "x", count: 4097)
    for (spelling, normalizer, found) in [("a b", 1, "a space"), (long, 0, "4097 bytes")] as [(String, UInt64, String)]
    {
      let bytes = Protobuf.model([Protobuf.piece(spelling, 0, 4)], normalizer: Protobuf.number(4, normalizer))
      let error = try TemporaryTokenizer(["tokenizer.model": bytes]).error()
      #expect(error?.field == "pieces[3].piece")
      #expect(error?.reason.contains(found) == true, "\(found) was accepted")
    }
  }
}
