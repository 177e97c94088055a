/// The shape of a point: series differ by it as well as by colour.
enum Marker: Int, CaseIterable, Sendable {
  case circle, square, triangle, diamond, cross, plus, down, bar

  /// The marker of a series, by its number; where colours begin again, each gets another marker.
  init(series index: Int) { self = Self.allCases[(index + index / Self.allCases.count) % Self.allCases.count] }

  /// The outline around a point, about eight units wide.
  func path(_ x: Double, _ y: Double) -> String {
    func at(_ dx: Double, _ dy: Double) -> String { "\(Canvas.text(x + dx)) \(Canvas.text(y + dy))" }
    func polygon(_ points: [(Double, Double)]) -> String {
      points.enumerated().map { "\($0 == 0 ? "M" : "L")\(at($1.0, $1.1))" }.joined() + "Z"
    }
    switch self {
    case .circle: return "M\(at(-3.6, 0))A3.6 3.6 0 1 1 \(at(3.6, 0))A3.6 3.6 0 1 1 \(at(-3.6, 0))Z"
    case .square: return polygon([(-3.2, -3.2), (3.2, -3.2), (3.2, 3.2), (-3.2, 3.2)])
    case .triangle: return polygon([(0, -4.2), (4, 3.2), (-4, 3.2)])
    case .diamond: return polygon([(0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)])
    case .cross:
      return polygon([
        (-4, -2.6), (-2.6, -4), (0, -1.4), (2.6, -4), (4, -2.6), (1.4, 0), (4, 2.6), (2.6, 4), (0, 1.4), (-2.6, 4),
        (-4, 2.6), (-1.4, 0),
      ])
    case .plus:
      return polygon([
        (-1.2, -4), (1.2, -4), (1.2, -1.2), (4, -1.2), (4, 1.2), (1.2, 1.2), (1.2, 4), (-1.2, 4), (-1.2, 1.2),
        (-4, 1.2),
        (-4, -1.2), (-1.2, -1.2),
      ])
    case .down: return polygon([(0, 4.2), (4, -3.2), (-4, -3.2)])
    case .bar: return polygon([(-4.4, -1.6), (4.4, -1.6), (4.4, 1.6), (-4.4, 1.6)])
    }
  }
}
