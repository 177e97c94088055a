import Support

/// Where the numbers of an axis lie along a stretch of the drawing.
struct Scale: Sendable {
  private(set) var domain: Domain
  private(set) var ticks: Ticks
  private(set) var start: Double
  private(set) var end: Double
  private let isLogarithmic: Bool

  /// An axis from `start` to `end`, which may run either way; its range grows to the ticks around the numbers.
  init(_ domain: Domain, from start: Double, to end: Double, ticks count: Int, isLogarithmic: Bool = false) {
    let domain = isLogarithmic ? domain.positive : domain
    let ticks = isLogarithmic ? Ticks(logarithmic: domain, about: count) : Ticks(covering: domain, about: count)
    self.ticks = ticks
    self.domain = Domain(
      lower: min(ticks.values.first ?? domain.lower, domain.lower),
      upper: max(ticks.values.last ?? domain.upper, domain.upper))
    (self.start, self.end) = (start, end)
    self.isLogarithmic = isLogarithmic
  }

  /// The axis without the ticks outside a range, ending with it; the axis itself where one tick or none is left.
  private func tight(_ range: Domain) -> Scale {
    let ticks = self.ticks.inside(range)
    guard ticks.values.count > 1 else { return self }
    var copy = self
    (copy.ticks, copy.domain) = (ticks, isLogarithmic ? range.positive : range)
    return copy
  }

  /// Where a number lies; nil for one that the axis cannot show.
  func position(_ value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let value = min(max(value, domain.lower), domain.upper)
    let share =
      isLogarithmic
      ? (Math.log(value) - Math.log(domain.lower)) / (Math.log(domain.upper) - Math.log(domain.lower))
      : (value - domain.lower) / domain.span
    return start + share * (end - start)
  }

  /// The ticks and where they lie.
  var marks: [(label: String, position: Double)] {
    zip(ticks.labels, ticks.values).compactMap { label, value in position(value).map { (label, $0) } }
  }

  /// A horizontal axis whose labels neither touch each other nor leave the drawing: as many ticks as fit.
  ///
  /// - Parameters:
  ///   - left: where the plot begins at the earliest.
  ///   - right: the right edge of the drawing.
  ///   - isTight: whether the plot ends where the numbers end, with the ticks between them, where there are two or more.
  static func horizontal(
    _ domain: Domain, left: Double, right: Double, size: Double, isLogarithmic: Bool = false, isTight: Bool = false
  ) -> Scale {
    var found: Scale?
    for count in stride(from: 8, through: 1, by: -1) {
      var scale = Scale(domain, from: left, to: right, ticks: count, isLogarithmic: isLogarithmic)
      if isTight { scale = scale.tight(domain) }
      let widths = scale.ticks.labels.map { TextMetrics.width($0, size: size) }
      scale.start = max(left, (widths.first ?? 0) / 2 + 4)
      scale.end = max(right - max(10, (widths.last ?? 0) / 2 + 4), scale.start + 1)
      found = scale
      let positions = scale.marks.map(\.position)
      let fits = zip(positions.indices, positions.indices.dropFirst()).allSatisfy { (left: Int, right: Int) -> Bool in
        let room: Double = positions[right] - positions[left]
        return room >= (widths[left] + widths[right]) / 2 + 8
      }
      if fits { break }
    }
    return found ?? Scale(domain, from: left, to: right, ticks: 1, isLogarithmic: isLogarithmic)
  }
}
