/// A token that is recognised in the text before anything else happens to it.
struct AddedToken: Sendable, Equatable {
  var id: Int
  var content: [UInt8]
  /// Special tokens can be left out of decoded text, and their recognition can be switched off.
  var isSpecial: Bool
  /// Whether the token swallows the blanks on its left.
  var stripsLeft = false
  /// Whether the token swallows the blanks on its right.
  var stripsRight = false
  /// Whether it is sought in the normalised text.
  var isNormalized = false
}

/// Finds added tokens in a text: at each place the longest, places from the left, without overlaps.
struct AddedTokenMatcher: Sendable {
  /// What a text consists of.
  enum Part: Sendable, Equatable {
    case text(Range<Int>)
    case token(Int)
  }

  private struct Node: Sendable {
    var children: [(byte: UInt8, node: Int)] = []
    var token: Int?
  }

  private var nodes = [Node()]
  private var tokens: [AddedToken] = []
  private var startsToken = [Bool](repeating: false, count: 256)

  /// Whether there is nothing to find.
  var isEmpty: Bool { tokens.isEmpty }

  /// Seeks each token under its pattern.
  ///
  /// Empty patterns are never found.
  init(_ patterns: [(pattern: [UInt8], token: AddedToken)] = []) {
    for (pattern, token) in patterns {
      guard let first = pattern.first else { continue }
      startsToken[Int(first)] = true
      var node = 0
      for byte in pattern {
        if let child = nodes[node].children.first(where: { $0.byte == byte }) {
          node = child.node
        } else {
          nodes.append(Node())
          nodes[node].children.append((byte, nodes.count - 1))
          node = nodes.count - 1
        }
      }
      nodes[node].token = tokens.count
      tokens.append(token)
    }
  }

  /// Calls `body` with the parts of the text in order; no text part is empty.
  func forEachPart(
    of text: UnsafeBufferPointer<UInt8>, recognizingSpecialTokens: Bool, _ body: (Part) -> Void
  ) {
    var start = 0
    var i = 0
    if !isEmpty {
      while let (token, matchStart, matchEnd) = nextMatch(in: text, from: i) {
        i = matchEnd
        if token.isSpecial, !recognizingSpecialTokens { continue }
        var from = matchStart
        var to = matchEnd
        if token.stripsLeft { from = max(start, blanks(before: from, in: text)) }
        if token.stripsRight { to = blanks(after: to, in: text) }
        if start < from { body(.text(start..<from)) }
        body(.token(token.id))
        start = to
      }
    }
    if start < text.count { body(.text(start..<text.count)) }
  }

  private func nextMatch(
    in text: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> (token: AddedToken, start: Int, end: Int)? {
    startsToken.withUnsafeBufferPointer { startsToken in
      var i = start
      while i < text.count {
        if startsToken[Int(text[i])], let (token, end) = longestMatch(in: text, at: i) { return (token, i, end) }
        i += 1
      }
      return nil
    }
  }

  private func longestMatch(in text: UnsafeBufferPointer<UInt8>, at start: Int) -> (AddedToken, Int)? {
    var found: (AddedToken, Int)?
    var node = 0
    var i = start
    while i < text.count, let child = nodes[node].children.first(where: { $0.byte == text[i] }) {
      node = child.node
      i += 1
      if let token = nodes[node].token { found = (tokens[token], i) }
    }
    return found
  }

  private func blanks(after start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var i = start
    while i < text.count {
      let (scalar, length) = UTF8Scalar.decode(text, at: i)
      if CharacterClasses.unicode16(scalar) != CharacterClass.blank { break }
      i += length
    }
    return i
  }

  private func blanks(before end: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var i = end
    while i > 0 {
      var start = i - 1
      while start > 0, i - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
      let (scalar, length) = UTF8Scalar.decode(text, at: start)
      if start + length != i || CharacterClasses.unicode16(scalar) != CharacterClass.blank { break }
      i = start
    }
    return i
  }
}
