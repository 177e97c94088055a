/// What surrounds the plot of every chart, from above: title, legend, name of the vertical axis; below: notes.
struct ChartFrame: Sendable {
  /// Sizes of texts.
  enum Size {
    static let title = 14.0
    static let label = 11.0
  }

  /// What a legend shows for a name.
  enum Swatch: Sendable {
    case area(series: Int)
    case line(series: Int)
    case point(series: Int)
    case dashes
  }

  let width: Double
  var canvas = Canvas()
  /// Where the next thing begins.
  var top = 6.0

  /// The space at the left and the right of everything.
  private static let margin = 4.0

  init(title: String, width: Double) {
    self.width = width
    add(
      TextMetrics.lines(title, size: Size.title, width: width - 2 * Self.margin, isBold: true), size: Size.title,
      "bold")
    top += 4
  }

  private mutating func add(_ lines: [String], size: Double, _ style: String) {
    for line in lines {
      canvas.text(line, Self.margin, top + TextMetrics.ascent * size, size: size, .start, style)
      top += TextMetrics.lineHeight * size
    }
  }

  /// Lines of text across the drawing.
  mutating func note(_ text: String, style: String = "muted") {
    guard !text.isEmpty else { return }
    add(TextMetrics.lines(text, size: Size.label, width: width - 2 * Self.margin), size: Size.label, style)
    top += 2
  }

  /// Names beside their swatches, in as many rows as they take.
  mutating func legend(_ items: [(name: String, swatch: Swatch)]) {
    let named = items.filter { !$0.name.isEmpty }
    guard !named.isEmpty else { return }
    let (swatchWidth, gap, row) = (22.0, 14.0, 17.0)
    var x = Self.margin
    for (name, swatch) in named {
      let text = TextMetrics.truncated(name, size: Size.label, width: width - 2 * Self.margin - swatchWidth)
      let needed = swatchWidth + TextMetrics.width(text, size: Size.label)
      if x > Self.margin, x + needed > width - Self.margin {
        x = Self.margin
        top += row
      }
      let middle = top + row / 2 - 2
      switch swatch {
      case .area(let series):
        canvas.rectangle(x: x + 4, y: middle - 5, width: 10, height: 10, "s\(series % Theme.seriesCount)")
      case .line(let series):
        canvas.line(x, middle, x + 18, middle, "l\(series % Theme.seriesCount)")
        canvas.marker(Marker(series: series), x + 9, middle, "s\(series % Theme.seriesCount)")
      case .point(let series):
        canvas.marker(Marker(series: series), x + 9, middle, "s\(series % Theme.seriesCount)")
      case .dashes: canvas.line(x, middle, x + 18, middle, "reference")
      }
      canvas.text(text, x + swatchWidth, middle + 4, size: Size.label)
      x += needed + gap
    }
    top += row + 3
  }

  /// The drawing that ends here.
  func finished() -> Drawing { Drawing(width: width, height: (top + 4).rounded(.up), shapes: canvas.shapes) }
}

extension ChartFrame {
  /// The room that tick labels take at the left of a plot.
  static func labelWidth(_ labels: [String]) -> Double {
    labels.reduce(0) { max($0, TextMetrics.width($1, size: Size.label)) } + 10
  }

  /// A vertical axis with lines across the plot.
  mutating func verticalAxis(_ scale: Scale, from left: Double, to right: Double) {
    for (label, y) in scale.marks {
      canvas.line(left, y, right, y, "grid")
      canvas.text(label, left - 6, y + Size.label * 0.35, size: Size.label, .end, "muted")
    }
  }

  /// A horizontal axis with lines across the plot, its labels below and its name below these.
  ///
  /// Leaves `top` below it all.
  mutating func horizontalAxis(_ scale: Scale, name: String, from upper: Double, to lower: Double) {
    for (label, x) in scale.marks {
      canvas.line(x, upper, x, lower, "grid")
      canvas.text(label, x, lower + 8 + Size.label, size: Size.label, .middle, "muted")
    }
    top = lower + 8 + Size.label * 1.5
    axisName(name, below: (scale.start + scale.end) / 2)
  }

  /// The name of a horizontal axis, below its middle as far as it has room there.
  mutating func axisName(_ name: String, below middle: Double) {
    for line in TextMetrics.lines(name, size: Size.label, width: width - 8, limit: 2) {
      let half = TextMetrics.width(line, size: Size.label) / 2 + 4
      let place = max(min(middle, width - half), half)
      canvas.text(line, place, top + TextMetrics.ascent * Size.label, size: Size.label, .middle, "ink")
      top += TextMetrics.lineHeight * Size.label
    }
  }

  /// How many of `labels`, each of which has `slot` units, go from one label that is shown to the next.
  static func step(_ labels: [String], slot: Double) -> Int {
    let needed = labels.reduce(0) { max($0, TextMetrics.width($1, size: Size.label)) } + 6
    return max(Int((needed / max(slot, 0.001)).rounded(.up)), 1)
  }

  /// What stands where a number is missing.
  mutating func missing(_ x: Double, _ y: Double, hint: String) {
    canvas.cross(x, y, "missing", hint: hint)
  }

  /// A sentence about numbers that are missing; empty where none is.
  static func missingNote(_ count: Int) -> String {
    count == 0 ? "" : "\(count) \(count == 1 ? "value is" : "values are") missing or not finite, and left out (×)."
  }
}
