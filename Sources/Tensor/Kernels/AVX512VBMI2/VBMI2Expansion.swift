import KernelTemplate

#if SVNUP_VECTOR_INSTRUCTIONS && arch(x86_64)
  import Builtin

  /// Floats by `vexpandps`, sixteen lanes a step; 16-bit types by `vpexpandw`, 32 lanes a step.
  ///
  /// Each instruction, and each move of a mask to its register, keeps one port of the processor busy for a cycle or two, so that half as
  /// many take half the time. The even and the odd ones of 32 bfloat16 are floats by a shift and a mask, which run on other ports;
  /// putting them in order would not. Float16 is widened by an instruction that takes half a vector, in order.
  package enum VBMI2Expansion: FloatExpansion {
    package typealias Vector = SIMD16<Float>

    @inline(__always)
    package static func expanded(_ elements: SIMD16<Float>, _ bits: Int) -> SIMD16<Float> {
      let mask = Builtin.bitcast_Int16_Vec16xInt1(UInt16(truncatingIfNeeded: bits)._value)
      let vector = Builtin.int_x86_avx512_mask_expand_Vec16xFPIEEE32(
        elements._storage._value, SIMD16<Float>.zero._storage._value, mask)
      return unsafeBitCast(vector, to: SIMD16<Float>.self)
    }

    @inline(__always)
    package static func separatesOddLanes(_ type: StoredType) -> Bool { type == .bfloat16 }

    @inline(__always)
    package static func bfloat16Pair(
      at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer
    ) -> VectorPair<SIMD16<Float>> {
      let words = unsafeBitCast(halves(at: values, bits), to: SIMD16<UInt32>.self)
      return VectorPair(
        unsafeBitCast(words &<< 16, to: SIMD16<Float>.self), unsafeBitCast(words & 0xFFFF_0000, to: SIMD16<Float>.self))
    }

    @inline(__always)
    package static func float16Pair(
      at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer
    ) -> VectorPair<SIMD16<Float>> {
      let halves = Builtin.bitcast_Vec32xInt16_Vec32xFPIEEE16(halves(at: values, bits)._storage._value)
      return unsafeBitCast(Builtin.fpext_Vec32xFPIEEE16_Vec32xFPIEEE32(halves), to: VectorPair<SIMD16<Float>>.self)
    }

    /// The next 16-bit elements, in the lanes of which `bits` has the bit set, and zeros in the others.
    @inline(__always)
    private static func halves(at values: UnsafeRawPointer, _ bits: Int) -> SIMD32<UInt16> {
      let mask = Builtin.bitcast_Int32_Vec32xInt1(UInt32(truncatingIfNeeded: bits)._value)
      let vector = Builtin.int_x86_avx512_mask_expand_Vec32xInt16(
        values.loadUnaligned(as: SIMD32<UInt16>.self)._storage._value,
        SIMD32<UInt16>(repeating: 0)._storage._value, mask)
      return unsafeBitCast(vector, to: SIMD32<UInt16>.self)
    }

    @inline(__always)
    package static var listsColumns: Bool { true }

    /// By `vpcompressb`, 64 numbers a step.
    @inline(__always)
    package static func listColumns(_ word: UInt64, from first: Int, to list: UnsafeMutableRawPointer) {
      // Eight numbers in each lane, of which none carries into the next.
      let start = UInt64(truncatingIfNeeded: first) &* 0x0101_0101_0101_0101 &+ 0x0706_0504_0302_0100
      let numbers =
        SIMD8<UInt64>(0, 1, 2, 3, 4, 5, 6, 7) &* 0x0808_0808_0808_0808 &+ SIMD8<UInt64>(repeating: start)
      let listed = Builtin.int_x86_avx512_mask_compress_Vec64xInt8(
        unsafeBitCast(numbers, to: SIMD64<UInt8>.self)._storage._value, SIMD64<UInt8>(repeating: 0)._storage._value,
        Builtin.bitcast_Int64_Vec64xInt1(word._value))
      list.storeBytes(of: unsafeBitCast(listed, to: SIMD64<UInt8>.self), as: SIMD64<UInt8>.self)
    }
  }
#elseif arch(x86_64)
  package typealias VBMI2Expansion = LaneByLane<SIMD16<Float>, AVX512VBMI2>
#endif
