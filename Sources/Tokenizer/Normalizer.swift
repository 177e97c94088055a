/// Rewrites a text before it is cut into pieces.
///
/// No step makes an empty text longer.
struct Normalizer: Sendable {
  /// One rewriting of the whole text.
  enum Step: Sendable {
    /// Puts bytes in front of the text, or of each fragment between added tokens unless it is to be done `once`.
    case prepend([UInt8], once: Bool = false)
    /// Replaces every occurrence, from the left, without overlaps. The pattern is not empty.
    case replace([UInt8], with: [UInt8])
    /// Removes U+0020 at both ends: the pattern `\A +| +\z`.
    case trimSpaces
    /// Leaves one of several U+0020: the pattern ` {2,}`.
    case squeezeSpaces
    /// Removes every occurrence at the end.
    case trimEnd([UInt8])
    /// Removes white space at the ends.
    case strip(left: Bool, right: Bool)
    case form(NormalForm)
    case rule(ScalarRule)
    /// Replaces every match of a pattern.
    case replaceMatches(SplitPattern, with: [UInt8])
  }

  var steps: [Step] = []

  /// Whether the text stays as it is.
  var isIdentity: Bool { steps.isEmpty }

  /// The largest growth that is accepted; U+2581 for a blank, which every LLaMA has, is 3.
  static let growthLimit = 64.0

  /// How many times as long a text can become, or bytes a text of a single byte can become.
  var growth: Double {
    var growth = 1.0
    // What was decomposed by compatibility once has nothing left of it but where a file's own texts were put in since.
    var isDecomposed = false
    for step in steps {
      switch step {
      case .replace(let pattern, let content):
        growth *= max(1, Double(content.count) / Double(max(1, pattern.count)))
        isDecomposed = false
      case .replaceMatches(let pattern, let content):
        growth *= max(1, Double(content.count) / Double(max(1, pattern.node.minimumLength)))
        isDecomposed = false
      case .prepend(let bytes, _):
        growth += Double(bytes.count)
        isDecomposed = false
      case .form(let form):
        growth *= isDecomposed ? NormalForm.nfd.growth : form.growth
        isDecomposed = isDecomposed || form.growth > NormalForm.nfd.growth
      case .rule(let rule): growth *= rule.growth
      case .trimSpaces, .squeezeSpaces, .trimEnd, .strip: break
      }
    }
    return growth
  }

  /// Whether it puts something in front of a text.
  var prepends: Bool {
    steps.contains { if case .prepend = $0 { true } else { false } }
  }

  /// Whether a text always begins with what its first character has become.
  var keepsStart: Bool {
    steps.allSatisfy { step in
      switch step {
      case .form, .prepend, .trimEnd: true
      case .replace(let pattern, let content): UTF8Scalar.count(pattern) == 1 && !content.isEmpty
      case .rule(let rule): rule.action != .remove
      case .replaceMatches, .strip, .squeezeSpaces, .trimSpaces: false
      }
    }
  }

  /// What becomes of a text of its own.
  func callAsFunction(_ text: [UInt8]) -> [UInt8] { text.withUnsafeBufferPointer { self($0, isFirst: true) } }

  /// The fragment after all steps; `isFirst` tells whether the text begins with it.
  func callAsFunction(_ text: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> [UInt8] {
    var steps = steps[...]
    var result: [UInt8]
    if case .prepend(let bytes, let once)? = steps.first, !text.isEmpty {
      result = once && !isFirst ? Array(text) : bytes + text
      steps = steps.dropFirst()
    } else {
      result = Array(text)
    }
    for step in steps {
      if result.isEmpty { break }
      switch step {
      case .prepend(let bytes, let once):
        if isFirst || !once { result.insert(contentsOf: bytes, at: 0) }
      case .replace(let pattern, let content):
        result = Self.replacing(pattern, with: content, in: result)
      case .trimSpaces:
        let space = UInt8(ascii: " ")
        let start = result.firstIndex { $0 != space } ?? result.endIndex
        let end = result.lastIndex { $0 != space }.map { $0 + 1 } ?? start
        result = Array(result[start..<end])
      case .squeezeSpaces:
        result = Self.squeezed(result)
      case .trimEnd(let suffix):
        var end = result.count
        while end >= suffix.count, result[end - suffix.count..<end].elementsEqual(suffix) { end -= suffix.count }
        result.removeLast(result.count - end)
      case .strip(let left, let right):
        result = result.withUnsafeBufferPointer { text in
          let start = left ? CharacterClasses.blanks(after: 0, in: text) : 0
          let end = right ? CharacterClasses.blanks(before: text.count, in: text, from: start) : text.count
          return Array(text[start..<end])
        }
      case .form(let form): result = form(result)
      case .rule(let rule): result = rule(result)
      case .replaceMatches(let pattern, let content): result = pattern.replacingMatches(in: result, with: content)
      }
    }
    return result
  }

  /// The bytes with every occurrence of a pattern replaced, from the left, without overlaps.
  static func replacing(_ pattern: [UInt8], with content: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    bytes.withUnsafeBufferPointer { bytes in
      // Counting first costs less than growing on the way.
      var count = 0
      forEachPart(of: bytes, splitAt: pattern) { count += $0 == nil ? content.count : 1 }
      return [UInt8](unsafeUninitializedCapacity: count) { result, initialized in
        forEachPart(of: bytes, splitAt: pattern) { byte in
          if let byte {
            result[initialized] = byte
            initialized += 1
          } else {
            for byte in content {
              result[initialized] = byte
              initialized += 1
            }
          }
        }
      }
    }
  }

  /// Calls `body` with each byte outside the occurrences of a pattern, and with nil for each occurrence.
  @inline(__always)
  private static func forEachPart(
    of bytes: UnsafeBufferPointer<UInt8>, splitAt pattern: [UInt8], _ body: (UInt8?) -> Void
  ) {
    let first = pattern.first
    var i = 0
    while i < bytes.count {
      if bytes[i] == first, matches(pattern, bytes, at: i) {
        body(nil)
        i += pattern.count
      } else {
        body(bytes[i])
        i += 1
      }
    }
  }

  @inline(__always)
  private static func matches(_ pattern: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>, at i: Int) -> Bool {
    guard i + pattern.count <= bytes.count else { return false }
    for k in 1..<max(1, pattern.count) where bytes[i + k] != pattern[k] { return false }
    return true
  }

  private static func squeezed(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var last: UInt8 = 0
    for byte in bytes {
      if byte != UInt8(ascii: " ") || last != UInt8(ascii: " ") { result.append(byte) }
      last = byte
    }
    return result
  }
}
