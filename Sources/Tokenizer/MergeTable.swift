import Support

/// Two symbols, the one they become, and how soon: the merge of the lowest rank goes first.
struct Merge: Sendable {
  var left: Int32
  var right: Int32
  var result: Int32
  var rank: Int32
}

/// The merges: which two neighbouring symbols become one, and in which order.
///
/// A pair of symbols finds its rank and the symbol it becomes in a table with open addressing.
struct MergeTable: Sendable {
  /// A larger rank would not fit one word of the merge queue together with a position.
  static let largestRank: Int32 = 1 << 24 - 1

  private struct Slot: Sendable {
    var pair: UInt64
    var merge: UInt64
  }

  /// No merge: larger than any.
  static let none = UInt64.max

  private var slots: [Slot]
  private let shift: UInt64
  /// Different pairs.
  private(set) var count = 0

  /// Space for exactly so many pairs at most.
  init(capacity: Int) {
    var bits: UInt64 = 4
    while 1 << bits < capacity * 2 { bits += 1 }
    slots = [Slot](repeating: Slot(pair: .max, merge: Self.none), count: 1 << bits)
    shift = 64 - bits
  }

  /// The merges of a file; of those of one pair the last counts.
  init(_ merges: [Merge], file: String) throws(TokenizerError) {
    self.init(capacity: merges.count)
    for merge in merges {
      guard merge.rank <= Self.largestRank else {
        throw TokenizerError(file, reason: "more merges than the \(Self.largestRank + 1) that are supported")
      }
      add(merge)
    }
  }

  /// Adds a merge, or replaces the one of the same pair.
  ///
  /// Adding more than the capacity is ignored.
  mutating func add(_ merge: Merge) {
    guard (count + 1) * 2 <= slots.count else { return }
    let pair = Self.pair(merge.left, merge.right)
    var i = home(pair)
    while slots[i].pair != .max, slots[i].pair != pair { i = (i + 1) & (slots.count - 1) }
    if slots[i].pair == .max { count += 1 }
    slots[i] = Slot(
      pair: pair, merge: UInt64(UInt32(bitPattern: merge.rank)) << 32 | UInt64(UInt32(bitPattern: merge.result)))
  }

  /// The rank (upper half) and resulting symbol (lower half) of a pair; `none` where the pair does not merge.
  @inline(__always)
  func merge(_ left: Int32, _ right: Int32) -> UInt64 {
    let pair = Self.pair(left, right)
    return slots.withUnsafeBufferPointer { slots in
      var i = home(pair)
      while true {
        let slot = slots[i]
        if slot.pair == pair { return slot.merge }
        if slot.pair == .max { return Self.none }
        i = (i &+ 1) & (slots.count &- 1)
      }
    }
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func home(_ pair: UInt64) -> Int {
    let folded = pair ^ ((pair >> 32) &* 0x9E37_79B1)
    return Int(truncatingIfNeeded: (folded &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }
}
