/// A token that is recognised in the text before anything else happens to it.
struct AddedToken: Sendable, Equatable {
  /// The longest content that is accepted, so that seeking tokens takes a bounded time a byte.
  static let longestContent = 1 << 12

  /// Negative where the files give the token no number of its own, until it has one.
  var id = -1
  var content: [UInt8]
  /// Special tokens can be left out of decoded text, and their recognition can be switched off.
  var isSpecial: Bool
  /// Whether the token counts only where no word character is its neighbour.
  var isSingleWord = false
  /// Whether the token swallows the blanks on its left.
  var stripsLeft = false
  /// Whether the token swallows the blanks on its right.
  var stripsRight = false
  /// Whether it is sought in the normalised text.
  var isNormalized = false

  var isNumbered: Bool { id >= 0 }
}

/// What a text consists of: added tokens, and what stands between them.
enum Fragment<Text> {
  case token(Int)
  case text(Text)
}

/// Finds added tokens in a text: at each place the longest, places from the left, without overlaps.
struct AddedTokenMatcher: Sendable {
  /// A node of the tree of patterns; its children are a linked list.
  private struct Node: Sendable {
    var byte: UInt8
    var child: Int32 = -1
    var sibling: Int32 = -1
    var token: Int32 = -1
  }

  private var nodes = [Node(byte: 0)]
  private var tokens: [AddedToken] = []
  private var startsToken = [Bool](repeating: false, count: 256)

  /// Seeks each token under its pattern; of equal patterns the last token counts.
  ///
  /// Empty patterns are never found.
  init(_ patterns: [(pattern: [UInt8], token: AddedToken)] = []) {
    for (pattern, token) in patterns {
      guard let first = pattern.first else { continue }
      startsToken[Int(first)] = true
      var node = 0
      for byte in pattern {
        if let child = child(of: node, byte) {
          node = child
        } else {
          nodes.append(Node(byte: byte, sibling: nodes[node].child))
          nodes[node].child = Int32(truncatingIfNeeded: nodes.count - 1)
          node = nodes.count - 1
        }
      }
      nodes[node].token = Int32(truncatingIfNeeded: tokens.count)
      tokens.append(token)
    }
  }

  private func child(of node: Int, _ byte: UInt8) -> Int? {
    var next = nodes[node].child
    while next >= 0 {
      if nodes[Int(next)].byte == byte { return Int(next) }
      next = nodes[Int(next)].sibling
    }
    return nil
  }

  /// Calls `body` with the parts of the text in order; no text part is empty.
  func forEachPart(
    of text: UnsafeBufferPointer<UInt8>, recognizingSpecialTokens: Bool, _ body: (Fragment<Range<Int>>) -> Void
  ) {
    var start = 0
    var i = 0
    if !tokens.isEmpty {
      while let (token, matchStart, matchEnd) = nextMatch(in: text, from: i) {
        i = matchEnd
        if token.isSpecial, !recognizingSpecialTokens { continue }
        if token.isSingleWord, touchesWord(in: text, matchStart, matchEnd) { continue }
        var from = matchStart
        var to = matchEnd
        if token.stripsLeft { from = max(start, CharacterClasses.blanks(before: from, in: text, from: start)) }
        // A match among blanks that an earlier token swallowed swallows the rest of them.
        if token.stripsRight { to = to < start ? start : CharacterClasses.blanks(after: to, in: text) }
        // An earlier token may have taken all that this one consists of. Only `lstrip` looks at that, as in the reference.
        if from >= to { continue }
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
    while i < text.count, let child = child(of: node, text[i]) {
      node = child
      i += 1
      let token = Int(nodes[node].token)
      if token >= 0 { found = (tokens[token], i) }
    }
    return found
  }

  /// Whether a word character stands right before or right after these bytes.
  private func touchesWord(in text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    if start > 0, CharacterClasses.isWordCharacter(UTF8Scalar.decode(text, before: start).scalar) { return true }
    return end < text.count && CharacterClasses.isWordCharacter(UTF8Scalar.decode(text, at: end).scalar)
  }
}
