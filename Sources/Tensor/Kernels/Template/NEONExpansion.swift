// Older compilers do not lend the instruction.
#if hasFeature(BuiltinModule) && arch(arm64) && compiler(>=6.3)
  import Builtin

  /// By picking bytes, `tbl`, four lanes a step.
  ///
  /// The table has a part for each way in which a lane takes its bytes, of 16 entries each: all four of 16 bytes, the upper two of 16,
  /// and halves, of 8 bytes.
  @usableFromInline
  package enum NEONExpansion: BitmapExpansion {
    @inlinable @inline(__always)
    package static var isOneInstruction: Bool { true }

    @inlinable @inline(__always)
    package static var tableByteCount: Int { 2 * 16 * 16 + 16 * 8 + 8 }

    @inlinable @inline(__always)
    package static func fill(_ table: UnsafeMutableRawPointer) {
      PickTable.fill(table, lanes: 4, width: 4, stored: 4)
      PickTable.fill(table + 256, lanes: 4, width: 4, stored: 2)
      PickTable.fill(table + 512, lanes: 4, width: 2, stored: 2)
    }

    @inlinable @inline(__always)
    package static func float32(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> SIMD4<Float> {
      unsafeBitCast(pick(values, table + bits &* 16), to: SIMD4<Float>.self)
    }

    @inlinable @inline(__always)
    package static func bfloat16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> SIMD4<Float> {
      unsafeBitCast(pick(values, table + (256 &+ bits &* 16)), to: SIMD4<Float>.self)
    }

    @inlinable @inline(__always)
    package static func float16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> SIMD4<Float> {
      // The entry behind this one makes the upper half, which is not used.
      let halves = unsafeBitCast(pick(values, table + (512 &+ bits &* 8)), to: SIMD8<UInt16>.self).lowHalf
      let numbers = Builtin.bitcast_Vec4xInt16_Vec4xFPIEEE16(halves._storage._value)
      return unsafeBitCast(Builtin.fpext_Vec4xFPIEEE16_Vec4xFPIEEE32(numbers), to: SIMD4<Float>.self)
    }

    @inlinable @inline(__always)
    static func pick(_ values: UnsafeRawPointer, _ control: UnsafeRawPointer) -> SIMD16<UInt8> {
      let elements = values.loadUnaligned(as: SIMD16<UInt8>.self)
      let bytes = control.loadUnaligned(as: SIMD16<UInt8>.self)
      let picked = Builtin.int_aarch64_neon_tbl1_Vec16xInt8(elements._storage._value, bytes._storage._value)
      return unsafeBitCast(picked, to: SIMD16<UInt8>.self)
    }
  }
#else
  package typealias NEONExpansion = LaneByLane<SIMD4<Float>, Never>
#endif
