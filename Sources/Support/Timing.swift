// Times and what is told of several.

/// Seconds that some work takes, once.
package func clocked(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  return (ContinuousClock.now - start).seconds
}

extension [Double] {
  /// The middle one, or the mean of the two in the middle; NaN where there is none.
  package var median: Double {
    let sorted = sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
