/// The classes of characters that a pattern distinguishes: all characters of a class are in the same sets.
struct CharacterPartition: Sendable {
  /// Beside the classes of characters there are one for the end of the text and one for what continues a character.
  static let largestCount = 254
  /// More bounds of ranges than any pattern that is meant for text has.
  static let boundLimit = 1 << 20

  /// How many classes of characters there are.
  private(set) var count = 0
  private var pages: [UInt16] = []
  private var leaves: [UInt8] = []

  /// The coarsest partition that tells the sets apart, and the classes that make up each set.
  init(_ sets: [ScalarSet]) throws(PatternError) {
    memberships = []
    // Every bound begins a new interval, within which no set changes.
    var events: [(scalar: UInt32, set: Int)] = []
    guard sets.reduce(0, { $0 + $1.bounds.count }) <= Self.boundLimit else { throw .tooLarge }
    for (place, set) in sets.enumerated() { for bound in set.bounds { events.append((bound, place)) } }
    events.sort { ($0.scalar, $0.set) < ($1.scalar, $1.set) }
    var known: [[UInt64]: UInt8] = [:]
    var signature = [UInt64](repeating: 0, count: (sets.count + 63) / 64)
    var intervals: [(start: UInt32, kind: UInt8)] = []
    memberships = Array(repeating: ClassSet(), count: sets.count)
    var i = 0
    var start: UInt32 = 0
    while start < ScalarSet.limit {
      while i < events.count, events[i].scalar == start {
        signature[events[i].set / 64] ^= 1 << UInt64(events[i].set % 64)
        i += 1
      }
      let kind: UInt8
      if let old = known[signature] {
        kind = old
      } else {
        guard count < Self.largestCount else {
          throw PatternError(
            position: 0, reason: "the pattern tells more than \(Self.largestCount) kinds of characters apart")
        }
        kind = UInt8(count)
        known[signature] = kind
        count += 1
        for place in sets.indices where signature[place / 64] >> UInt64(place % 64) & 1 == 1 {
          memberships[place].insert(Int(kind))
        }
      }
      intervals.append((start, kind))
      start = i < events.count ? events[i].scalar : ScalarSet.limit
    }
    fill(intervals)
  }

  /// The classes that make up each set.
  private(set) var memberships: [ClassSet]

  /// Writes the table: pages of 256, equal pages stored once.
  private mutating func fill(_ intervals: [(start: UInt32, kind: UInt8)]) {
    var known: [[UInt8]: UInt16] = [:]
    var uniform: [UInt8: UInt16] = [:]
    var k = 0
    func end(_ k: Int) -> UInt32 { k + 1 < intervals.count ? intervals[k + 1].start : ScalarSet.limit }
    for first in stride(from: UInt32(0), to: ScalarSet.limit, by: 256) {
      while end(k) <= first { k += 1 }
      let isUniform = end(k) >= first + 256
      if isUniform, let page = uniform[intervals[k].kind] {
        pages.append(page)
        continue
      }
      var leaf: [UInt8] = []
      for scalar in first..<first + 256 {
        while end(k) <= scalar { k += 1 }
        leaf.append(intervals[k].kind)
      }
      let page = known[leaf] ?? UInt16(leaves.count / 256)
      if known[leaf] == nil { leaves += leaf }
      known[leaf] = page
      if isUniform { uniform[intervals[k].kind] = page }
      pages.append(page)
    }
  }

  /// The class of a scalar up to U+10FFFF.
  @inline(__always)
  func callAsFunction(_ scalar: UInt32) -> UInt8 { leaves[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)] }
}

/// A set of classes, the end of the text among them.
struct ClassSet: Sendable, Equatable {
  private var bits = SIMD4<UInt64>()

  static let all: ClassSet = {
    var set = ClassSet()
    set.bits = SIMD4(repeating: .max)
    return set
  }()

  mutating func insert(_ kind: Int) { bits[kind >> 6] |= 1 << UInt64(kind & 63) }

  func contains(_ kind: Int) -> Bool { bits[kind >> 6] >> UInt64(kind & 63) & 1 == 1 }

  func intersection(_ other: ClassSet) -> ClassSet {
    var result = self
    result.bits &= other.bits
    return result
  }

  var isEmpty: Bool { bits == SIMD4() }

  func isSubset(of other: ClassSet) -> Bool { bits & ~other.bits == SIMD4() }
}
