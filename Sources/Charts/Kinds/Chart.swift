/// A chart: a title, what it shows in words, and a drawing of any width.
///
///     let chart = BarChart(
///       title: "Perplexity", categories: ["dense", "pruned"], series: [.init("", [11.4, 13.5])],
///       valueLabel: "perplexity", categoryLabel: "model")
///     let file = chart.svg()
public protocol Chart: Sendable {
  /// What the chart shows, in a few words.
  var title: String { get }
  /// What stands for the drawing where it is not seen: what the axes are, and the figures that matter.
  var summary: String { get }
  /// Draws the chart in at most this width; the height is what it takes.
  func drawing(width: Double) -> Drawing
}

extension Chart {
  /// The width for a screen and for paper.
  static var wideWidth: Double { 720 }
  /// The width for a telephone.
  static var narrowWidth: Double { 360 }

  /// The chart as a document of its own, with both themes in it.
  public func svg() -> String {
    let drawing = drawing(width: Self.wideWidth)
    var contents: [Markup] = [.style("\n\(Theme.properties)\n\(ChartStyle.rules(fallback: true))\n")]
    contents.append(
      .element(
        "rect", [("width", Canvas.text(drawing.width)), ("height", Canvas.text(drawing.height)), ("class", "paper")]))
    let root = markup(
      drawing, identifier: "chart", more: [("xmlns", "http://www.w3.org/2000/svg")], before: contents)
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\(root.rendered)"
  }

  /// The chart in a page, once for wide windows and once for narrow ones, of which the page's style shows one.
  ///
  /// - Parameter identifier: a name that no other chart of the page has.
  func markup(identifier: String) -> [Markup] {
    let layouts: [(kind: String, width: Double)] = [("wide", Self.wideWidth), ("narrow", Self.narrowWidth)]
    return layouts.map { kind, width in
      markup(drawing(width: width), identifier: "\(identifier)-\(kind)", kind: kind)
    }
  }

  private func markup(
    _ drawing: Drawing, identifier: String, kind: String? = nil, more: [Markup.Attribute] = [], before: [Markup] = []
  ) -> Markup {
    let (width, height) = (Canvas.text(drawing.width), Canvas.text(drawing.height))
    let attributes: [Markup.Attribute] =
      more + [
        ("viewBox", "0 0 \(width) \(height)"), ("width", width), ("height", height),
        ("class", ["chart", kind].compactMap(\.self).joined(separator: " ")), ("role", "img"),
        ("aria-labelledby", "\(identifier)-title \(identifier)-desc"),
      ]
    let words: [Markup] = [
      .element("title", [("id", "\(identifier)-title")], text: title),
      .element("desc", [("id", "\(identifier)-desc")], text: summary),
    ]
    return .element("svg", attributes, words + before + drawing.shapes)
  }
}
