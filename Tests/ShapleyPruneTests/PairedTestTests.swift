import Foundation
import ShapleyPrune
import Testing

@Suite("Paired tests") struct PairedTestTests {
  /// The two-sided probability by Simpson's rule on the density, which is brought to the unit area by the same rule.
  private func integrated(t: Double, degrees: Int) -> Double {
    func density(_ angle: Double) -> Double {
      // x = √ν tan θ turns the density into a power of the cosine.
      pow(cos(angle), Double(degrees - 1))
    }
    func integral(to end: Double) -> Double {
      let steps = 20_000
      let h = end / Double(steps)
      let sum = (0...steps).reduce(0.0) { (sum: Double, i: Int) -> Double in
        let weight: Double = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2
        return sum + density(Double(i) * h) * weight
      }
      return sum * h / 3
    }
    return 1 - integral(to: atan(t / Double(degrees).squareRoot())) / integral(to: .pi / 2)
  }

  @Test("Student's distribution agrees with the integral of its density", arguments: [1, 2, 3, 4, 7, 10, 29, 80, 501])
  func distribution(degrees: Int) {
    for t in [0.0, 0.3, 1, 2.1, 4.5] {
      let found = PairedTest.twoSided(t: t, degrees: degrees)
      #expect(abs(found - integrated(t: t, degrees: degrees)) < 1e-9, "t \(t)")
      #expect(PairedTest.twoSided(t: -t, degrees: degrees) == found)
    }
  }

  @Test("Values of the tables: 5 % at 12.706, 2.228 and 1.960")
  func table() {
    for (t, degrees) in [(12.706205, 1), (2.228139, 10), (1.959966, 1_000_000)] {
      #expect(abs(PairedTest.twoSided(t: t, degrees: degrees) - 0.05) < 1e-6)
    }
  }

  @Test("Differences of 1, 2 and 3 have t = 2 √3, of which chance gives 7.4 %")
  func example() throws {
    let test = PairedTest([2, 4, 6], [1, 2, 3])
    // ν = 2: 1 - t / √(2 + t²), with t² = 12.
    #expect(try abs(#require(test.probability) - (1 - (12.0 / 14).squareRoot())) < 1e-12)
    #expect(!test.isDifferent && test.isNoise)
    #expect(PairedTest([1, 2, 3], [2, 4, 6]) == test)
  }

  @Test("Equal lists do not differ, equal differences do, and what cannot be compared has no probability")
  func edges() {
    #expect(PairedTest([1, 2], [1, 2]).probability == 1)
    #expect(PairedTest([1, 2], [2, 3]).probability == 0.5)
    for (first, second) in [([1.0], [2.0]), ([], []), ([1, 2], [1]), ([1, .nan], [1, 2])] as [([Double], [Double])] {
      #expect(PairedTest(first, second).probability == nil)
      #expect(!PairedTest(first, second).isDifferent && !PairedTest(first, second).isNoise)
    }
  }

  @Test("Equal differences count by their signs: two prove nothing, six do")
  func equalDifferences() {
    for (count, probability) in [(2, 0.5), (5, 0.0625), (6, 0.03125)] {
      for difference in [1, 0.1, -0.7, 1.1] {
        let test = PairedTest(Array(repeating: difference, count: count), Array(repeating: 0, count: count))
        #expect(abs((test.probability ?? 9) - probability) < 1e-12)
        #expect(test.isDifferent == (count > 5))
      }
    }
    #expect(PairedTest([1, 1], [1, 1]).probability == 1)
  }
}
