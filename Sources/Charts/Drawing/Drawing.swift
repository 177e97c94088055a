/// A finished drawing: its size and its shapes.
public struct Drawing: Sendable {
  /// The width of the viewBox.
  public let width: Double
  /// The height of the viewBox.
  public let height: Double
  let shapes: [Markup]
}
