import Foundation
import Tensor
import Testing

@Suite struct ExponentialTests {
  /// The distance of `value` from e^x in units of the last place of e^x as a Float.
  static func error(_ value: Float, at x: Float) -> Double {
    let exact = exp(Double(x))
    return (Double(value) - exact).magnitude / Double(Float(exact).ulp)
  }

  static func exponential(_ x: Float) -> Float { Tensor.exponential(FloatVector(repeating: x))[3] }

  @Test("The exponential is within 2 ulp over its whole range")
  func accuracy() {
    var worst = 0.0
    // 1.4 million arguments: every 1/8192 of the range, and the same shifted by an odd fraction.
    for shift: Float in [0, 0.000_037] {
      for block in 0..<Int((88.3 + 87.3) * 1024) {
        var x = FloatVector.zero
        for lane in 0..<8 {
          x[lane] = min(max(-87.3 + Float(8 * block + lane) / 8192 + shift, -87.3), 88.3)
        }
        let y = Tensor.exponential(x)
        for lane in 0..<8 { worst = max(worst, Self.error(y[lane], at: x[lane])) }
      }
    }
    #expect(worst <= 2)
    #expect(worst > 0.5, "an error this small means that nothing was measured")
  }

  @Test("The exponential is within 2 ulp beside zero and beside every change of the exponent")
  func accuracyAtSeams() {
    var arguments: [Float] = [0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1, -1]
    for power in 1...40 { arguments += [Float(sign: .plus, exponent: -power, significand: 1.5)] }
    for n in -125...126 {
      let seam = Float((Double(n) + 0.5) * log(2))
      arguments += [seam, seam.nextUp, seam.nextDown, seam.nextUp.nextUp, seam.nextDown.nextDown]
    }
    arguments += [-87.3, (-87.3 as Float).nextUp, 88.3, (88.3 as Float).nextDown]
    for x in arguments + arguments.map({ -$0 }) where x >= -87.3 && x <= 88.3 {
      #expect(Self.error(Self.exponential(x), at: x) <= 2, "e^\(x)")
    }
    #expect(Self.exponential(0) == 1)
    #expect(Self.exponential(-0.0) == 1)
  }

  @Test("Outside its range the exponential is zero below and the value at 88.3 above; NaN stays NaN")
  func edges() {
    for x: Float in [(-87.3 as Float).nextDown, -88, -104, -1000, -.greatestFiniteMagnitude, -.infinity] {
      #expect(Self.exponential(x).bitPattern == 0, "e^\(x)")
    }
    let top = Self.exponential(88.3)
    for x: Float in [(88.3 as Float).nextUp, 89, 1000, .greatestFiniteMagnitude, .infinity] {
      #expect(Self.exponential(x) == top, "e^\(x)")
    }
    #expect(Self.exponential(.nan).isNaN)
    #expect(Self.exponential(-.nan).isNaN)
  }

  @Test("Each of the sixteen lanes has its own result")
  func lanes() {
    var x = FloatVector.zero
    for lane in 0..<8 { x[lane] = Float(lane) - 4 }
    x[5] = .nan
    x[6] = -.infinity
    let y = Tensor.exponential(x)
    for lane in 0..<8 where lane != 5 && lane != 6 { #expect(y[lane] == Self.exponential(x[lane])) }
    #expect(y[5].isNaN)
    #expect(y[6] == 0)
  }
}
