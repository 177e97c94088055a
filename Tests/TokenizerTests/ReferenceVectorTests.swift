import Testing
import Tokenizer

private let withJSON = ["llama2", "llama3", "opt", "gpt2", "stories3m"].filter(Vectors.isShared)
private let withModel = ["llama2", "stories3m"].filter(Vectors.isShared)
private let withMerges = ["gpt2", "opt"].filter(Vectors.isShared)

/// Every vector of the reference implementations, in every mode, without one difference.
@Suite("Reference vectors")
struct ReferenceVectorTests {
  private func report(_ comparison: Comparison, atLeast count: Int, _ name: String) {
    #expect(comparison.checked >= count)
    #expect(
      comparison.differences.isEmpty,
      "\(name): \(comparison.differences.count) of \(comparison.checked), first \(comparison.differences.prefix(3))")
  }

  @Test("tokenizer.json", arguments: ["kjv1024", "kjv-opt"])
  func json(_ name: String) throws {
    let vectors = Vectors(root: Vectors.fixtures, name: name)
    let tokenizer = try BPETokenizer(directory: vectors.directory, format: .tokenizerJSON)
    report(try .json(tokenizer, vectors), atLeast: 5230, name)
  }

  @Test("tokenizer.model of sentencepiece")
  func sentencePiece() throws {
    let vectors = Vectors(root: Vectors.fixtures, name: "kjv1024")
    let tokenizer = try BPETokenizer(directory: vectors.directory, format: .tokenizerModel)
    report(try .sentencePiece(tokenizer, vectors), atLeast: 2946, "kjv1024")
  }

  @Test("vocab.json and merges.txt")
  func vocabularyAndMerges() throws {
    let vectors = Vectors(root: Vectors.fixtures, name: "kjv-opt")
    let tokenizer = try BPETokenizer(directory: vectors.directory, format: .vocabularyAndMerges)
    report(try .plain(tokenizer, vectors), atLeast: 2284, "kjv-opt")
  }

  @Test("tokenizer.json of published models", .enabled(if: !withJSON.isEmpty), arguments: withJSON)
  func sharedJSON(_ name: String) throws {
    let vectors = Vectors(root: Vectors.shared, name: name)
    let tokenizer = try BPETokenizer(directory: vectors.directory)
    report(try .json(tokenizer, vectors), atLeast: 5230, name)
  }

  @Test("A byte-level vocabulary that lacks bytes", .enabled(if: Vectors.isShared("smollm2")))
  func sharedSmolLM() throws {
    let vectors = Vectors(root: Vectors.shared, name: "smollm2")
    let tokenizer = try BPETokenizer(directory: vectors.directory)
    var comparison = Comparison()
    for line in try vectors.encodings {
      guard let text = line["text"]?.bytes, let ids = line.ids("ids") else { continue }
      comparison.expect(tokenizer.encode(text, addingSpecialTokens: false), ids, "ids of \(text.debugDescription)")
      comparison.expect(tokenizer.decode(ids), line["decoded"]?.bytes ?? [], "text of \(ids)")
    }
    report(comparison, atLeast: 1300, "smollm2")
  }

  @Test(
    "tokenizer.model of published models", .enabled(if: !withModel.isEmpty), arguments: withModel)
  func sharedSentencePiece(_ name: String) throws {
    let vectors = Vectors(root: Vectors.shared, name: name)
    let tokenizer = try BPETokenizer(directory: vectors.directory, format: .tokenizerModel)
    report(try .sentencePiece(tokenizer, vectors), atLeast: 2946, name)
  }

  @Test("tokenizer.model of LLaMA 3", .enabled(if: Vectors.isShared("llama3")))
  func sharedTiktoken() throws {
    let vectors = Vectors(root: Vectors.shared, name: "llama3")
    let tokenizer = try BPETokenizer(directory: vectors.directory, format: .tokenizerModel)
    report(try .json(tokenizer, vectors), atLeast: 5234, "llama3")
    #expect(tokenizer.encode("") == [128000])
  }

  @Test("vocab.json and merges.txt of published models", .enabled(if: !withMerges.isEmpty), arguments: withMerges)
  func sharedMerges(_ name: String) throws {
    let vectors = Vectors(root: Vectors.shared, name: name)
    let tokenizer = try BPETokenizer(directory: vectors.directory, format: .vocabularyAndMerges)
    // GPT-2's one special token is known to the files, OPT's <s> and <unk> are not.
    if name == "gpt2" {
      report(try .json(tokenizer, vectors), atLeast: 5230, name)
    } else {
      report(try .plain(tokenizer, vectors), atLeast: 2284, name)
    }
    #expect(tokenizer.encode("") == (name == "opt" ? [2] : []))
  }
}
