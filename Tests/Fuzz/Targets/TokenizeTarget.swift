import Support
import TestSupport
import Tokenizer

/// Texts for two small tokenizers: ids are ids, and what was encoded decodes to itself.
struct TokenizeTarget: FuzzTarget {
  static let name = "tokenize"

  private let byteLevel: BPETokenizer
  private let merges: BPETokenizer
  private let byteFallback: BPETokenizer
  private let sentencePiece: BPETokenizer

  init(scratch: ScratchFolder) throws {
    byteLevel = try BPETokenizer(directory: Fixtures.path("tokenizers/kjv-opt"), format: .tokenizerJSON)
    merges = try BPETokenizer(directory: Fixtures.path("tokenizers/kjv-opt"), format: .vocabularyAndMerges)
    byteFallback = try BPETokenizer(directory: Fixtures.path("tokenizers/kjv1024"), format: .tokenizerJSON)
    sentencePiece = try BPETokenizer(directory: Fixtures.path("tokenizers/kjv1024"), format: .tokenizerModel)
  }

  func check(_ bytes: [UInt8]) throws {
    let ids = try checkEncoding(of: bytes, by: byteLevel)
    let fallbackIDs = try checkEncoding(of: bytes, by: byteFallback)
    let sentenceIDs = try checkEncoding(of: bytes, by: sentencePiece)
    let isText = UTF8Validation.firstInvalidOffset(in: bytes) == nil
    try require(ids == checkEncoding(of: bytes, by: merges), "vocab.json and tokenizer.json disagree")
    guard isText else { return }
    try require(byteLevel.decode(ids) == bytes, "byte-level: the text does not come back")
    try require(fallbackIDs == sentenceIDs, "tokenizer.model and tokenizer.json disagree")
    // U+2581 stands for a blank, so a text that has one gets a blank back.
    let text = String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }
    let expected = text.flatMap { Array(String($0).utf8) }
    try require(byteFallback.decode(fallbackIDs) == expected, "byte fallback: the text does not come back")
  }
}
