import Charts
import Testing

@Suite("Ticks and numbers") struct TickTests {
  @Test("ticks are multiples of 1, 2 or 5 times a power of ten around the range")
  func steps() {
    #expect(Ticks(covering: Domain(lower: 0, upper: 1), about: 5).labels == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(Ticks(covering: Domain(lower: -0.3, upper: 0.71), about: 4).labels == ["-0.5", "0.0", "0.5", "1.0"])
    #expect(Ticks(covering: Domain(lower: 3, upper: 97), about: 5).labels == ["0", "20", "40", "60", "80", "100"])
    #expect(Ticks(covering: Domain(lower: 0, upper: 3e9), about: 3).labels == ["0", "1e9", "2e9", "3e9"])
    #expect(
      Ticks(covering: Domain(lower: 0, upper: 2.5e-7), about: 5).labels
        == ["0", "0.5e-7", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7"])
  }

  @Test("the values are those of the labels", arguments: [1e-300, 1e-9, 0.003, 1, 12, 7e5, 3e17, 1e299])
  func labels(_ size: Double) {
    for domain in [Domain(lower: 0, upper: size), Domain(lower: -size, upper: size / 3)] {
      for count in 1...9 {
        let ticks = Ticks(covering: domain, about: count)
        #expect(ticks.values.count >= 2 && ticks.values.count <= 2 * count + 2)
        #expect((ticks.values.first ?? .nan) <= domain.lower && (ticks.values.last ?? .nan) >= domain.upper)
        for (label, value) in zip(ticks.labels, ticks.values) {
          #expect(abs((Double(label) ?? .nan) - value) <= 1e-12 * size, "\(label)")
        }
      }
    }
  }

  @Test("logarithmic ticks are powers of ten")
  func powers() {
    #expect(
      Ticks(logarithmic: Domain(lower: 0.5, upper: 2000), about: 6).labels == [
        "0.1", "1", "10", "100", "1000", "10000",
      ])
    let wide = Ticks(logarithmic: Domain(lower: 1e-200, upper: 1e200), about: 6)
    #expect(wide.values.count <= 8)
  }

  @Test("ranges are finite and never empty")
  func domains() {
    #expect(Domain([]) == Domain(lower: 0, upper: 1))
    #expect(Domain([.nan, .infinity]) == Domain(lower: 0, upper: 1))
    #expect(Domain([2], includingZero: true) == Domain(lower: 0, upper: 2))
    #expect(Domain([2]).lower < 2 && Domain([2]).upper > 2)
    #expect(Domain([0]).upper > Domain([0]).lower)
    #expect((Domain([1e308, -1e308]).upper - Domain([1e308, -1e308]).lower).isFinite)
  }

  @Test(
    "numbers are plain",
    arguments: [
      (0, "0"), (1, "1"), (-1.5, "-1.5"), (0.70001, "0.7"), (13.490332, "13.49"), (123456, "123456"), (1e6, "1e6"),
      (0.000123456, "0.0001235"), (1.5e-7, "1.5e-7"), (-2.5e20, "-2.5e20"), (1000, "1000"), (9.99999e20, "1e21"),
      (-9.99999e20, "-1e21"), (1e300, "1e300"), (.nan, "nan"),
      (.infinity, "inf"),
    ] as [(Double, String)])
  func plain(_ value: Double, _ text: String) { #expect(NumberText.plain(value) == text) }

  @Test("A number has as many decimals as two digits of its error")
  func errors() {
    for (value, error, text) in [
      (1.4, 0.01888, "1.400 ± 0.019"), (1.39977, 0.4, "1.40 ± 0.40"), (123.4, 25, "123 ± 25"), (-0.5, 0, "-0.5 ± 0"),
    ] { #expect(NumberText.plain(value, error: error) == text) }
  }
}
