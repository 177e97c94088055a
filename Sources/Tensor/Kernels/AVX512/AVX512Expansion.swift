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

    @inline(__always)
    package static var listsColumns: Bool { true }

    /// By `vpcompressd`, sixteen numbers a step.
    @inline(__always)
    package static func listColumns(_ word: UInt64, from first: Int, to list: UnsafeMutableRawPointer) {
      var (rest, list) = (word, list)
      var numbers = SIMD16<UInt32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
      numbers &+= SIMD16(repeating: UInt32(truncatingIfNeeded: first))
      for _ in 0..<4 {
        let bits = UInt16(truncatingIfNeeded: rest)
        let listed = Builtin.int_x86_avx512_mask_compress_Vec16xInt32(
          numbers._storage._value, SIMD16<UInt32>(repeating: 0)._storage._value,
          Builtin.bitcast_Int16_Vec16xInt1(bits._value))
        let bytes = Builtin.trunc_Vec16xInt32_Vec16xInt8(listed)
        list.storeBytes(of: unsafeBitCast(bytes, to: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
        list += bits.nonzeroBitCount
        numbers &+= SIMD16(repeating: 16)
        rest &>>= 16
      }
    }
  }
#elseif arch(x86_64)
  package typealias AVX512Expansion = LaneByLane<SIMD16<Float>, AVX512>
#endif
