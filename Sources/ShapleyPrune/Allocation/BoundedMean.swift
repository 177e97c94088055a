/// Numbers between two bounds with a given weighted mean.
struct BoundedMean {
  let weights: [Double]
  let floor: Double
  let ceiling: Double

  /// The numbers clamp(x_i + d), where the one shift d is such that their weighted mean is `mean`.
  ///
  /// The mean rises with d from `floor` to `ceiling`, in straight lines between neighbouring shifts at which a number
  /// meets a bound. O(n^2).
  ///
  /// - Precondition: `floor <= mean && mean <= ceiling`.
  func shift(_ numbers: [Double], toMean mean: Double) -> [Double] {
    // At a bound the answer is known to the last bit.
    if mean <= floor || mean >= ceiling { return numbers.map { _ in mean <= floor ? floor : ceiling } }
    if numbers.allSatisfy({ $0 >= floor && $0 <= ceiling }) { return numbers }
    let corners = numbers.flatMap { [floor - $0, ceiling - $0] }.sorted()
    let means = corners.map { self.mean(of: clamp(numbers, shiftedBy: $0)) }
    guard let above = means.firstIndex(where: { $0 >= mean }) else {
      return clamp(numbers, shiftedBy: corners[corners.count - 1])
    }
    guard above > 0, means[above] > means[above - 1] else { return clamp(numbers, shiftedBy: corners[above]) }
    let share = (mean - means[above - 1]) / (means[above] - means[above - 1])
    return clamp(numbers, shiftedBy: corners[above - 1] + share * (corners[above] - corners[above - 1]))
  }

  private func clamp(_ numbers: [Double], shiftedBy shift: Double) -> [Double] {
    numbers.map { min(max($0 + shift, floor), ceiling) }
  }

  private func mean(of numbers: [Double]) -> Double {
    zip(weights, numbers).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }
}
