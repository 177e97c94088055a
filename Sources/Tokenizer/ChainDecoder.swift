import Support

/// Steps that rewrite a list of spellings one after the other, as the decoders of `tokenizer.json` do.
///
/// A step hands on what it can tell from the tokens so far. Behind `Fuse` there is but one token, which arrives in parts.
struct ChainDecoder: TokenDecoder {
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

  private var stages: [ForwardStep] = []

  init(_ steps: [Step]) {
    var isFused = false
    for step in steps {
      stages.append(ForwardStep(step, isFused: isFused))
      isFused = isFused || step == .fuse
    }
  }

  mutating func goOn() { for i in stages.indices { stages[i].goOn() } }

  mutating func append(id: Int, spelling: ArraySlice<UInt8>, to text: inout [UInt8]) {
    pass([Array(spelling)], from: 0, to: &text)
  }

  mutating func finish(to text: inout [UInt8]) {
    for i in stages.indices { pass(stages[i].finish(), from: i + 1, to: &text) }
  }

  private mutating func pass(_ tokens: [[UInt8]], from first: Int, to text: inout [UInt8]) {
    var tokens = tokens
    for i in first..<stages.count {
      if tokens.isEmpty { return }
      tokens = tokens.flatMap { stages[i].append($0) }
    }
    for token in tokens { text.append(contentsOf: token) }
  }
}

extension ChainDecoder {
  /// A step at work.
  private struct ForwardStep: Sendable {
    private let step: Step
    private let isFused: Bool
    private var isFirst = true
    /// Bytes of a run of byte tokens, or parts of the one fused token where the step needs all of it.
    private var held: [UInt8] = []
    /// What may still be stripped at the start of the one fused token.
    private var remaining = 0

    init(_ step: Step, isFused: Bool) {
      self.step = step
      self.isFused = isFused
      if case .strip(_, let start, _) = step { remaining = start }
    }

    /// Whether the step cannot work on parts of a token.
    private var needsWhole: Bool {
      guard isFused else { return false }
      switch step {
      case .fuse, .metaspace: return false
      // A character cannot lie across the border of two parts.
      case .replace(let pattern, _): return UTF8Scalar.count(pattern) != 1
      case .strip(_, _, let stop): return stop > 0
      case .byteFallback: return true
      }
    }

    mutating func goOn() { (isFirst, remaining) = (false, 0) }

    mutating func append(_ token: [UInt8]) -> [[UInt8]] {
      if needsWhole {
        held += token
        return []
      }
      if step == .byteFallback {
        if let byte = ByteFallback.byte(of: token[...]) {
          held.append(byte)
          return []
        }
        return flushedRun() + [token]
      }
      defer { isFirst = false }
      return [rewritten(token)]
    }

    mutating func finish() -> [[UInt8]] {
      if needsWhole {
        let whole = held
        held = []
        guard step == .byteFallback else { return [rewritten(whole)] }
        return [ByteFallback.byte(of: whole[...]).map { UTF8Scalar.repaired([$0], .everyByte) } ?? whole]
      }
      return flushedRun()
    }

    private mutating func flushedRun() -> [[UInt8]] {
      if held.isEmpty { return [] }
      let run = held
      held = []
      let isValid = UTF8Validation.firstInvalidOffset(in: run) == nil
      return [isValid ? run : Array(repeatElement(UTF8Scalar.replacement, count: run.count).joined())]
    }

    private mutating func rewritten(_ token: [UInt8]) -> [UInt8] {
      switch step {
      case .fuse, .byteFallback:
        return token
      case .replace(let pattern, let content):
        return Normalizer.replacing(pattern, with: content, in: token)
      case .metaspace(let replacement, let dropsFirst):
        let space = dropsFirst && (isFirst || isFused) ? [] : [UInt8(ascii: " ")]
        return Normalizer.replacing(replacement, with: space, in: token)
      case .strip(let character, let start, let stop):
        return stripped(token, character, start, stop)
      }
    }

    private mutating func stripped(_ token: [UInt8], _ character: [UInt8], _ start: Int, _ stop: Int) -> [UInt8] {
      var rest = token[...]
      if !isFused { remaining = start }
      while remaining > 0, rest.starts(with: character) {
        rest = rest.dropFirst(character.count)
        remaining -= 1
      }
      // The start of the fused token is over with the first part that has something else.
      if !rest.isEmpty { remaining = 0 }
      for _ in 0..<stop {
        guard rest.count >= character.count, rest.suffix(character.count).elementsEqual(character) else { break }
        rest = rest.dropLast(character.count)
      }
      return Array(rest)
    }
  }
}
