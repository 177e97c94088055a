/// A set of Unicode scalars, as ranges in ascending order.
struct ScalarSet: Sendable, Hashable {
  /// One more than the last scalar.
  static let limit: UInt32 = 0x110000
  /// No scalar.
  static let empty = ScalarSet(bounds: [])
  /// Every scalar.
  static let all = ScalarSet(bounds: [0, limit])

  /// The first scalar of each range and, behind it, the first one beyond the range; all ascending.
  private(set) var bounds: [UInt32]

  private init(bounds: [UInt32]) { self.bounds = bounds }

  /// One scalar.
  init(_ scalar: UInt32) { self.init(scalar...scalar) }

  init(_ range: ClosedRange<UInt32>) { self.init(bounds: [range.lowerBound, range.upperBound + 1]) }

  /// The scalars of a table: first and last of each range, alternating and ascending.
  init(table: [UInt32]) {
    bounds = []
    bounds.reserveCapacity(table.count)
    for i in stride(from: 0, to: table.count - 1, by: 2) { append(table[i]..<table[i + 1] + 1) }
  }

  var isEmpty: Bool { bounds.isEmpty }

  /// The scalars that are not in the set.
  var complement: ScalarSet {
    var result = bounds
    if result.first == 0 { result.removeFirst() } else { result.insert(0, at: 0) }
    if result.last == Self.limit { result.removeLast() } else { result.append(Self.limit) }
    return ScalarSet(bounds: result)
  }

  func union(_ other: ScalarSet) -> ScalarSet {
    if other.isEmpty { return self }
    if isEmpty { return other }
    var result = ScalarSet.empty
    result.bounds.reserveCapacity(bounds.count + other.bounds.count)
    var (i, k) = (0, 0)
    while i < bounds.count || k < other.bounds.count {
      if k >= other.bounds.count || i < bounds.count && bounds[i] <= other.bounds[k] {
        result.append(bounds[i]..<bounds[i + 1])
        i += 2
      } else {
        result.append(other.bounds[k]..<other.bounds[k + 1])
        k += 2
      }
    }
    return result
  }

  func intersection(_ other: ScalarSet) -> ScalarSet { complement.union(other.complement).complement }

  func contains(_ scalar: UInt32) -> Bool {
    // An odd number of bounds up to the scalar means that it lies within a range.
    var (low, high) = (0, bounds.count)
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    return low % 2 == 1
  }

  /// Adds a range that begins no earlier than the last one does.
  mutating func append(_ range: Range<UInt32>) {
    if let last = bounds.last, range.lowerBound <= last {
      bounds[bounds.count - 1] = max(last, range.upperBound)
    } else {
      bounds += [range.lowerBound, range.upperBound]
    }
  }
}
