/// The figures of a sample, in the order of its numbers; O(n).
extension Collection<Double> {
  /// Σ x / n; NaN for no number.
  package var mean: Double { reduce(0, +) / Double(count) }

  /// Σ (x - mean)² / (n - 1); nil for fewer than two numbers.
  package var variance: Double? {
    guard count > 1 else { return nil }
    let mean = mean
    return reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
  }

  /// The standard error of the mean; nil for fewer than two numbers.
  package var standardErrorOfMean: Double? { variance.map { ($0 / Double(count)).squareRoot() } }
}
