import KernelTemplate

#if SVNUP_VECTOR_INSTRUCTIONS && arch(x86_64)
  import Builtin

  /// By picking bytes, `vpshufb`, and floats, `vpermps`: eight lanes a step.
  ///
  /// The table has three parts of 256 entries: of 32 bytes, which move two bytes into the upper half of a lane, where a bfloat16 is a
  /// float already; of 16, which move them into halves; and of 32, the numbers of floats, with the top bit set in lanes that are zero.
  package enum AVX2Expansion: BitmapExpansion {
    private static var halves: Int { 256 * 32 }
    private static var numbers: Int { halves + 256 * 16 }

    package static var isOneInstruction: Bool { true }

    package static var tableByteCount: Int { numbers + 256 * 32 }

    package static func fill(_ table: UnsafeMutableRawPointer) {
      PickTable.fill(table, lanes: 8, width: 4, stored: 2)
      PickTable.fill(table + halves, lanes: 8, width: 2, stored: 2)
      for bits in 0..<256 {
        var rank: Int32 = 0
        for lane in 0..<8 {
          let isKept = bits &>> lane & 1 != 0
          table.storeBytes(of: isKept ? rank : Int32.min, toByteOffset: numbers + 32 * bits + 4 * lane, as: Int32.self)
          if isKept { rank += 1 }
        }
      }
    }

    @inline(__always)
    package static func float32(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> SIMD8<Float> {
      let control = (table + numbers + bits &* 32).load(as: SIMD8<Int32>.self)
      let elements = values.loadUnaligned(as: SIMD8<Float>.self)
      let picked = Builtin.int_x86_avx2_permps(elements._storage._value, control._storage._value)
      return unsafeBitCast(picked, to: SIMD8<Float>.self).replacing(
        with: SIMD8<Float>(repeating: 0), where: control .< SIMD8<Int32>.zero)
    }

    @inline(__always)
    package static func float16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> SIMD8<Float> {
      let elements = values.loadUnaligned(as: SIMD16<UInt8>.self)
      let control = (table + halves + bits &* 16).load(as: SIMD16<UInt8>.self)
      let picked = Builtin.int_x86_ssse3_pshuf_b_128(elements._storage._value, control._storage._value)
      let words = unsafeBitCast(picked, to: SIMD8<UInt16>.self)
      let halves = Builtin.bitcast_Vec8xInt16_Vec8xFPIEEE16(words._storage._value)
      return unsafeBitCast(Builtin.fpext_Vec8xFPIEEE16_Vec8xFPIEEE32(halves), to: SIMD8<Float>.self)
    }

    @inline(__always)
    package static func bfloat16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> SIMD8<Float> {
      // The instruction picks within each half of a vector, so both hold all elements.
      let pairs = values.loadUnaligned(as: SIMD2<UInt64>.self)
      let elements = unsafeBitCast(SIMD4<UInt64>(lowHalf: pairs, highHalf: pairs), to: SIMD32<UInt8>.self)
      let control = (table + bits &* 32).load(as: SIMD32<UInt8>.self)
      let picked = Builtin.int_x86_avx2_pshuf_b(elements._storage._value, control._storage._value)
      return unsafeBitCast(picked, to: SIMD8<Float>.self)
    }
  }
#elseif arch(x86_64)
  package typealias AVX2Expansion = LaneByLane<SIMD8<Float>, AVX2>
#endif
