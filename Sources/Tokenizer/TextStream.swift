/// The text of ids that arrive one at a time, as when a model generates them.
///
/// Nothing is given out before it is certain: a character whose bytes are spread over several tokens comes with the last of
/// them. All that is given out together is what `BPETokenizer.decode` makes of the same ids.
///
///     var stream = tokenizer.stream(skippingSpecialTokens: true)
///     while let id = nextToken() { print(stream.append(id), terminator: "") }
///     print(stream.finish())
///
/// Where `tokenizer.json` has byte fallback, a run of `<0xNN>` waits for its end, since one wrong byte turns all of the run
/// into U+FFFD.
public struct TextStream: Sendable {
  private var decoder: any TokenDecoder
  private let vocabulary: Vocabulary
  private let skipped: Set<Int>

  init(decoder: any TokenDecoder, vocabulary: Vocabulary, skipped: Set<Int>) {
    self.decoder = decoder
    self.vocabulary = vocabulary
    self.skipped = skipped
  }

  /// The text that is certain with this id: often a word, sometimes nothing; nothing for an id of no token.
  public mutating func append(_ id: Int) -> String {
    var text: [UInt8] = []
    append(id, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The text that was held back, bytes of unfinished characters as U+FFFD.
  ///
  /// Call it once, after the last id.
  public mutating func finish() -> String {
    var text: [UInt8] = []
    finish(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  mutating func append(_ id: Int, to text: inout [UInt8]) {
    guard let spelling = vocabulary[id], !skipped.contains(id) else { return }
    decoder.append(id: id, spelling: spelling, to: &text)
  }

  mutating func finish(to text: inout [UInt8]) { decoder.finish(to: &text) }
}
