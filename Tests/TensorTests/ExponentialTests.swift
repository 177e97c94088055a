import Foundation
import Tensor
import Testing

@Suite struct ExponentialTests {
  /// The distance of `value` from e^x in units of the last place of e^x as a Float.
  static func error(_ value: Float, at x: Float) -> Double {
    let exact = exp(Double(x))
    return (Double(value) - exact).magnitude / Double(Float(exact).ulp)
  }

  /// e^x of any number of arguments, as a kernel's softmax computes it.
  static func exponentials(_ x: [Float], _ kernel: Kernel) -> [Float] {
    var values = x
    values.withUnsafeMutableBufferPointer { values in
      guard let first = values.baseAddress else { return }
      _ = kernel.instructions.exponentiate(first, count: values.count, minus: 0)
    }
    return values
  }

  /// e^x in the middle of a vector.
  static func exponential(_ x: Float, _ kernel: Kernel) -> Float {
    exponentials([Float](repeating: x, count: 32), kernel)[3]
  }

  @Test("The exponential is within 2 ulp over its whole range", arguments: availableKernels)
  func accuracy(kernel: Kernel) {
    var worst = 0.0
    // 1.4 million arguments: every 1/8192 of the range, and the same shifted by an odd fraction.
    for shift: Float in [0, 0.000_037] {
      for block in 0..<Int((88.3 + 87.3) * 128) {
        let x = (0..<64).map { (place: Int) -> Float in
          let argument: Float = -87.3 + Float(64 * block + place) / 8192 + shift
          return min(max(argument, -87.3), 88.3)
        }
        for (x, y) in zip(x, Self.exponentials(x, kernel)) { worst = max(worst, Self.error(y, at: x)) }
      }
    }
    #expect(worst <= 2)
    #expect(worst > 0.5, "an error this small means that nothing was measured")
  }

  @Test(
    "The exponential is within 2 ulp beside zero and beside every change of the exponent", arguments: availableKernels)
  func accuracyAtSeams(kernel: Kernel) {
    var arguments: [Float] = [0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1, -1]
    for power in 1...40 { arguments += [Float(sign: .plus, exponent: -power, significand: 1.5)] }
    for n in -125...126 {
      let seam = Float((Double(n) + 0.5) * log(2))
      arguments += [seam, seam.nextUp, seam.nextDown, seam.nextUp.nextUp, seam.nextDown.nextDown]
    }
    arguments += [-87.3, (-87.3 as Float).nextUp, 88.3, (88.3 as Float).nextDown]
    for x in arguments + arguments.map({ -$0 }) where x >= -87.3 && x <= 88.3 {
      #expect(Self.error(Self.exponential(x, kernel), at: x) <= 2, "e^\(x)")
    }
    #expect(Self.exponential(0, kernel) == 1)
    #expect(Self.exponential(-0.0, kernel) == 1)
  }

  @Test(
    "Outside its range the exponential is zero below and the value at 88.3 above; NaN stays NaN",
    arguments: availableKernels)
  func edges(kernel: Kernel) {
    for x: Float in [(-87.3 as Float).nextDown, -88, -104, -1000, -.greatestFiniteMagnitude, -.infinity] {
      #expect(Self.exponential(x, kernel).bitPattern == 0, "e^\(x)")
    }
    let top = Self.exponential(88.3, kernel)
    for x: Float in [(88.3 as Float).nextUp, 89, 1000, .greatestFiniteMagnitude, .infinity] {
      #expect(Self.exponential(x, kernel) == top, "e^\(x)")
    }
    #expect(Self.exponential(.nan, kernel).isNaN)
    #expect(Self.exponential(-.nan, kernel).isNaN)
  }

  @Test("Every element has its own result, whatever its place and the number of others", arguments: availableKernels)
  func places(kernel: Kernel) {
    for count in [1, 3, 4, 5, 15, 16, 17, 33] {
      var x = (0..<count).map { Float($0) / 4 - 4 }
      x[count / 2] = .nan
      x[count - 1] = -.infinity
      let y = Self.exponentials(x, kernel)
      for (x, y) in zip(x, y) where !x.isNaN { #expect(y == Self.exponential(x, kernel)) }
      #expect(y[count / 2].isNaN == (count > 1))
      #expect(y[count - 1] == 0)
    }
  }
}
