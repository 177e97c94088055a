/// The ways to cut tokens into two other tokens.
///
/// Looking up both halves at every place would hash a token of n bytes n times. Here each token knows its longest proper
/// prefix and suffix among the tokens; the prefix of that prefix, and so on, are all of its prefixes. In sorted order a
/// token's prefixes are a stack, so that all of this takes O(N log k) time for k tokens of N bytes, however long they are.
struct TokenSplits {
  private let tokens: Vocabulary
  /// The id of the longest proper prefix, or suffix, of each token that is a token; -1 where there is none.
  private let prefixes: [Int32]
  private let suffixes: [Int32]

  init(_ tokens: Vocabulary) {
    self.tokens = tokens
    prefixes = Self.longestAffixes(of: tokens, fromEnd: false)
    suffixes = Self.longestAffixes(of: tokens, fromEnd: true)
  }

  /// Calls `body` with the halves, for every place where both are tokens, from the last place to the first.
  func forEachSplit(of id: Int, _ body: (_ left: Int, _ right: Int) -> Void) {
    guard let count = tokens[id]?.count else { return }
    // Longest first: a shorter left half needs a longer right half, so the candidates are taken from the end.
    var rights = chain(from: id, suffixes)
    for left in chain(from: id, prefixes) {
      while let right = rights.last, left.count + right.count < count { rights.removeLast() }
      if let right = rights.last, left.count + right.count == count { body(left.id, right.id) }
    }
  }

  private func chain(from id: Int, _ affixes: [Int32]) -> [(id: Int, count: Int)] {
    var chain: [(id: Int, count: Int)] = []
    var next = Int(affixes[id])
    while next >= 0 {
      chain.append((next, tokens[next]?.count ?? 0))
      next = Int(affixes[next])
    }
    return chain
  }

  private static func longestAffixes(of tokens: Vocabulary, fromEnd: Bool) -> [Int32] {
    var order: [(key: UInt64, id: Int)] = []
    order.reserveCapacity(tokens.count)
    for id in 0..<tokens.size {
      if let token = tokens[id], !token.isEmpty { order.append((key(of: token, fromEnd: fromEnd), id)) }
    }
    order.sort { a, b in
      if a.key != b.key { return a.key < b.key }
      return compare(tokens, a.id, b.id, fromEnd: fromEnd).isBefore
    }
    var affixes = [Int32](repeating: -1, count: tokens.size)
    var stack: [Int] = []
    for (_, id) in order {
      while let top = stack.last, !compare(tokens, top, id, fromEnd: fromEnd).isAffix { stack.removeLast() }
      if let top = stack.last { affixes[id] = Int32(truncatingIfNeeded: top) }
      stack.append(id)
    }
    return affixes
  }

  /// The first eight bytes in the order of reading, as a number that sorts like them; zeros where there are fewer.
  private static func key(of token: ArraySlice<UInt8>, fromEnd: Bool) -> UInt64 {
    var key: UInt64 = 0
    for k in 0..<8 {
      let byte = k < token.count ? token[fromEnd ? token.endIndex - 1 - k : token.startIndex + k] : 0
      key = key << 8 | UInt64(byte)
    }
    return key
  }

  /// Whether token `a` sorts before token `b`, and whether `b` begins with it (or ends with it, read from the end).
  private static func compare(
    _ tokens: Vocabulary, _ a: Int, _ b: Int, fromEnd: Bool
  ) -> (isBefore: Bool, isAffix: Bool) {
    guard let a = tokens[a], let b = tokens[b] else { return (false, false) }
    return a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        let count = min(a.count, b.count)
        for k in 0..<count {
          let (x, y) = fromEnd ? (a[a.count - 1 - k], b[b.count - 1 - k]) : (a[k], b[k])
          if x != y { return (x < y, false) }
        }
        return (a.count < b.count, a.count < b.count)
      }
    }
  }
}
