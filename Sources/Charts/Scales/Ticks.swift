import Support

/// Round numbers along an axis: multiples of 1, 2 or 5 times a power of ten.
package struct Ticks: Sendable {
  package let values: [Double]
  package let labels: [String]

  /// About `count` ticks from the first at or below the range to the last at or above it.
  package init(covering domain: Domain, about count: Int) {
    let raw = domain.span / Double(max(count, 1))
    var exponent = NumberText.decimalExponent(raw)
    var multiple = 1
    // The step is the next of 1, 2, 5 and 10 at or above what the count asks for.
    switch NumberText.scaled(raw, down: exponent) {
    case ...1.0000001: multiple = 1
    case ...2.0000001: multiple = 2
    case ...5.0000001: multiple = 5
    default: exponent += 1
    }
    let unit = Double(multiple)
    func value(_ index: Double) -> Double { NumberText.scaled(index * unit, down: -exponent) }
    let step = value(1)
    // A range that touches a tick up to rounding needs no further one.
    let first = (domain.lower / step + 1e-9).rounded(.down)
    let last = max((domain.upper / step - 1e-9).rounded(.up), first + 1)
    // More steps than a Double tells apart cannot be labelled.
    guard last - first < 1000, last.magnitude < 1e15, first.magnitude < 1e15 else {
      values = [domain.lower, domain.upper]
      labels = values.map { NumberText.plain($0) }
      return
    }
    values = stride(from: first, through: last, by: 1).map(value)
    let largest = values.reduce(0) { max($0, $1.magnitude) }
    if largest >= 1e6 || step < 1e-5 {
      let power = NumberText.decimalExponent(largest)
      labels = values.map {
        $0 == 0 ? "0" : NumberText.scaled($0, down: power).fixed(max(power - exponent, 0)) + "e\(power)"
      }
    } else {
      labels = values.map { $0.fixed(max(-exponent, 0)) }
    }
  }

  /// The ticks within a range.
  func inside(_ domain: Domain) -> Ticks {
    let kept = zip(values, labels).filter { $0.0 >= domain.lower && $0.0 <= domain.upper }
    return Ticks(values: kept.map(\.0), labels: kept.map(\.1))
  }

  private init(values: [Double], labels: [String]) {
    self.values = values
    self.labels = labels
  }

  /// Powers of ten that lie around the range; a range of few of them has 2 and 5 times these, too.
  package init(logarithmic domain: Domain, about count: Int) {
    let first = NumberText.decimalExponent(domain.lower)
    var last = NumberText.decimalExponent(domain.upper)
    if NumberText.scaled(domain.upper, down: last) > 1 { last += 1 }
    last = max(last, first + 1)
    let stride = max((last - first + max(count, 1) - 1) / max(count, 1), 1)
    let multiples = (last - first) * 3 <= count ? [1.0, 2, 5] : [1]
    values = Swift.stride(from: first, through: last + stride - 1, by: stride).flatMap { exponent in
      multiples.map { NumberText.scaled($0, down: -exponent) }
    }.filter { $0.isFinite && $0 <= NumberText.scaled(1, down: -(last + stride - 1)) * 1.0000001 }
    labels = values.map { NumberText.plain($0) }
  }
}
