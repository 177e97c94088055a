/// Carries out merges: always the one of lowest rank, among equals the leftmost, until none is left.
///
/// Short words are scanned again after each merge. Long ones keep their symbols in a linked list and the possible merges in
/// a heap, so that a word of n symbols takes O(n log n) time and no recursion.
struct MergeQueue: Sendable {
  /// Up to so many symbols a scan over neighbouring memory beats the heap.
  private static let longestScan = 48
  /// Bits of a heap entry that hold the position; the rank lies above them.
  private static let positionBits: UInt64 = 40

  private var merges: [UInt64] = []

  /// Merges `symbols` in place.
  mutating func run(_ table: MergeTable, on symbols: inout [Int32]) {
    if symbols.count < 2 { return }
    if symbols.count <= Self.longestScan {
      scan(table, &symbols)
    } else {
      drain(table, &symbols)
    }
  }

  private mutating func scan(_ table: MergeTable, _ symbols: inout [Int32]) {
    if merges.count < Self.longestScan { merges = [UInt64](repeating: 0, count: Self.longestScan) }
    var count = symbols.count
    merges.withUnsafeMutableBufferPointer { merges in
      symbols.withUnsafeMutableBufferPointer { symbols in
        for i in 0..<count - 1 { merges[i] = table.merge(symbols[i], symbols[i + 1]) }
        while count > 1 {
          var best = MergeTable.none
          var at = 0
          // Only the rank decides: pieces of equal score share one, and the leftmost of them goes first.
          for i in 0..<count - 1 where merges[i] >> 32 < best >> 32 {
            best = merges[i]
            at = i
          }
          if best == MergeTable.none { break }
          symbols[at] = Int32(truncatingIfNeeded: best)
          count -= 1
          for i in at + 1..<max(at + 1, count) {
            symbols[i] = symbols[i + 1]
            merges[i - 1] = merges[i]
          }
          if at > 0 { merges[at - 1] = table.merge(symbols[at - 1], symbols[at]) }
          if at + 1 < count { merges[at] = table.merge(symbols[at], symbols[at + 1]) }
        }
      }
    }
    symbols.removeLast(symbols.count - count)
  }

  private func drain(_ table: MergeTable, _ symbols: inout [Int32]) {
    let count = symbols.count
    let entries = (0..<count - 1).compactMap { Self.entry(table.merge(symbols[$0], symbols[$0 + 1]), at: $0) }
    if entries.isEmpty { return }
    var next = Array(1...count)
    var previous = Array(-1..<count - 1)
    var heap = MinimumHeap(entries)
    while let smallest = heap.removeSmallest() {
      let i = Int(smallest & (1 << Self.positionBits - 1))
      let right = next[i]
      // A symbol that was merged into its left neighbour is -1; its entries, and those of changed pairs, are stale.
      guard symbols[i] >= 0, right < count else { continue }
      let merge = table.merge(symbols[i], symbols[right])
      guard Self.entry(merge, at: i) == smallest else { continue }
      symbols[i] = Int32(truncatingIfNeeded: merge)
      symbols[right] = -1
      let after = next[right]
      next[i] = after
      if after < count {
        previous[after] = i
        if let entry = Self.entry(table.merge(symbols[i], symbols[after]), at: i) { heap.insert(entry) }
      }
      let before = previous[i]
      if before >= 0, let entry = Self.entry(table.merge(symbols[before], symbols[i]), at: before) {
        heap.insert(entry)
      }
    }
    symbols.removeAll { $0 < 0 }
  }

  /// The heap's entry for a merge of a symbol at `position` and the next; nil where they do not merge.
  @inline(__always)
  private static func entry(_ merge: UInt64, at position: Int) -> UInt64? {
    merge == MergeTable.none ? nil : (merge >> 32) << positionBits | UInt64(truncatingIfNeeded: position)
  }
}

/// A binary heap of words, the smallest on top.
private struct MinimumHeap {
  private var words: [UInt64]

  init(_ words: [UInt64]) {
    self.words = words
    for i in stride(from: words.count / 2 - 1, through: 0, by: -1) { sink(from: i) }
  }

  mutating func insert(_ word: UInt64) {
    words.append(word)
    var i = words.count - 1
    while i > 0 {
      let parent = (i - 1) / 2
      if words[parent] <= word { break }
      words[i] = words[parent]
      i = parent
    }
    words[i] = word
  }

  mutating func removeSmallest() -> UInt64? {
    guard let smallest = words.first, let last = words.popLast() else { return nil }
    if !words.isEmpty {
      words[0] = last
      sink(from: 0)
    }
    return smallest
  }

  private mutating func sink(from start: Int) {
    words.withUnsafeMutableBufferPointer { words in
      let word = words[start]
      var i = start
      while true {
        var child = 2 * i + 1
        if child >= words.count { break }
        if child + 1 < words.count, words[child + 1] < words[child] { child += 1 }
        if words[child] >= word { break }
        words[i] = words[child]
        i = child
      }
      words[i] = word
    }
  }
}
