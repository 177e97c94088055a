/// Bars from zero, one a category or a group of them, with error bars where there are errors.
///
/// Bars stand upright while their categories' names fit below them, and lie otherwise, as one list.
public struct BarChart: Chart {
  /// Values of the same kind, one a category.
  public struct Series: Sendable {
    /// What the legend calls it; no legend where it is empty.
    public let name: String
    /// The values; nil or NaN where there is none.
    public let values: [Double?]
    /// What a value is uncertain by, to either side; nil where nobody knows.
    public let errors: [Double?]

    /// Values with their errors, in the order of the categories.
    public init(_ name: String, _ values: [Double?], errors: [Double?] = []) {
      self.name = name
      self.values = values
      self.errors = errors
    }

    func value(_ index: Int) -> Double? {
      guard values.indices.contains(index), let value = values[index], value.isFinite else { return nil }
      return value
    }

    func error(_ index: Int) -> Double? {
      guard errors.indices.contains(index), let error = errors[index], error.isFinite else { return nil }
      return error.magnitude
    }
  }

  /// What the chart shows.
  public let title: String
  /// The categories' names.
  public let categories: [String]
  /// The bars of a category, in their order.
  public let series: [Series]
  /// What the values are, with their unit.
  public let valueLabel: String
  /// What the categories are.
  public let categoryLabel: String
  /// Values to compare the bars with.
  public let references: [Reference]

  /// A chart of some series.
  public init(
    title: String, categories: [String], series: [Series], valueLabel: String, categoryLabel: String,
    references: [Reference] = []
  ) {
    self.title = title
    self.categories = categories
    self.series = series
    self.valueLabel = valueLabel
    self.categoryLabel = categoryLabel
    self.references = references.filter(\.value.isFinite)
  }

  /// The kind of chart, its axes, and its smallest and largest values.
  public var summary: String {
    var items: [(name: String, value: Double)] = []
    for (index, category) in categories.enumerated() {
      for one in series { if let value = one.value(index) { items.append((name(category, one), value)) } }
    }
    let named = series.map(\.name).filter { !$0.isEmpty }
    let groups = named.isEmpty ? "" : ", in groups of \(named.joined(separator: ", "))"
    return "Bar chart: \(valueLabel) by \(categoryLabel)\(groups). "
      + ChartSummary.extremes(items, missing: missingCount)
      + references.map { " Dashed line, \($0.name): \(NumberText.plain($0.value))." }.joined()
  }

  private func name(_ category: String, _ one: Series) -> String {
    one.name.isEmpty ? category : "\(category), \(one.name)"
  }

  private var missingCount: Int {
    series.reduce(0) { sum, one in sum + categories.indices.count { one.value($0) == nil } }
  }

  private var domain: Domain {
    var values = references.map(\.value)
    for one in series {
      for index in categories.indices {
        guard let value = one.value(index) else { continue }
        let error = one.error(index) ?? 0
        values += [value, value - error, value + error]
      }
    }
    return Domain(values, includingZero: true)
  }

  /// Draws standing bars at one height, and lying ones as high as their number takes.
  public func drawing(width: Double) -> Drawing {
    var frame = ChartFrame(title: title, width: width)
    frame.legend(
      series.enumerated().map { ($1.name, .area(series: $0)) } + references.map { ($0.name, .dashes) })
    if standsUpright(width) { drawUpright(&frame) } else { drawLying(&frame) }
    frame.note(ChartFrame.missingNote(missingCount))
    return frame.finished()
  }

  /// Whether bars are wide enough, and their categories' names short enough, to stand.
  private func standsUpright(_ width: Double) -> Bool {
    let slot = (width - 60) / Double(max(categories.count, 1))
    let areShort = categories.allSatisfy { $0.count <= 4 }
    let fit = categories.allSatisfy { TextMetrics.width($0, size: ChartFrame.Size.label) + 6 <= slot }
    return slot * 0.8 / Double(max(series.count, 1)) >= 3 && (areShort || fit)
  }

  private func hint(_ category: Int, _ one: Series) -> String {
    let name = name(categories[category], one)
    guard let value = one.value(category) else { return "\(name): no value" }
    let error = one.error(category).map { " ± \(NumberText.plain($0))" } ?? ""
    return "\(name): \(NumberText.plain(value))\(error)"
  }

  private func drawUpright(_ frame: inout ChartFrame) {
    frame.note(valueLabel, style: "ink")
    frame.top += 6
    let (upper, lower) = (frame.top, frame.top + (frame.width > 500 ? 240 : 200))
    let scale = Scale(domain, from: lower, to: upper, ticks: 6)
    let left = ChartFrame.labelWidth(scale.ticks.labels)
    let size = ChartFrame.Size.label
    let widest = categories.reduce(0) { max($0, TextMetrics.width($1, size: size)) }
    let right = frame.width - max(8, widest / 2 + 2)
    frame.verticalAxis(scale, from: left, to: right)
    let slot = (right - left) / Double(max(categories.count, 1))
    let thickness = min(slot * 0.8 / Double(max(series.count, 1)), 44)
    let zero = scale.position(0) ?? lower
    let step = ChartFrame.step(categories, slot: slot)
    for (index, category) in categories.enumerated() {
      let middle = left + (Double(index) + 0.5) * slot
      let start = middle - thickness * Double(series.count) / 2
      for (number, one) in series.enumerated() {
        let x = start + Double(number) * thickness
        guard let value = one.value(index), let y = scale.position(value) else {
          frame.missing(x + thickness / 2, zero - 6, hint: hint(index, one))
          continue
        }
        frame.canvas.rectangle(
          x: x, y: min(y, zero), width: thickness, height: (y - zero).magnitude, "s\(number % Theme.seriesCount)",
          hint: hint(index, one))
        if let error = one.error(index), let from = scale.position(value - error),
          let to = scale.position(value + error)
        {
          let (center, cap) = (x + thickness / 2, min(thickness / 3, 5))
          frame.canvas.line(center, from, center, to, "error")
          for y in [from, to] { frame.canvas.line(center - cap, y, center + cap, y, "error") }
        }
      }
      if index % step == 0 {
        frame.canvas.text(category, middle, lower + 8 + size, size: size, .middle, "muted")
      }
    }
    frame.canvas.line(left, zero, right, zero, "axis")
    for reference in references {
      if let y = scale.position(reference.value) { frame.canvas.line(left, y, right, y, "reference") }
    }
    frame.top = lower + 8 + size * 1.5
    frame.axisName(categoryLabel, below: (left + right) / 2)
  }

  private func drawLying(_ frame: inout ChartFrame) {
    frame.note(categoryLabel, style: "ink")
    frame.top += 4
    let size = ChartFrame.Size.label
    let limit = frame.width * 0.4
    let names = categories.map { TextMetrics.truncated($0, size: size, width: limit) }
    let scale = Scale.horizontal(
      domain, left: ChartFrame.labelWidth(names), right: frame.width, size: size)
    let thickness = series.count > 1 ? 7.0 : categories.count > 200 ? 6 : 13
    let slot = thickness * Double(max(series.count, 1)) + (series.count > 1 ? 8 : 4)
    let (upper, lower) = (frame.top, frame.top + slot * Double(max(categories.count, 1)))
    // Names of lying bars stand under each other, a line's height each.
    let step = max(Int((size * TextMetrics.lineHeight / slot).rounded(.up)), 1)
    frame.horizontalAxis(scale, name: valueLabel, from: upper, to: lower)
    let zero = scale.position(0) ?? scale.start
    for index in categories.indices {
      let middle = upper + (Double(index) + 0.5) * slot
      let start = middle - thickness * Double(series.count) / 2
      for (number, one) in series.enumerated() {
        let y = start + Double(number) * thickness
        guard let value = one.value(index), let x = scale.position(value) else {
          frame.missing(zero + 6, y + thickness / 2, hint: hint(index, one))
          continue
        }
        frame.canvas.rectangle(
          x: min(x, zero), y: y, width: (x - zero).magnitude, height: thickness, "s\(number % Theme.seriesCount)",
          hint: hint(index, one))
        if let error = one.error(index), let from = scale.position(value - error),
          let to = scale.position(value + error)
        {
          let (center, cap) = (y + thickness / 2, min(thickness / 3, 4))
          frame.canvas.line(from, center, to, center, "error")
          for x in [from, to] { frame.canvas.line(x, center - cap, x, center + cap, "error") }
        }
      }
      if index % step == 0 {
        frame.canvas.text(names[index], scale.start - 6, middle + size * 0.35, size: size, .end, "muted")
      }
    }
    frame.canvas.line(zero, upper, zero, lower, "axis")
    for reference in references {
      if let x = scale.position(reference.value) { frame.canvas.line(x, upper, x, lower, "reference") }
    }
  }
}
