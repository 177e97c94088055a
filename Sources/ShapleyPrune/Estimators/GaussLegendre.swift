import Support

/// Gauss and Legendre's quadrature on [0, 1]: exact for polynomials of a degree below twice the number of nodes.
struct GaussLegendre {
  /// The nodes, ascending, each with its weight; the weights add up to 1.
  let nodes: [(position: Double, weight: Double)]

  /// The roots of the Legendre polynomial of a degree, by Newton's method.
  ///
  /// - Precondition: `count` is at least 1.
  init(count: Int) {
    precondition(count >= 1, "a quadrature has at least one node")
    nodes = (0..<count).map { index in
      // Descending in the cosine, so that x goes from -1 to 1.
      var x = -Math.cos(.pi * (Double(index) + 0.75) / (Double(count) + 0.5))
      var slope = 0.0
      // From this start, a handful of steps reach the last bit.
      for _ in 0..<16 {
        let value: Double
        (value, slope) = Self.legendre(count, x)
        x -= value / slope
      }
      return ((1 + x) / 2, 1 / ((1 - x * x) * slope * slope))
    }
  }

  /// P_n(x) and its derivative, |x| < 1.
  private static func legendre(_ degree: Int, _ x: Double) -> (value: Double, slope: Double) {
    var (before, last) = (1.0, x)
    for k in 1..<max(degree, 1) {
      let k = Double(k)
      (before, last) = (last, ((2 * k + 1) * x * last - k * before) / (k + 1))
    }
    return (last, Double(degree) * (before - x * last) / (1 - x * x))
  }
}
