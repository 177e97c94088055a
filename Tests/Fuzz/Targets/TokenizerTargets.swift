import Support
import Tokenizer

/// `tokenizer.json`.
struct TokenizerJSONTarget: FuzzTarget {
  static let name = "tokenizer-json"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) { self.scratch = scratch }

  func check(_ bytes: [UInt8]) throws {
    try scratch.write(bytes, to: "tokenizer.json")
    try checkTokenizer(in: scratch, .tokenizerJSON)
  }
}

/// `tokenizer.model`, of sentencepiece or tiktoken.
struct TokenizerModelTarget: FuzzTarget {
  static let name = "tokenizer-model"

  private let scratch: ScratchFolder

  init(scratch: ScratchFolder) { self.scratch = scratch }

  func check(_ bytes: [UInt8]) throws {
    try scratch.write(bytes, to: "tokenizer.model")
    try checkTokenizer(in: scratch, .tokenizerModel)
  }
}

/// `merges.txt` and what else comes with it, separated by bytes of zero: the merges, members of `vocab.json` behind the
/// alphabet of bytes, `tokenizer_config.json`.
struct MergesTarget: FuzzTarget {
  static let name = "merges"

  private let scratch: ScratchFolder
  /// The 256 symbols of bytes with their ids, as members of an object.
  private let alphabet: [UInt8]

  init(scratch: ScratchFolder) {
    self.scratch = scratch
    // Printable Latin-1 stands for itself, the other bytes for U+0100 and on.
    let printable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF].flatMap(Array.init)
    let scalars = (printable + Array(0x100..<0x100 + 256 - printable.count)).compactMap { Unicode.Scalar($0) }
    let members = scalars.enumerated().map { ("\($1)", JSON($0)) }
    alphabet = Array(JSON(members: members).encoded().dropLast())
  }

  func check(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).map(Array.init)
    try scratch.write(parts[0], to: "merges.txt")
    let members = parts.count > 1 && !parts[1].isEmpty ? [UInt8(ascii: ",")] + parts[1] : []
    try scratch.write(alphabet + members + [UInt8(ascii: "}")], to: "vocab.json")
    try scratch.write(parts.count > 2 ? parts[2] : Array("{}".utf8), to: "tokenizer_config.json")
    try checkTokenizer(in: scratch, .vocabularyAndMerges)
  }
}

/// Loads a tokenizer and, where it is accepted, encodes and decodes with it.
private func checkTokenizer(in scratch: ScratchFolder, _ format: BPETokenizer.Format) throws {
  let loaded = try accepted(naming: scratch.path) { () throws(TokenizerError) in
    try BPETokenizer(directory: scratch.path, format: format)
  }
  guard let tokenizer = loaded else { return }
  let texts = ["ab ab  a<s>b\n</s>é\u{301}\u{2581}aa", " ", "aaaaaaaaabababab<unk>\u{1F600} 1234's"]
  for text in texts.map({ Array($0.utf8) }) + [[0xFF, 0x61, 0xC3]] { try checkEncoding(of: text, by: tokenizer) }
  let some = Array(0..<min(tokenizer.vocabularySize, 300)) + [-1, tokenizer.vocabularySize, .max]
  try require(UTF8Validation.firstInvalidOffset(in: tokenizer.decode(some)) == nil, "decoded text is not UTF-8")
}

/// Encodes a text in every way; returns the ids without special tokens.
@discardableResult
func checkEncoding(of text: [UInt8], by tokenizer: BPETokenizer) throws(FuzzFailure) -> [Int] {
  let ids = tokenizer.encode(text, addingSpecialTokens: false, recognizingSpecialTokens: false)
  for ids in [ids, tokenizer.encode(text)] {
    try require(ids.allSatisfy { tokenizer.piece($0) != nil }, "an id without a token")
    try require(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) }, "an id beyond the vocabulary")
    let decoded = tokenizer.decode(ids)
    try require(UTF8Validation.firstInvalidOffset(in: decoded) == nil, "decoded text is not UTF-8")
  }
  let again = tokenizer.encode(text, addingSpecialTokens: false, recognizingSpecialTokens: false)
  try require(ids == again, "encoded twice, the ids differ")
  return ids
}
