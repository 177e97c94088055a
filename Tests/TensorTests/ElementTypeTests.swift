import Support
import Tensor
import Testing

@Suite struct BFloat16Tests {
  /// Rounding to nearest, ties to even, by distances in Double from the two neighbours.
  static func reference(_ value: Float) -> UInt16 {
    let sign = UInt16(value.sign == .minus ? 0x8000 : 0)
    if value.isInfinite { return sign | 0x7F80 }
    let lower = UInt16(value.magnitude.bitPattern >> 16)
    // Past the largest finite number the next one would be 2^128, where infinity stands.
    func number(_ bits: UInt16) -> Double { bits == 0x7F80 ? 0x1p128 : Double(Float(bitPattern: UInt32(bits) << 16)) }
    let below = Double(value.magnitude) - number(lower)
    let above = number(lower + 1) - Double(value.magnitude)
    if below == above { return sign | (lower % 2 == 0 ? lower : lower + 1) }
    return sign | (below < above ? lower : lower + 1)
  }

  @Test("All 65,536 patterns widen to the number they stand for, and round back to themselves")
  func everyPattern() {
    for bits in UInt16.min...UInt16.max {
      let wide = BFloat16.widened(bits)
      let exponent = Int(bits >> 7 & 0xFF)
      let fraction = Double(bits & 0x7F) / 128
      let sign = bits & 0x8000 == 0 ? 1.0 : -1.0
      if exponent == 0xFF {
        #expect(fraction == 0 ? Double(wide) == sign * .infinity : wide.isNaN)
      } else {
        let power = Double(sign: .plus, exponent: max(exponent, 1) - 127, significand: 1)
        #expect(Double(wide) == sign * (fraction + (exponent == 0 ? 0 : 1)) * power)
        #expect(wide.sign == (sign < 0 ? .minus : .plus))
      }
      if wide.isNaN {
        #expect(BFloat16.rounded(wide) == bits | 0x0040, "a NaN keeps its payload and becomes quiet")
      } else {
        #expect(BFloat16.rounded(wide) == bits)
      }
    }
  }

  @Test("Ties and their neighbours round as the distances say")
  func ties() {
    var wrong = 0
    for bits in UInt16.min...UInt16.max where bits & 0x7FFF < 0x7F80 {
      let tie = UInt32(bits) << 16 | 0x8000
      for pattern in [tie - 1, tie, tie + 1, tie + 0x7FFF, tie - 0x7FFF] {
        let value = Float(bitPattern: pattern)
        if BFloat16.rounded(value) != Self.reference(value) { wrong += 1 }
      }
    }
    #expect(wrong == 0)
  }

  @Test("A million random numbers round as the distances say")
  func random() {
    var generator = SeededGenerator(seed: 1)
    var wrong = 0
    for _ in 0..<1_000_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      if value.isNaN {
        if !BFloat16.widened(BFloat16.rounded(value)).isNaN { wrong += 1 }
      } else if BFloat16.rounded(value) != Self.reference(value) {
        wrong += 1
      }
    }
    #expect(wrong == 0)
  }

  @Test("Zeros keep their sign, numbers too large become infinity, no NaN becomes a number")
  func specials() {
    #expect(BFloat16.rounded(0) == 0)
    #expect(BFloat16.rounded(-0.0) == 0x8000)
    #expect(BFloat16.rounded(.greatestFiniteMagnitude) == 0x7F80)
    #expect(BFloat16.rounded(-.greatestFiniteMagnitude) == 0xFF80)
    #expect(BFloat16.rounded(.infinity) == 0x7F80)
    #expect(BFloat16.rounded(.leastNonzeroMagnitude) == 0)
    for pattern: UInt32 in [0x7F80_0001, 0xFF80_0001, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7F80_8000] {
      #expect(BFloat16.widened(BFloat16.rounded(Float(bitPattern: pattern))).isNaN)
    }
  }
}

#if !(os(macOS) && arch(x86_64))
  @Suite struct HalfTests {
    @Test("All 65,536 patterns widen as Float16 does, and round back to themselves")
    func everyPattern() {
      for bits in UInt16.min...UInt16.max {
        let wide = Half.widened(bits)
        let exact = Float(Float16(bitPattern: bits))
        if exact.isNaN {
          #expect(wide.isNaN)
          #expect(Half.rounded(wide) == bits | 0x0200, "a NaN keeps its payload and becomes quiet")
        } else {
          #expect(wide.bitPattern == exact.bitPattern)
          #expect(Half.rounded(wide) == bits)
        }
      }
    }

    @Test("Ties and their neighbours round as Float16 does, through the subnormals up to infinity")
    func ties() {
      var wrong = 0
      for bits in UInt16(0)..<0x7C00 {
        let next = bits + 1 == 0x7C00 ? 65536 : Float(Float16(bitPattern: bits + 1))
        let tie = (Float(Float16(bitPattern: bits)) + next) / 2
        for value in [tie, tie.nextUp, tie.nextDown, -tie, -tie.nextUp, -tie.nextDown] {
          if Half.rounded(value) != Float16(value).bitPattern { wrong += 1 }
        }
      }
      #expect(wrong == 0)
    }

    @Test("A million random numbers round as Float16 does", arguments: [false, true])
    func random(inRange: Bool) {
      var generator = SeededGenerator(seed: 2)
      var wrong = 0
      for _ in 0..<1_000_000 {
        var pattern = UInt32(truncatingIfNeeded: generator.next())
        // Exponents from 2^-27 to 2^17, where the result is neither zero nor infinity for the most part.
        if inRange { pattern = pattern & 0x807F_FFFF | UInt32(100 + generator.below(45)) << 23 }
        let value = Float(bitPattern: pattern)
        let found = Half.rounded(value)
        if value.isNaN ? !Float16(bitPattern: found).isNaN : found != Float16(value).bitPattern { wrong += 1 }
      }
      #expect(wrong == 0)
    }

    @Test("Zeros keep their sign, numbers too large become infinity, no NaN becomes a number")
    func specials() {
      #expect(Half.rounded(0) == 0)
      #expect(Half.rounded(-0.0) == 0x8000)
      #expect(Half.rounded(65519.996) == 0x7BFF)
      #expect(Half.rounded(65520) == 0x7C00)
      #expect(Half.rounded(-65520) == 0xFC00)
      #expect(Half.rounded(.greatestFiniteMagnitude) == 0x7C00)
      #expect(Half.rounded(-.infinity) == 0xFC00)
      #expect(Half.rounded(0x1p-25) == 0)
      #expect(Half.rounded((0x1p-25 as Float).nextUp) == 1)
      #expect(Half.rounded(.leastNonzeroMagnitude) == 0)
      for pattern: UInt32 in [0x7F80_0001, 0xFF80_0001, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x7F80_1000] {
        #expect(Half.widened(Half.rounded(Float(bitPattern: pattern))).isNaN)
      }
    }
  }
#endif
