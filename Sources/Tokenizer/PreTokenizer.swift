/// Cuts a text into the pieces that byte-pair encoding treats one by one.
struct PreTokenizer: Sendable {
  /// The split patterns that have a scanner.
  enum Pattern: CaseIterable, Sendable {
    case gpt2
    case llama3

    /// The pattern as tokenizer files write it.
    var regularExpression: String {
      switch self {
      case .gpt2:
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
      case .llama3:
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
          + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
      }
    }

    init?(regularExpression: [UInt8]?) {
      guard let known = Self.allCases.first(where: { Array($0.regularExpression.utf8) == regularExpression }) else {
        return nil
      }
      self = known
    }
  }

  /// Cuts that are made before spaces are spelled or added: that happens to each of their pieces.
  var earlierSplits = SplitSequence()
  /// Whether every number is a piece of its own, whatever happens to the text between them.
  var isolatesDigits = false
  /// Nil leaves the text in one piece.
  var pattern: Pattern?
  /// Split patterns in general, one after the other; where there are any, `isolatesDigits` and `pattern` say nothing.
  var splits = SplitSequence()
  /// How spaces are spelled, where this stage does it.
  ///
  /// It cuts nothing where there are `splits`, which then begin with its own cuts.
  var metaspace: Metaspace?
  /// Whether a text, or each piece of the earlier cuts, that does not begin with a space gets one.
  var addsPrefixSpace = false
  /// Whether the pieces are spelled in the alphabet of `ByteLevel`, that is, encoded byte by byte.
  var isByteLevel = false

  /// This and then another step; nil where both together are no pre-tokenizer of this kind.
  func followed(by next: PreTokenizer) throws(PatternError) -> PreTokenizer? {
    if onlyChangesTheAlphabet, !isByteLevel { return next }
    // Spaces are added in one step at most, and the byte-level alphabet has no way to spell what would come from outside it.
    guard !isByteLevel || !next.isByteLevel, !next.changesText || !changesText && !isByteLevel else { return nil }
    if next.changesText {
      // No piece knows whether the text begins with it.
      guard next.earlierSplits.isEmpty, next.metaspace?.prepending != .first else { return nil }
      var both = next
      both.earlierSplits = try generalSplits()
      return both
    }
    var both = self
    both.isByteLevel = isByteLevel || next.isByteLevel
    if next.onlyChangesTheAlphabet { return both }
    if !isByteLevel, splits.isEmpty, next.splits.isEmpty, !next.isolatesDigits, pattern == nil, metaspace == nil {
      both.pattern = next.pattern
      return both
    }
    both.splits = try generalSplits().followed(by: try next.generalSplits(), after: isByteLevel ? .byteAlphabet : .text)
    both.pattern = nil
    both.isolatesDigits = false
    both.metaspace?.splits = false
    return both
  }

  /// All cuts behind the earlier ones as general patterns.
  private func generalSplits() throws(PatternError) -> SplitSequence {
    var all = splits
    if let metaspace, metaspace.splits {
      all = try all.followed(by: .text(metaspace.replacement), SplitStyle(behavior: .mergedWithNext))
    }
    if isolatesDigits { all = try all.followed(by: .set(.numbersOfDigits)) }
    if let pattern { all = try all.followed(by: try PatternParser.parse(Array(pattern.regularExpression.utf8))) }
    return all
  }

  /// Whether pieces have other characters than the text has.
  private var changesText: Bool { metaspace != nil || addsPrefixSpace }

  /// Whether all this does is to encode byte by byte, if that.
  private var onlyChangesTheAlphabet: Bool { pattern == nil && splits.isEmpty && !changesText && !isolatesDigits }
}

/// Finds where the pieces of a split pattern end.
///
/// Every method expects `start` within the text.
struct PieceScanner {
  let text: UnsafeBufferPointer<UInt8>
  let classes = CharacterClasses.unicode16

  /// The end of the piece that starts at `start`.
  @inline(__always)
  func end(of pattern: PreTokenizer.Pattern, from start: Int) -> Int {
    switch pattern {
    case .gpt2: endGPT2(from: start)
    case .llama3: endLlama3(from: start)
    }
  }

  /// The end of the piece at `start` where every number is a piece of its own.
  ///
  /// `segment` is where the text without numbers ends that the last piece was in, so that each end is sought once.
  @inline(__always)
  func end(isolatingDigitsBefore pattern: PreTokenizer.Pattern?, from start: Int, _ segment: inout Int) -> Int {
    if start >= segment {
      let (isNumber, length) = number(start)
      if isNumber { return start + length }
      segment = start + length
      while segment < text.count {
        let (isNumber, length) = number(segment)
        if isNumber { break }
        segment += length
      }
    }
    guard let pattern else { return segment }
    return PieceScanner(text: UnsafeBufferPointer(rebasing: text[..<segment])).end(of: pattern, from: start)
  }

  /// Whether a number stands here for `Digits`, which follows the tables of Rust: they are of Unicode 17.
  private func number(_ i: Int) -> (isNumber: Bool, length: Int) {
    let (scalar, length) = UTF8Scalar.decode(text, at: i)
    let isNew = 0x11DE0...0x11DE9 ~= scalar || 0x16FF4...0x16FF6 ~= scalar
    return (isNew || classes(scalar) == CharacterClass.number, length)
  }

  /// The first place from `start` on, which must not be 0, where a piece ends whatever stands before and after, or nil.
  ///
  /// No piece has a blank behind anything else, but for newlines behind punctuation in LLaMA 3.
  func safeCut(for pattern: PreTokenizer.Pattern, from start: Int) -> Int? {
    guard start < text.count else { return nil }
    var i = start
    var previous = classes(UTF8Scalar.decode(text, before: start).scalar)
    while i < text.count {
      let (kind, length) = classify(i)
      if kind == CharacterClass.blank, previous != CharacterClass.blank,
        pattern == .gpt2 || previous != CharacterClass.other || !isNewline(text[i])
      {
        return i
      }
      previous = kind
      i += length
    }
    return nil
  }

  /// The pattern of GPT-2.
  ///
  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private func endGPT2(from start: Int) -> Int {
    let first = text[start]
    if first == UInt8(ascii: "'"), let end = contraction(from: start, foldingCase: false) { return end }
    let (kind, length) = classify(start)
    if kind != CharacterClass.blank { return run(of: kind, from: start + length) }
    if first == UInt8(ascii: " "), start + 1 < text.count {
      let (next, nextLength) = classify(start + 1)
      if next != CharacterClass.blank { return run(of: next, from: start + 1 + nextLength) }
    }
    return endOfBlanks(from: start, stoppingAtNewlines: false)
  }

  /// The pattern of LLaMA 3.
  ///
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  private func endLlama3(from start: Int) -> Int {
    let first = text[start]
    if first == UInt8(ascii: "'"), let end = contraction(from: start, foldingCase: true) { return end }
    let (kind, length) = classify(start)
    let second = start + length
    switch kind {
    case CharacterClass.letter:
      return run(of: CharacterClass.letter, from: second)
    case CharacterClass.number:
      return threeNumbers(from: start)
    default:
      break
    }
    let (next, nextLength) = second < text.count ? classify(second) : (CharacterClass.blank, 0)
    if next == CharacterClass.letter, !isNewline(first) {
      return run(of: CharacterClass.letter, from: second + nextLength)
    }
    if kind == CharacterClass.other {
      return newlines(from: run(of: CharacterClass.other, from: second))
    }
    if first == UInt8(ascii: " "), next == CharacterClass.other {
      return newlines(from: run(of: CharacterClass.other, from: second + nextLength))
    }
    return endOfBlanks(from: start, stoppingAtNewlines: true)
  }

  @inline(__always)
  private func classify(_ i: Int) -> (kind: UInt8, length: Int) {
    let (scalar, length) = UTF8Scalar.decode(text, at: i)
    return (classes(scalar), length)
  }

  @inline(__always)
  private func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// The end of the characters of one class.
  @inline(__always)
  private func run(of kind: UInt8, from start: Int) -> Int {
    var i = start
    while i < text.count {
      let (next, length) = classify(i)
      if next != kind { break }
      i += length
    }
    return i
  }

  /// The end of `\p{N}{1,3}`.
  private func threeNumbers(from start: Int) -> Int {
    var i = start
    for _ in 0..<3 {
      guard i < text.count else { break }
      let (next, length) = classify(i)
      if next != CharacterClass.number { break }
      i += length
    }
    return i
  }

  /// The end of `[\r\n]*`.
  private func newlines(from start: Int) -> Int {
    var i = start
    while i < text.count, isNewline(text[i]) { i += 1 }
    return i
  }

  /// `\s+(?!\S)|\s+`, preceded by `\s*[\r\n]+` where asked for.
  ///
  /// A run of blanks before something else leaves its last blank to what follows, unless it is a single one.
  private func endOfBlanks(from start: Int, stoppingAtNewlines: Bool) -> Int {
    var i = start
    var last = start
    var afterNewline: Int?
    while i < text.count {
      let (kind, length) = classify(i)
      if kind != CharacterClass.blank { break }
      last = i
      if isNewline(text[i]) { afterNewline = i + 1 }
      i += length
    }
    if stoppingAtNewlines, let afterNewline { return afterNewline }
    return i == text.count || last == start ? i : last
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`, or nil where none stands here.
  ///
  /// Folding case makes U+017F (ſ) an s.
  private func contraction(from start: Int, foldingCase: Bool) -> Int? {
    func unit(_ k: Int) -> UInt8 {
      guard start + k < text.count else { return 0 }
      let unit = text[start + k]
      return foldingCase && (0x41...0x5A).contains(unit) ? unit | 0x20 : unit
    }
    switch unit(1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return unit(2) == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return unit(2) == UInt8(ascii: "l") ? start + 3 : nil
    case 0xC5: return foldingCase && unit(2) == 0xBF ? start + 3 : nil
    default: return nil
    }
  }
}
