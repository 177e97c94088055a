import Foundation
import Support
import Tensor
import TestSupport
import Testing

@Suite struct RunningLogSumExpTests {
  /// The logarithm of the sum in Double.
  static func exact(_ values: [Float]) -> Double {
    let largest = Double(values.max() ?? -.infinity)
    return largest + log(values.reduce(0) { $0 + exp(Double($1) - largest) })
  }

  /// The same with the values in portions.
  static func found(_ values: [Float], portions: [Int]) -> Double {
    var sum = RunningLogSumExp()
    var start = 0
    for count in portions {
      var part = Array(values[start..<start + count])
      part.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        sum.add(overwriting: base, count: count, with: Kernel.current.instructions)
      }
      start += count
    }
    #expect(start == values.count)
    return sum.value
  }

  @Test("Any split of the numbers gives the logarithm of their sum", arguments: [0, 30, -3e4, 3e4, 1e30] as [Float])
  func splits(shift: Float) {
    var generator = SeededGenerator(seed: 1)
    for count in [1, 2, 15, 16, 17, 100, 1000] {
      let values = Matrix.random(1, count, seed: UInt64(count), scale: 4).elements.map { $0 + shift }
      let exact = Self.exact(values)
      for _ in 0..<6 {
        var portions: [Int] = []
        while portions.reduce(0, +) < count {
          portions.append(generator.below(count - portions.reduce(0, +) + 1))
        }
        // The sum's relative error is the absolute one of its logarithm: a rounding a number, 2 ulp a power, and those of the
        // differences from the largest, up to 60.
        let bound = Double(count + 4 + 60) * unitRoundoff + 1e-15 * exact.magnitude
        #expect((Self.found(values, portions: portions) - exact).magnitude <= bound, "\(count) in \(portions)")
      }
    }
  }

  @Test("A portion that dwarfs the one before, and one that is dwarfed by it, are both right")
  func distance() {
    let values: [Float] = [-3e38, 5, 3e38, -3e38]
    #expect(Self.found(values, portions: [1, 1, 1, 1]) == Double(3e38 as Float))
    #expect(Self.found([100, 0], portions: [1, 1]) == 100)
    #expect(Self.found([0, 100], portions: [1, 1]) == 100)
    #expect((Self.found([7, 7], portions: [1, 1]) - 7 - log(2)).magnitude < 1e-12)
  }

  @Test("Portions of -infinity add nothing, wherever they stand")
  func masked() {
    let masked = -Float.infinity
    #expect(Self.found([masked, masked, 1], portions: [2, 1]) == 1)
    #expect(Self.found([1, masked, masked], portions: [1, 2]) == 1)
    #expect(Self.found([masked, 1], portions: [2]) == 1)
    #expect(Self.found([masked], portions: [1]) == -.infinity)
    #expect(Self.found([], portions: []) == -.infinity)
  }

  @Test("NaN in any portion is not lost")
  func notANumber() {
    for position in 0..<4 {
      var values: [Float] = [1, 2, 3, 4]
      values[position] = .nan
      #expect(Self.found(values, portions: [1, 1, 1, 1]).isNaN)
      #expect(Self.found(values, portions: [2, 2]).isNaN)
      #expect(Self.found(values, portions: [4]).isNaN)
    }
  }
}
