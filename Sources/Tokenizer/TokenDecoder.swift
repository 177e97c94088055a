import Support

/// Turns the spellings of tokens back into text, one token at a time.
///
/// A value is the state between two tokens; a fresh copy begins a text. What comes out is valid UTF-8 in whole characters, and
/// all of it together does not depend on how much came out when.
protocol TokenDecoder: Sendable {
  /// Has the tokens go on in a text: the first one is none at a start, where a blank would be taken away.
  mutating func goOn()

  /// Appends the text that is certain once this token is known.
  mutating func append(id: Int, spelling: ArraySlice<UInt8>, to text: inout [UInt8])

  /// Appends the text that was held back, since no token follows.
  mutating func finish(to text: inout [UInt8])
}

/// Spellings with a space between them: what Hugging Face tokenizers do where a file names no decoder.
struct JoiningDecoder: TokenDecoder {
  private var isFirst = true

  mutating func goOn() { isFirst = false }

  mutating func append(id: Int, spelling: ArraySlice<UInt8>, to text: inout [UInt8]) {
    if !isFirst { text.append(UInt8(ascii: " ")) }
    isFirst = false
    text.append(contentsOf: spelling)
  }

  mutating func finish(to text: inout [UInt8]) {}
}

/// Spellings in the alphabet of `ByteLevel`.
struct ByteLevelDecoder: TokenDecoder {
  private var bytes = UTF8Repairer(.maximalSubparts)

  mutating func goOn() {}

  mutating func append(id: Int, spelling: ArraySlice<UInt8>, to text: inout [UInt8]) {
    bytes.append(ByteLevel.decode(spelling) ?? Array(spelling), to: &text)
  }

  mutating func finish(to text: inout [UInt8]) { bytes.finish(to: &text) }
}
