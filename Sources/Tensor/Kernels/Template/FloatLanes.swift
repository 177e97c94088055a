#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// A vector of floats with the few operations that must be written for each width.
///
/// Arithmetic on `SIMD` compiles to vector instructions in generic code; comparisons, selections and conversions do so only where the
/// width is known, so they stand here, once a width. The standard library's conversions of vectors are generic functions of their own,
/// which a thin target must not need; where there is an instruction for it, on arm64 and on whatever works with vectors of 8 and 16 lanes,
/// they are widened by the compiler's own names for that instruction.
@usableFromInline
package protocol FloatLanes: SIMD, BitwiseCopyable where Scalar == Float {
  /// As many 32-bit patterns.
  associatedtype Words: SIMD, BitwiseCopyable where Words.Scalar == UInt32

  /// `self`, with the lanes of `other` where `lane` is below `bound`, which NaN never is.
  func replaced(by other: Self, where lane: Self, isBelow bound: Self) -> Self
  /// `self`, with NaN where `other` is NaN.
  func keepingNaN(of other: Self) -> Self
  /// The sum of all lanes, halves first: a fixed order.
  var total: Float { get }
  /// The largest of all lanes.
  var largest: Float { get }
  /// Widens as many bfloat16.
  static func bfloat16(at source: UnsafeRawPointer) -> Self
  /// Widens as many binary16.
  static func float16(at source: UnsafeRawPointer) -> Self
}

extension FloatLanes {
  /// Lane by lane the larger; where either is NaN, the lane of `self`.
  @inlinable @inline(__always)
  package func larger(_ other: Self) -> Self { replaced(by: other, where: self, isBelow: other) }

  /// Lane by lane the smaller; where either is NaN, the lane of `self`.
  @inlinable @inline(__always)
  package func smaller(_ other: Self) -> Self { replaced(by: other, where: other, isBelow: self) }

  /// `self`, with zero where `other` is below `bound`.
  @inlinable @inline(__always)
  package func zeroed(where other: Self, isBelow bound: Self) -> Self {
    replaced(by: .zero, where: other, isBelow: bound)
  }
}

extension SIMD4: FloatLanes where Scalar == Float {
  @usableFromInline package typealias Words = SIMD4<UInt32>

  @inlinable @inline(__always)
  package func replaced(by other: Self, where lane: Self, isBelow bound: Self) -> Self {
    replacing(with: other, where: lane .< bound)
  }

  @inlinable @inline(__always)
  package func keepingNaN(of other: Self) -> Self { replacing(with: other, where: other .!= other) }

  @inlinable @inline(__always)
  package var total: Float { (x + z) + (y + w) }

  @inlinable @inline(__always)
  package var largest: Float {
    let two = lowHalf.replacing(with: highHalf, where: highHalf .> lowHalf)
    return two.y > two.x ? two.y : two.x
  }

  @inlinable @inline(__always)
  package static func bfloat16(at source: UnsafeRawPointer) -> Self {
    #if hasFeature(BuiltinModule) && arch(arm64)
      let bits = source.loadUnaligned(as: SIMD4<UInt16>.self)._storage._value
      let words = unsafeBitCast(Builtin.zext_Vec4xInt16_Vec4xInt32(bits), to: Words.self)
      return unsafeBitCast(words &<< 16, to: Self.self)
    #else
      // Two are read as one 32-bit pattern.
      let pairs = source.loadUnaligned(as: SIMD2<UInt32>.self)
      var bits = Words()
      bits.evenHalf = pairs &<< 16
      bits.oddHalf = pairs & 0xFFFF_0000
      return unsafeBitCast(bits, to: Self.self)
    #endif
  }

  @inlinable @inline(__always)
  package static func float16(at source: UnsafeRawPointer) -> Self {
    #if hasFeature(BuiltinModule) && arch(arm64)
      let bits = source.loadUnaligned(as: SIMD4<UInt16>.self)._storage._value
      let halves = Builtin.bitcast_Vec4xInt16_Vec4xFPIEEE16(bits)
      return unsafeBitCast(Builtin.fpext_Vec4xFPIEEE16_Vec4xFPIEEE32(halves), to: Self.self)
    #else
      let pairs = source.loadUnaligned(as: SIMD2<UInt32>.self)
      var bits = Words()
      bits.evenHalf = pairs & 0xFFFF
      bits.oddHalf = pairs &>> 16
      let magnitude = (bits & 0x7FFF) &<< 13
      let scaled = unsafeBitCast(unsafeBitCast(magnitude, to: Self.self) * 0x1p112, to: Words.self)
      let number = scaled.replacing(with: magnitude | 0x7F80_0000, where: magnitude .> Words(repeating: 0x0F7F_FFFF))
      return unsafeBitCast(number | (bits & 0x8000) &<< 16, to: Self.self)
    #endif
  }
}

extension SIMD8: FloatLanes where Scalar == Float {
  @usableFromInline package typealias Words = SIMD8<UInt32>

  @inlinable @inline(__always)
  package func replaced(by other: Self, where lane: Self, isBelow bound: Self) -> Self {
    replacing(with: other, where: lane .< bound)
  }

  @inlinable @inline(__always)
  package func keepingNaN(of other: Self) -> Self { replacing(with: other, where: other .!= other) }

  @inlinable @inline(__always)
  package var total: Float { (lowHalf + highHalf).total }

  @inlinable @inline(__always)
  package var largest: Float { lowHalf.larger(highHalf).largest }

  @inlinable @inline(__always)
  package static func bfloat16(at source: UnsafeRawPointer) -> Self {
    #if hasFeature(BuiltinModule)
      let bits = source.loadUnaligned(as: SIMD8<UInt16>.self)._storage._value
      let words = unsafeBitCast(Builtin.zext_Vec8xInt16_Vec8xInt32(bits), to: Words.self)
      return unsafeBitCast(words &<< 16, to: Self.self)
    #else
      return Self(lowHalf: .bfloat16(at: source), highHalf: .bfloat16(at: source + 8))
    #endif
  }

  @inlinable @inline(__always)
  package static func float16(at source: UnsafeRawPointer) -> Self {
    #if hasFeature(BuiltinModule)
      let bits = source.loadUnaligned(as: SIMD8<UInt16>.self)._storage._value
      let halves = Builtin.bitcast_Vec8xInt16_Vec8xFPIEEE16(bits)
      return unsafeBitCast(Builtin.fpext_Vec8xFPIEEE16_Vec8xFPIEEE32(halves), to: Self.self)
    #else
      return Self(lowHalf: .float16(at: source), highHalf: .float16(at: source + 8))
    #endif
  }
}

extension SIMD16: FloatLanes where Scalar == Float {
  @usableFromInline package typealias Words = SIMD16<UInt32>

  @inlinable @inline(__always)
  package func replaced(by other: Self, where lane: Self, isBelow bound: Self) -> Self {
    replacing(with: other, where: lane .< bound)
  }

  @inlinable @inline(__always)
  package func keepingNaN(of other: Self) -> Self { replacing(with: other, where: other .!= other) }

  @inlinable @inline(__always)
  package var total: Float { (lowHalf + highHalf).total }

  @inlinable @inline(__always)
  package var largest: Float { lowHalf.larger(highHalf).largest }

  @inlinable @inline(__always)
  package static func bfloat16(at source: UnsafeRawPointer) -> Self {
    #if hasFeature(BuiltinModule)
      let bits = source.loadUnaligned(as: SIMD16<UInt16>.self)._storage._value
      let words = unsafeBitCast(Builtin.zext_Vec16xInt16_Vec16xInt32(bits), to: Words.self)
      return unsafeBitCast(words &<< 16, to: Self.self)
    #else
      return Self(lowHalf: .bfloat16(at: source), highHalf: .bfloat16(at: source + 16))
    #endif
  }

  @inlinable @inline(__always)
  package static func float16(at source: UnsafeRawPointer) -> Self {
    #if hasFeature(BuiltinModule)
      let bits = source.loadUnaligned(as: SIMD16<UInt16>.self)._storage._value
      let halves = Builtin.bitcast_Vec16xInt16_Vec16xFPIEEE16(bits)
      return unsafeBitCast(Builtin.fpext_Vec16xFPIEEE16_Vec16xFPIEEE32(halves), to: Self.self)
    #else
      return Self(lowHalf: .float16(at: source), highHalf: .float16(at: source + 16))
    #endif
  }
}
