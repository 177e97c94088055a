import Support

/// Turns the spellings of tokens back into text.
enum TokenDecoder: Sendable, Equatable {
  /// Spellings with a space between them: what Hugging Face tokenizers do where a file names no decoder.
  case joined
  /// Spellings in the alphabet of `ByteLevel`.
  case byteLevel
  /// Steps that rewrite the list of spellings one after the other.
  case chain([Step])
  /// The way of sentencepiece.
  case sentencePiece(SentencePieceDecoder)

  /// One rewriting of the list of spellings.
  enum Step: Sendable, Equatable {
    /// Replaces every occurrence within each spelling.
    case replace([UInt8], with: [UInt8])
    /// Turns runs of `<0xNN>` into their bytes; all of a run into U+FFFD where its bytes are not UTF-8 as a whole.
    case byteFallback
    /// Makes one spelling of all.
    case fuse
    /// Turns a character into a space, or in the first spelling into nothing.
    case metaspace([UInt8], dropsFirst: Bool)
    /// Removes up to so many occurrences of a character at the ends of each spelling.
    case strip([UInt8], start: Int, stop: Int)
  }

  /// The text of tokens that are given by id and spelling; it is valid UTF-8.
  func decode(_ tokens: [(id: Int, spelling: ArraySlice<UInt8>)]) -> [UInt8] {
    switch self {
    case .joined:
      return Array(tokens.map(\.spelling).joined(separator: [UInt8(ascii: " ")]))
    case .byteLevel:
      var bytes: [UInt8] = []
      for token in tokens { bytes.append(contentsOf: ByteLevel.decode(token.spelling) ?? Array(token.spelling)) }
      return UTF8Scalar.repaired(bytes, .maximalSubparts)
    case .chain(let steps):
      return Array(steps.reduce(tokens.map { Array($0.spelling) }) { $1.apply(to: $0) }.joined())
    case .sentencePiece(let decoder):
      return decoder.decode(tokens)
    }
  }
}

extension TokenDecoder.Step {
  fileprivate func apply(to tokens: [[UInt8]]) -> [[UInt8]] {
    switch self {
    case .replace(let pattern, let content):
      return tokens.map { Normalizer.replacing(pattern, with: content, in: $0) }
    case .byteFallback:
      return Self.joiningBytes(tokens)
    case .fuse:
      return [Array(tokens.joined())]
    case .metaspace(let replacement, let dropsFirst):
      return tokens.enumerated().map { i, token in
        let space = i == 0 && dropsFirst ? [] : [UInt8(ascii: " ")]
        return Normalizer.replacing(replacement, with: space, in: token)
      }
    case .strip(let character, let start, let stop):
      return tokens.map { Self.strip($0, character, start, stop) }
    }
  }

  private static func joiningBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var run: [UInt8] = []
    func flush() {
      if run.isEmpty { return }
      let isValid = UTF8Validation.firstInvalidOffset(in: run) == nil
      result.append(isValid ? run : Array(repeatElement(UTF8Scalar.replacement, count: run.count).joined()))
      run = []
    }
    for token in tokens {
      if let byte = ByteFallback.byte(of: token[...]) {
        run.append(byte)
      } else {
        flush()
        result.append(token)
      }
    }
    flush()
    return result
  }

  private static func strip(_ token: [UInt8], _ character: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
    var rest = token[...]
    for _ in 0..<start {
      guard rest.starts(with: character) else { break }
      rest = rest.dropFirst(character.count)
    }
    for _ in 0..<stop {
      guard rest.count >= character.count, rest.suffix(character.count).elementsEqual(character) else { break }
      rest = rest.dropLast(character.count)
    }
    return Array(rest)
  }
}
