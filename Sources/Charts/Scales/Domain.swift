/// The range of numbers that an axis shows: finite, and never empty.
package struct Domain: Equatable, Sendable {
  /// Numbers beyond it are drawn at it, so that differences stay finite.
  private static let limit = 1e300

  package let lower: Double
  package let upper: Double

  /// The range of the finite numbers among these; from 0 to 1 where there are none.
  package init(_ values: [Double], includingZero: Bool = false) {
    let finite = values.filter(\.isFinite).map { min(max($0, -Self.limit), Self.limit) } + (includingZero ? [0] : [])
    guard var lower = finite.min(), var upper = finite.max() else {
      (self.lower, self.upper) = (0, 1)
      return
    }
    let largest = max(lower.magnitude, upper.magnitude)
    if largest < 1 / Self.limit {
      (lower, upper) = includingZero ? (0, 1) : (-1, 1)
    } else if upper - lower <= largest * 1e-9 {
      (lower, upper) = (lower - largest / 10, upper + largest / 10)
    }
    (self.lower, self.upper) = (lower, upper)
  }

  package init(lower: Double, upper: Double) { (self.lower, self.upper) = (lower, upper) }

  /// The range without what has no logarithm, or one whose power of ten is no Double.
  var positive: Domain {
    let lower = min(max(lower, 1 / Self.limit), Self.limit / 10)
    return Domain(lower: lower, upper: min(max(upper, lower * 2), Self.limit))
  }

  var span: Double { upper - lower }
}
