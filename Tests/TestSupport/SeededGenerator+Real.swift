import Support

extension SeededGenerator {
  /// Approximately normal, mean 0 and variance 1: the sum of twelve uniforms less six.
  ///
  /// Needs no logarithm, so it is the same to the bit everywhere.
  package mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += unit() }
    return sum
  }
}
