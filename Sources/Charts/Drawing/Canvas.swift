import Support

/// A drawing while it is made: shapes in the order in which they lie on each other.
///
/// Colours are classes, so that a theme can set them; lengths are units of the viewBox.
struct Canvas: Sendable {
  /// Where a text lies beside the point that it is written at.
  enum Anchor: String, Sendable { case start, middle, end }

  private(set) var shapes: [Markup] = []

  /// A number of the drawing: two digits are finer than any screen.
  static func text(_ value: Double) -> String { value.fixed(2).trimmingZeros }

  private mutating func add(_ name: String, _ attributes: [Markup.Attribute], _ hint: String?) {
    shapes.append(.element(name, attributes, hint.map { [.element("title", text: $0)] } ?? []))
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    add(
      "line",
      [
        ("x1", Self.text(x1)), ("y1", Self.text(y1)), ("x2", Self.text(x2)), ("y2", Self.text(y2)), ("class", style),
      ], nil)
  }

  /// A rectangle; `hint` is shown where a pointer rests on it.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ style: String, hint: String? = nil
  ) {
    add(
      "rect",
      [
        ("x", Self.text(x)), ("y", Self.text(y)), ("width", Self.text(max(width, 0))),
        ("height", Self.text(max(height, 0))), ("class", style),
      ], hint)
  }

  /// Straight lines from point to point.
  mutating func path(_ points: [(x: Double, y: Double)], isClosed: Bool = false, _ style: String) {
    guard !points.isEmpty else { return }
    let steps = points.enumerated().map { index, point in
      "\(index == 0 ? "M" : "L")\(Self.text(point.x)) \(Self.text(point.y))"
    }
    add("path", [("d", steps.joined(separator: " ") + (isClosed ? " Z" : "")), ("class", style)], nil)
  }

  mutating func marker(_ marker: Marker, _ x: Double, _ y: Double, _ style: String, hint: String? = nil) {
    add("path", [("d", marker.path(x, y)), ("class", style)], hint)
  }

  /// Two strokes that cross, for what is missing.
  mutating func cross(_ x: Double, _ y: Double, _ style: String, hint: String) {
    func at(_ dx: Double, _ dy: Double) -> String { "\(Self.text(x + dx)) \(Self.text(y + dy))" }
    add("path", [("d", "M\(at(-3, -3))L\(at(3, 3))M\(at(-3, 3))L\(at(3, -3))"), ("class", style)], hint)
  }

  /// A text whose line begins, has its middle or ends at the point; turned, it reads upwards.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double, _ anchor: Anchor = .start, _ style: String = "ink",
    isTurned: Bool = false
  ) {
    var attributes: [Markup.Attribute] = [
      ("x", Self.text(x)), ("y", Self.text(y)), ("font-size", Self.text(size)), ("text-anchor", anchor.rawValue),
      ("class", style),
    ]
    if isTurned { attributes.append(("transform", "rotate(-90 \(Self.text(x)) \(Self.text(y)))")) }
    shapes.append(.element("text", attributes, text: text))
  }
}
