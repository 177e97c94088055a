import Foundation
import Support
import TestSupport
import Testing

@Suite struct FormattingTests {
  @Test(
    "Numbers with a fixed number of digits",
    arguments: [
      (0, 0, "0"), (0, 2, "0.00"), (-0.0, 2, "0.00"), (1, 2, "1.00"), (1.5, 0, "2"), (2.5, 0, "3"), (-2.5, 0, "-3"),
      (0.125, 2, "0.13"), (-0.125, 2, "-0.13"), (-0.001, 2, "0.00"), (0.05, 1, "0.1"), (9.999, 2, "10.00"),
      (123.456, 1, "123.5"), (1e-9, 3, "0.000"), (12.03, 2, "12.03"), (-7.004, 3, "-7.004"),
      (1e12, 2, "1000000000000.00"),
      (.nan, 2, "nan"), (.infinity, 2, "inf"), (-.infinity, 0, "-inf"), (1e300, 2, "1e+300"),
      (1e12, 5, "1000000000000.00000"), (1e16, 1, "10000000000000000.0"),
      (123_456_789_012_345, 3, "123456789012345.000"), (99_999_999_999_999.96, 1, "100000000000000.0"),
      (1e18, 0, "1000000000000000000"),
      (0, 19, "0.0000000000000000000"),
      (0, 25, "0.0000000000000000000000000"),
    ] as [(Double, Int, String)])
  func fixed(value: Double, digits: Int, expected: String) {
    #expect(value.fixed(digits) == expected)
  }

  @Test("Fixed digits agree with the C library away from ties")
  func fixedAgainstLibrary() {
    var generator = SeededGenerator(seed: 10)
    for _ in 0..<5000 {
      let value = generator.normal() * [1e-3, 1, 1e4][generator.below(3)]
      let digits = generator.below(7)
      let expected = String(format: "%.\(digits)f", value)
      let isZero = expected.allSatisfy { "-0.".contains($0) }
      #expect(value.fixed(digits) == (isZero && expected.hasPrefix("-") ? String(expected.dropFirst()) : expected))
    }
  }

  @Test(
    "Durations as a clock shows them",
    arguments: [
      (0, "0 s"), (0.4, "0 s"), (42, "42 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"),
      (3599.4, "59 min 59 s"), (3599.9, "1 h 00 min"), (18_420, "5 h 07 min"), (360_000, "100 h 00 min"),
    ])
  func clock(seconds: Double, expected: String) {
    #expect(Duration.seconds(seconds).clock == expected)
  }

  @Test func padding() {
    #expect(7.padded(2) == "07")
    #expect(123.padded(2) == "123")
    #expect(abs(Duration.milliseconds(1500).seconds - 1.5) < 1e-15)
  }
}
