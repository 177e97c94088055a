import Support

/// Points of two numbers of the same unit, with the line on which both are equal.
public struct ScatterChart: Chart {
  /// A point.
  public struct Point: Sendable {
    /// What it is of.
    public let name: String
    /// How far to the right it lies; nil where there is no number.
    public let x: Double?
    /// How high it lies; nil where there is no number.
    public let y: Double?

    /// A point with a name.
    public init(_ name: String, _ x: Double?, _ y: Double?) {
      self.name = name
      self.x = x
      self.y = y
    }

    var place: (x: Double, y: Double)? {
      guard let x, let y, x.isFinite, y.isFinite else { return nil }
      return (x, y)
    }
  }

  /// What the chart shows.
  public let title: String
  /// The points.
  public let points: [Point]
  /// What the horizontal numbers are, with their unit.
  public let xLabel: String
  /// What the vertical numbers are, with their unit.
  public let yLabel: String

  /// A chart of some points.
  public init(title: String, points: [Point], xLabel: String, yLabel: String) {
    self.title = title
    self.points = points
    self.xLabel = xLabel
    self.yLabel = yLabel
  }

  /// The kind of chart, its axes, and how many points lie above the line.
  public var summary: String {
    let places = points.compactMap(\.place)
    let above = places.count { $0.y > $0.x }
    let missing = points.count - places.count
    return
      "Scatter chart of \(Quantity.counted(places.count, "point")): \(yLabel) against \(xLabel). Above the line where both are equal: "
      + "\(above).\(missing == 0 ? "" : " \(missing) missing.")"
  }

  /// As wide as it is high, for both axes have one range.
  public func drawing(width: Double) -> Drawing {
    let width = min(width, 520)
    var frame = ChartFrame(title: title, width: width)
    frame.legend([("y = x", .dashes)])
    frame.note(yLabel, style: "ink")
    frame.top += 6
    let places = points.compactMap(\.place)
    let domain = Domain(places.flatMap { [$0.x, $0.y] })
    // The ticks of the horizontal axis are those of the vertical one, as far as they fit.
    let left = ChartFrame.labelWidth(Ticks(covering: domain, about: 8).labels)
    let x = Scale.horizontal(domain, left: left, right: width, size: ChartFrame.Size.label)
    let (upper, lower) = (frame.top, frame.top + x.end - x.start)
    let y = Scale(x.domain, from: lower, to: upper, ticks: max(x.ticks.values.count - 1, 1))
    frame.verticalAxis(y, from: x.start, to: x.end)
    frame.horizontalAxis(x, name: xLabel, from: upper, to: lower)
    frame.canvas.line(x.start, lower, x.end, upper, "reference")
    frame.canvas.rectangle(x: x.start, y: upper, width: x.end - x.start, height: lower - upper, "frame")
    for point in points {
      guard let place = point.place, let px = x.position(place.x), let py = y.position(place.y) else { continue }
      frame.canvas.marker(
        .circle, px, py, "s0",
        hint: "\(point.name): \(NumberText.plain(place.x)), \(NumberText.plain(place.y))")
    }
    frame.note(ChartFrame.missingNote(points.count - places.count))
    return frame.finished()
  }
}
