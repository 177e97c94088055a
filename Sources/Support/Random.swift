/// xoshiro256++ seeded through SplitMix64 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators",
/// 2021).
///
/// The same seed gives the same numbers on every platform and in every version.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var mixer = seed
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  package mutating func next() -> UInt64 {
    func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    let result = rotate(state.0 &+ state.3, 23) &+ state.0
    let t = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= t
    state.3 = rotate(state.3, 45)
    return result
  }

  /// Uniform in [0, 1) with 53 random bits.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform in 0..<bound, without bias.
  ///
  /// The algorithm of `Int.random` may change with the standard library, and this one does not.
  ///
  /// - Precondition: `bound > 0`.
  package mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0, "an empty range has no element")
    let range = UInt64(bound)
    let rejected = (0 &- range) % range
    while true {
      let product = next().multipliedFullWidth(by: range)
      if product.low >= rejected { return Int(product.high) }
    }
  }
}
