import KernelTemplate

#if SVNUP_VECTOR_INSTRUCTIONS && arch(x86_64)
  import Builtin

  /// By one instruction, `vexpandps`, sixteen lanes a step.
  package enum AVX512Expansion: FloatExpansion {
    package typealias Vector = SIMD16<Float>

    @inline(__always)
    package static func expanded(_ elements: SIMD16<Float>, _ bits: Int) -> SIMD16<Float> {
      let mask = Builtin.bitcast_Int16_Vec16xInt1(UInt16(truncatingIfNeeded: bits)._value)
      let vector = Builtin.int_x86_avx512_mask_expand_Vec16xFPIEEE32(
        elements._storage._value, SIMD16<Float>.zero._storage._value, mask)
      return unsafeBitCast(vector, to: SIMD16<Float>.self)
    }
  }
#elseif arch(x86_64)
  package typealias AVX512Expansion = LaneByLane<SIMD16<Float>, AVX512>
#endif
