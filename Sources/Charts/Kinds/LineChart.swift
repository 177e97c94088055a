/// Lines through points, each with a band around it where there are bounds; series differ by colour and by marker.
public struct LineChart: Chart {
  /// A point of a line.
  public struct Point: Sendable {
    /// Where it lies.
    public let x: Double
    /// How high it lies; nil or NaN leaves a gap.
    public let y: Double?
    /// The lower end of the band.
    public let lower: Double?
    /// The upper end of the band.
    public let upper: Double?

    /// A point, with a band between two bounds where both are given.
    public init(_ x: Double, _ y: Double?, lower: Double? = nil, upper: Double? = nil) {
      self.x = x
      self.y = y
      self.lower = lower
      self.upper = upper
    }
  }

  /// A line.
  public struct Series: Sendable {
    /// What the legend calls it; it has no entry where it is empty.
    public let name: String
    /// Its points in their order.
    public let points: [Point]

    /// A line through points.
    public init(_ name: String, _ points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  /// What the chart shows.
  public let title: String
  /// The lines.
  public let series: [Series]
  /// The horizontal axis.
  public let xAxis: Axis
  /// The vertical axis.
  public let yAxis: Axis
  /// Heights to compare the lines with.
  public let references: [Reference]

  /// A chart of some lines.
  public init(title: String, series: [Series], xAxis: Axis, yAxis: Axis, references: [Reference] = []) {
    self.title = title
    self.series = series
    self.xAxis = xAxis
    self.yAxis = yAxis
    self.references = references.filter { yAxis.shown($0.value) != nil }
  }

  /// The kind of chart, its axes, and every line's range.
  public var summary: String {
    let lines = series.map { line in
      let items = line.points.compactMap { point in
        shown(point).map { (name: "at \(NumberText.plain(point.x))", value: $0.y) }
      }
      let text = ChartSummary.extremes(items, missing: line.points.count - items.count)
      return line.name.isEmpty ? text : "\(line.name): \(text)"
    }
    return
      (["Line chart: \(yAxis.label) over \(xAxis.label)."] + lines
      + references.map { "Dashed line, \($0.name): \(NumberText.plain($0.value))." }).joined(separator: " ")
  }

  private func shown(_ point: Point) -> (x: Double, y: Double)? {
    guard let x = xAxis.shown(point.x), let y = yAxis.shown(point.y) else { return nil }
    return (x, y)
  }

  private func band(_ point: Point) -> (lower: Double, upper: Double)? {
    guard shown(point) != nil, let lower = yAxis.shown(point.lower), let upper = yAxis.shown(point.upper) else {
      return nil
    }
    return (lower, upper)
  }

  /// Draws the lines over a plot whose height depends on the width only.
  public func drawing(width: Double) -> Drawing {
    var frame = ChartFrame(title: title, width: width)
    frame.legend(
      series.enumerated().map { ($1.name, .line(series: $0)) } + references.map { ($0.name, .dashes) })
    frame.note(yAxis.label, style: "ink")
    frame.top += 6
    let points = series.flatMap(\.points)
    let heights =
      points.compactMap { shown($0)?.y } + points.compactMap(band).flatMap { [$0.lower, $0.upper] }
      + references.map(\.value)
    let (upper, lower) = (frame.top, frame.top + (width > 500 ? 260 : 210))
    let y = Scale(Domain(heights), from: lower, to: upper, ticks: 6, isLogarithmic: yAxis.isLogarithmic)
    let x = Scale.horizontal(
      Domain(points.compactMap { shown($0)?.x }), left: ChartFrame.labelWidth(y.ticks.labels), right: width,
      size: ChartFrame.Size.label, isLogarithmic: xAxis.isLogarithmic, isTight: true)
    frame.verticalAxis(y, from: x.start, to: x.end)
    frame.horizontalAxis(x, name: xAxis.label, from: upper, to: lower)
    frame.canvas.line(x.start, lower, x.end, lower, "axis")
    for reference in references {
      if let height = y.position(reference.value) {
        frame.canvas.line(x.start, height, x.end, height, "reference")
      }
    }
    for (index, line) in series.enumerated() {
      for run in runs(line) { draw(run, of: line, index, x, y, &frame) }
    }
    var missing = 0
    for point in points where shown(point) == nil {
      missing += 1
      if let place = xAxis.shown(point.x).flatMap(x.position) { frame.missing(place, lower - 6, hint: "no value") }
    }
    frame.note(ChartFrame.missingNote(missing))
    return frame.finished()
  }

  /// The parts of a line between its gaps.
  private func runs(_ line: Series) -> [[Point]] {
    line.points.split { shown($0) == nil }.map(Array.init)
  }

  private func draw(
    _ run: [Point], of line: Series, _ number: Int, _ x: Scale, _ y: Scale, _ frame: inout ChartFrame
  ) {
    let color = number % Theme.seriesCount
    func place(_ point: Point, _ height: Double) -> (x: Double, y: Double)? {
      guard let x = x.position(point.x), let y = y.position(height) else { return nil }
      return (x, y)
    }
    let edges = run.compactMap { point in band(point).map { (point, $0) } }
    if edges.count > 1 {
      let upper = edges.compactMap { place($0.0, $0.1.upper) }
      let lower = edges.compactMap { place($0.0, $0.1.lower) }
      frame.canvas.path(upper + lower.reversed(), isClosed: true, "b\(color)")
    }
    let points = run.compactMap { point in shown(point).flatMap { place(point, $0.y) }.map { (point, $0) } }
    if points.count > 1 { frame.canvas.path(points.map(\.1), "l\(color)") }
    // Markers of many points would hide the line; some of them still tell several series apart.
    guard points.count <= 60 || series.count > 1 else { return }
    let step = max(points.count / 24, 1)
    for (index, (point, at)) in points.enumerated() where index % step == 0 {
      let bounds = band(point).map { ", from \(NumberText.plain($0.lower)) to \(NumberText.plain($0.upper))" } ?? ""
      let name = line.name.isEmpty ? "" : "\(line.name), "
      frame.canvas.marker(
        Marker(series: number), at.x, at.y, "s\(color)",
        hint: "\(name)\(NumberText.plain(point.x)): \(NumberText.plain(point.y ?? .nan))\(bounds)")
    }
  }
}
