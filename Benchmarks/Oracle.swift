import Support
import Tensor

/// Products in Double, and the bounds within which a result in Float must agree with them.
enum Oracle {
  /// The unit roundoff of Float, u: one rounded operation has a relative error of at most this.
  static let unitRoundoff = 0x1p-24

  /// Σ a·b and Σ |a·b| over `count` elements: the sum and the size that its rounding errors are measured by.
  ///
  /// k products and k sums in Float, in any order and fused or not, err by at most (k + 1) · u · Σ|a·b| to first order
  /// (Higham, "Accuracy and Stability of Numerical Algorithms", section 3.1).
  static func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
  ) -> (sum: Double, magnitude: Double) {
    var sums = SIMD8<Double>.zero
    var magnitudes = SIMD8<Double>.zero
    let whole = count & ~7
    for i in stride(from: 0, to: whole, by: 8) {
      let x = UnsafeRawPointer(a + i).loadUnaligned(as: SIMD8<Float>.self)
      let y = UnsafeRawPointer(b + i).loadUnaligned(as: SIMD8<Float>.self)
      let product = SIMD8<Double>(x) * SIMD8<Double>(y)
      sums += product
      magnitudes += product.replacing(with: -product, where: product .< 0)
    }
    var (sum, magnitude) = (sums.sum(), magnitudes.sum())
    for i in whole..<count {
      let product = Double(a[i]) * Double(b[i])
      sum += product
      magnitude += product.magnitude
    }
    return (sum, magnitude)
  }

  /// Rows at the start, in the middle and at the end: whole tiles and both edges.
  static func sampledRows(_ count: Int) -> [Int] {
    guard count > 21 else { return Array(0..<count) }
    return Array(0..<7) + Array(count / 2..<count / 2 + 7) + Array(count - 7..<count)
  }

  /// Throws unless a number is within a tolerance; NaN never is.
  static func require(
    _ found: Double, near wanted: Double, within tolerance: Double, _ what: @autoclosure () -> String
  ) throws(BenchmarkError) {
    guard (found - wanted).magnitude <= tolerance else {
      throw .wrongResult(
        "\(what()) on \(Kernel.current.rawValue) is \(found) and should be \(wanted) ± \(tolerance)")
    }
  }
}

extension Matrix {
  /// Uniform elements in [-scale, scale), from a seed.
  static func uniform(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float = 1) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    var result = Matrix(uninitializedRows: rows, columns: columns)
    let count = result.count
    result.withMutableElements { x in
      for i in 0..<count { x[i] = scale * Float(Int32(truncatingIfNeeded: generator.next() >> 32)) * 0x1p-31 }
    }
    return result
  }

  /// A symmetric positive definite matrix XᵀX + 0.01 · mean diagonal, with X random of twice as many rows as columns.
  ///
  /// Its condition number is about 30 at any size, so that errors stay those of the arithmetic.
  static func positiveDefinite(_ count: Int, seed: UInt64) -> Matrix {
    let inputs = uniform(2 * count, count, seed: seed)
    var result = Matrix(rows: count, columns: count)
    addGram(inputs, to: &result)
    let mean = (0..<count).reduce(0.0) { $0 + Double(result[$1, $1]) } / Double(count)
    for i in 0..<count { result[i, i] += Float(0.01 * mean) }
    return result
  }
}
