/// An axis of numbers.
public struct Axis: Sendable {
  /// What the numbers are, with their unit.
  public let label: String
  /// Whether equal factors are equal distances; numbers that are not positive are then left out.
  public let isLogarithmic: Bool

  /// An axis with a name.
  public init(_ label: String, isLogarithmic: Bool = false) {
    self.label = label
    self.isLogarithmic = isLogarithmic
  }

  /// The number where the axis can show it.
  func shown(_ value: Double?) -> Double? {
    guard let value, value.isFinite, !isLogarithmic || value > 0 else { return nil }
    return value
  }
}
