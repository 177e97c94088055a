import Support

/// What happens to importances before they are brought to [0, 1].
public enum ImportanceScaling: String, CaseIterable, Sendable {
  /// Nothing.
  case linear
  /// Each importance is replaced by its rank; equal ones share the mean of their ranks.
  case rank
  /// Each importance is replaced by its logarithm, which keeps the rest apart where one player dwarfs the others. What is
  /// below a thousandth of the largest, zero and negative importances included, counts as a thousandth of it.
  case log
  /// The same logarithm, of which the allocation takes the differences as they are instead of stretching them to the spread: a
  /// model whose parts matter equally is pruned nearly uniformly, and one with a dominant part is not. What is below an eighth
  /// of the median, or below a thousandth of the largest where that is more, counts as that, since the logarithms of values near
  /// zero are those of noise.
  case exponential

  /// The spread where none is asked for; Documentation/Allocation.md has the measurements behind it.
  public var usualSpread: Double { self == .exponential ? 0.09 : 0.16 }

  /// Spreads that a search tries, ascending; none is the uniform allocation.
  public var candidateSpreads: [Double] {
    self == .exponential
      ? [0, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.16] : [0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3]
  }

  /// The least share of the largest importance that the logarithm tells apart.
  static let leastShare = 1e-3

  /// The least share of the median importance that exponential scaling tells apart.
  static let leastShareOfMedian = 0.125

  /// The scaled importances.
  ///
  /// Throws `AllocationError.nothingPositive` for logarithms where there is no positive importance. O(n log n).
  func apply(to importances: [Double]) throws(AllocationError) -> [Double] {
    // Equal importances need no logarithm to be equal.
    if importances.allSatisfy({ $0 == importances.first }) { return importances.map { _ in 0 } }
    switch self {
    case .linear:
      return importances
    case .rank:
      let ascending = importances.sorted()
      return importances.map { importance in
        let first = ascending.partitioningIndex { $0 >= importance }
        let end = ascending.partitioningIndex { $0 > importance }
        return Double(first + end - 1) / 2
      }
    case .log:
      guard let largest = importances.max(), largest > 0 else { throw .nothingPositive }
      return importances.map { Math.log(max($0 / largest, Self.leastShare)) }
    case .exponential:
      guard let largest = importances.max(), largest > 0 else { throw .nothingPositive }
      let median = importances.sorted()[importances.count / 2]
      let least = max(median * Self.leastShareOfMedian, largest * Self.leastShare)
      return importances.map { Math.log(max($0, least) / largest) }
    }
  }
}

extension [Double] {
  /// The first index at which `belongs` holds, in an array where it holds from some index to the end; O(log n).
  fileprivate func partitioningIndex(where belongs: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
