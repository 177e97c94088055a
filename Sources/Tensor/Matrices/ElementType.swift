/// How a checkpoint stores a weight.
///
/// All three widen to Float exactly.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 binary32.
  case float32 = "F32"
  /// IEEE 754 binary16.
  case float16 = "F16"
  /// The upper half of a binary32 (bfloat16).
  case bfloat16 = "BF16"

  /// Bytes an element takes.
  public var byteCount: Int { self == .float32 ? 4 : 2 }
}

/// bfloat16 as its 16 bits.
package enum BFloat16 {
  @inline(__always)
  package static func widened(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// Rounds to nearest, ties to even; a NaN stays a NaN.
  @inline(__always)
  package static func rounded(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x0040 }
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}

/// IEEE 754 binary16 as its 16 bits.
///
/// By integer arithmetic: Swift's own Float16 does not exist on every platform and is a call per element where the processor
/// has no conversion instruction.
package enum Half {
  /// The same number as a Float; exact.
  ///
  /// The exponent and fraction, moved to binary32's place, make a number 2^112 times too small (subnormals included), which one
  /// exact product repairs. Infinity and NaN keep their exponent of ones.
  @inline(__always)
  package static func widened(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special = magnitude | 0x7F80_0000
    let sign = UInt32(bits & 0x8000) << 16
    return Float(bitPattern: sign | (bits & 0x7C00 == 0x7C00 ? special : scaled))
  }

  /// Rounds to nearest, ties to even; too large becomes infinity, a NaN stays a NaN.
  package static func rounded(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 | UInt16(truncatingIfNeeded: magnitude >> 13) & 0x03FF }
    // From 65520, half way between the largest finite number and the next, everything rounds to infinity.
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude >= 0x3880_0000 {
      let rebased = magnitude &- 0x3800_0000
      return sign | UInt16(truncatingIfNeeded: (rebased &+ 0x0FFF &+ (rebased >> 13 & 1)) >> 13)
    }
    // A subnormal is a multiple of 2^-24; adding 0.5 leaves exactly those bits, rounded by the hardware.
    let shifted = Float(bitPattern: magnitude) + 0.5
    return sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- (0.5 as Float).bitPattern)
  }
}
