import Support

/// What happens to importances before they are brought to [0, 1].
///
///     let allocation = try SparsityAllocation.proportional(
///       importances: values, parameters: parameters, target: 0.7, spread: 0.16, scaling: .rank)
public enum ImportanceScaling: String, CaseIterable, Sendable {
  /// Nothing.
  case linear
  /// Each importance is replaced by its rank; equal ones share the mean of their ranks.
  case rank
  /// Each importance is replaced by its logarithm, which keeps the rest apart where one player dwarfs the others; the
  /// least that counts is a thousandth of the largest, also for zero and negative importances.
  case log
  /// The same logarithm, whose differences the allocation does not stretch to the spread: a model whose parts matter
  /// equally is pruned nearly uniformly. The least that counts is an eighth of the median, or a thousandth of the
  /// largest where that is more, since the logarithms of values near zero are those of noise.
  case exponential

  /// The spread where none is asked for; Documentation/Allocation.md has the measurements behind it.
  public var usualSpread: Double { self == .exponential ? 0.09 : 0.16 }

  /// Spreads that a search tries, ascending; none is the uniform allocation.
  public var candidateSpreads: [Double] {
    self == .exponential
      ? [0, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.16] : [0, 0.04, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3]
  }

  /// The scaled importances.
  ///
  /// Throws `AllocationError.nothingPositive` for logarithms where there is no positive importance. O(n^2).
  func apply(to importances: [Double]) throws(AllocationError) -> [Double] {
    // Equal importances need no logarithm to be equal.
    if importances.allSatisfy({ $0 == importances.first }) { return importances.map { _ in 0 } }
    // The least shares of the largest importance, and of the median, that logarithms tell apart.
    let (leastShare, leastShareOfMedian) = (1e-3, 0.125)
    switch self {
    case .linear: return importances
    case .rank:
      return importances.map { importance in
        Double(importances.count { $0 < importance } + importances.count { $0 <= importance } - 1) / 2
      }
    case .log:
      guard let largest = importances.max(), largest > 0 else { throw .nothingPositive }
      return importances.map { Math.log(max($0 / largest, leastShare)) }
    case .exponential:
      guard let largest = importances.max(), largest > 0 else { throw .nothingPositive }
      let median = importances.sorted()[importances.count / 2]
      let least = max(median * leastShareOfMedian, largest * leastShare)
      return importances.map { Math.log(max($0, least) / largest) }
    }
  }
}
