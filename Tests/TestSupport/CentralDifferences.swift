/// The gradient of a function by central differences in Double: (f(x + h) - f(x - h)) / 2h for every element.
///
/// For functions whose values and derivatives are around 1 the step 1e-5 leaves some 1e-10 of rounding and truncation.
package func centralDifferences(_ x: [Double], step: Double = 1e-5, _ f: ([Double]) -> Double) -> [Double] {
  var point = x
  return x.indices.map { i in
    defer { point[i] = x[i] }
    point[i] = x[i] + step
    let above = f(point)
    point[i] = x[i] - step
    return (above - f(point)) / (2 * step)
  }
}

/// The largest distance between a result and what is expected, in units of the largest expected; infinite where a result is not
/// finite or counts differ.
package func largestRelativeDifference(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
  let largest = expected.reduce(0) { max($0, $1.magnitude) }
  let distance = zip(found, expected).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  return distance == 0 ? 0 : distance / largest
}
