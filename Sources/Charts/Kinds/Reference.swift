/// A dashed line at a value that others are compared with; the legend names it.
public struct Reference: Sendable {
  /// What the value is.
  public let name: String
  /// Where the line lies.
  public let value: Double

  /// A line at a value.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}
