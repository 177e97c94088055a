/// Rewrites a text before it is cut into pieces.
///
/// No step makes an empty text longer.
struct Normalizer: Sendable, Equatable {
  /// One rewriting of the whole text.
  enum Step: Sendable, Equatable {
    /// Puts bytes in front of the text.
    case prepend([UInt8])
    /// Replaces every occurrence, from the left, without overlaps. The pattern is not empty.
    case replace([UInt8], with: [UInt8])
    /// Removes U+0020 at both ends: the pattern `\A +| +\z`.
    case trimSpaces
    /// Leaves one of several U+0020: the pattern ` {2,}`.
    case squeezeSpaces
    /// Removes every occurrence at the end.
    case trimEnd([UInt8])
  }

  var steps: [Step] = []

  /// Whether the text stays as it is.
  var isIdentity: Bool { steps.isEmpty }

  /// The largest growth that is accepted; U+2581 for a blank, which every LLaMA has, is 3.
  static let growthLimit = 64.0

  /// How many times as long a text can become, or bytes a text of a single byte can become.
  var growth: Double {
    steps.reduce(1) { growth, step in
      switch step {
      case .replace(let pattern, let content):
        growth * max(1, Double(content.count) / Double(max(1, pattern.count)))
      case .prepend(let bytes):
        growth + Double(bytes.count)
      case .trimSpaces, .squeezeSpaces, .trimEnd: growth
      }
    }
  }

  /// The text after all steps.
  func callAsFunction(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var steps = steps[...]
    var result: [UInt8]
    if case .prepend(let bytes)? = steps.first, !text.isEmpty {
      result = bytes + text
      steps = steps.dropFirst()
    } else {
      result = Array(text)
    }
    for step in steps {
      if result.isEmpty { break }
      switch step {
      case .prepend(let bytes):
        result.insert(contentsOf: bytes, at: 0)
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
