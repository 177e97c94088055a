import Support
import TestSupport
import Testing

@Suite struct SeededGeneratorTests {
  @Test(
    "The first numbers of a seed never change",
    arguments: [
      (0, [0x5317_5d61_490b_23df, 0x61da_6f3d_c380_d507, 0x5c0f_df91_ec9a_7bfc, 0x02ee_bf8c_3bbe_5e1a]),
      (42, [0xd076_4d4f_4476_689f, 0x519e_4174_576f_3791, 0xfbe0_7cfb_0c24_ed8c, 0xb37d_9f60_0cd8_35b8]),
      (.max, [0x56cc_f8ce_948e_27b2, 0xe685_8843_2e5a_5b90, 0xe3e9_b5a4_8119_ca8b, 0x460f_1949_5532_ae73]),
    ] as [(UInt64, [UInt64])])
  func firstNumbers(seed: UInt64, expected: [UInt64]) {
    var generator = SeededGenerator(seed: seed)
    #expect(expected.indices.map { _ in generator.next() } == expected)
  }

  @Test("Numbers below a bound are in range and uniform", arguments: [1, 2, 3, 7, 10, 64, 100])
  func below(bound: Int) {
    var generator = SeededGenerator(seed: UInt64(bound))
    var counts = [Int](repeating: 0, count: bound)
    let draws = 1000 * bound
    for _ in 0..<draws {
      let value = generator.below(bound)
      guard counts.indices.contains(value) else {
        Issue.record("\(value) is not below \(bound)")
        return
      }
      counts[value] += 1
    }
    // Chi-squared with bound - 1 degrees of freedom: its mean is bound - 1, its variance twice that.
    let statistic = counts.reduce(0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    let freedom = Double(bound - 1)
    #expect(abs(statistic - freedom) <= 5 * (2 * freedom).squareRoot())
  }

  @Test("Large bounds are served without bias to the lower half")
  func largeBound() {
    var generator = SeededGenerator(seed: 1)
    let bound = Int.max / 3 * 2
    let values = (0..<10_000).map { _ in generator.below(bound) }
    #expect(values.allSatisfy { $0 >= 0 && $0 < bound })
    #expect(abs(values.count { $0 < bound / 2 } - 5000) < 250)
    #expect(generator.below(.max) >= 0)
  }

  @Test("Uniform numbers are in [0, 1) with mean 1/2 and variance 1/12; normal ones have mean 0 and variance 1")
  func moments() {
    var generator = SeededGenerator(seed: 6)
    let uniform = (0..<100_000).map { _ in generator.unit() }
    #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    let normal = (0..<100_000).map { _ in generator.normal() }
    for (values, expectedMean, expectedVariance) in [(uniform, 0.5, 1.0 / 12), (normal, 0, 1)] {
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect(abs(mean - expectedMean) < 5 * (expectedVariance / 100_000).squareRoot())
      #expect(abs(variance / expectedVariance - 1) < 0.03)
    }
  }
}
