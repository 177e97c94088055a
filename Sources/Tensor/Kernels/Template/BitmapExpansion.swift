/// How a vector is made from those of its elements that a bitmap keeps: the one step of a sparse product that each instruction set
/// does in its own way.
@usableFromInline
package protocol BitmapExpansion {
  /// As many lanes as a step has columns.
  associatedtype Vector

  /// Whether the processor does it in an instruction or two, and not lane by lane.
  static var isOneInstruction: Bool { get }
  /// Bytes of the table that is read, if any.
  static var tableByteCount: Int { get }
  /// Fills the table.
  static func fill(_ table: UnsafeMutableRawPointer)

  /// The stored elements from `values` on, in turn, in the lanes of which `bits` has the bit set, and zeros in the others.
  ///
  /// Once a type and not generic over it, so that no code for generic types is emitted into a thin target.
  ///
  /// - `values`: readable for a vector of floats, however few elements are kept.
  /// - `bits`: no bit beyond the lanes is set.
  static func float32(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector
  static func float16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector
  static func bfloat16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector

  /// Whether a pair of this type is the even and the odd lanes of twice as many, and not the first and the last.
  static func separatesOddLanes(_ type: StoredType) -> Bool

  /// Two vectors of them, of twice as many bits.
  static func float16Pair(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> VectorPair<Vector>
  static func bfloat16Pair(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> VectorPair<Vector>

  /// Whether the processor lists the columns of a word in an instruction or a few. Elsewhere nothing is listed.
  static var listsColumns: Bool { get }

  /// Writes the numbers of the bits of a word that are set, each plus `first`, in turn, a byte each.
  ///
  /// - `first`: at most 192, so that every number fits in a byte.
  /// - `list`: 64 bytes, of which those behind the numbers may be overwritten, too.
  static func listColumns(_ word: UInt64, from first: Int, to list: UnsafeMutableRawPointer)
}

/// Two vectors.
@frozen @usableFromInline
package struct VectorPair<Vector> {
  @usableFromInline package let first: Vector
  @usableFromInline package let second: Vector

  @inlinable @inline(__always)
  package init(_ first: Vector, _ second: Vector) {
    self.first = first
    self.second = second
  }
}

extension BitmapExpansion where Vector: FloatLanes {
  @inlinable @inline(__always)
  package static func separatesOddLanes(_ type: StoredType) -> Bool { false }

  @inlinable @inline(__always)
  package static func float16Pair(
    at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer
  ) -> VectorPair<Vector> {
    StoredFloat16.consecutivePair(at: values, bits: bits, table: table, by: Self.self)
  }

  @inlinable @inline(__always)
  package static func bfloat16Pair(
    at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer
  ) -> VectorPair<Vector> {
    StoredBFloat16.consecutivePair(at: values, bits: bits, table: table, by: Self.self)
  }

  @inlinable @inline(__always)
  package static var listsColumns: Bool { false }

  @inlinable @inline(__always)
  package static func listColumns(_ word: UInt64, from first: Int, to list: UnsafeMutableRawPointer) {
    var (word, list) = (word, list)
    while word != 0 {
      list.storeBytes(of: UInt8(truncatingIfNeeded: first &+ word.trailingZeroBitCount), as: UInt8.self)
      list += 1
      word &= word &- 1
    }
  }
}

/// Expansions that move floats after widening.
@usableFromInline
package protocol FloatExpansion: BitmapExpansion {
  /// The first lanes of `elements`, in turn, in the lanes of which `bits` has the bit set, and zeros in the others.
  static func expanded(_ elements: Vector, _ bits: Int) -> Vector
}

extension FloatExpansion where Vector: FloatLanes {
  @inlinable @inline(__always)
  package static var isOneInstruction: Bool { true }

  @inlinable @inline(__always)
  package static var tableByteCount: Int { 0 }

  @inlinable @inline(__always)
  package static func fill(_ table: UnsafeMutableRawPointer) {}

  @inlinable @inline(__always)
  package static func float32(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    expanded(values.loadUnaligned(as: Vector.self), bits)
  }

  @inlinable @inline(__always)
  package static func float16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    expanded(.float16(at: values), bits)
  }

  @inlinable @inline(__always)
  package static func bfloat16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    expanded(.bfloat16(at: values), bits)
  }
}

/// Lane by lane: for processors whose instructions for it the compiler may not use.
///
/// `Owner` is the kernel that uses it. Its name is then in that of every function that is made for the kernel and not inlined, so that no
/// other kernel, on a processor with fewer instructions, calls it.
@usableFromInline
package enum LaneByLane<Vector: FloatLanes, Owner>: BitmapExpansion {
  @inlinable @inline(__always)
  package static var isOneInstruction: Bool { false }

  @inlinable @inline(__always)
  package static var tableByteCount: Int { 0 }

  @inlinable @inline(__always)
  package static func fill(_ table: UnsafeMutableRawPointer) {}

  @inlinable @inline(__always)
  package static func float32(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    vector(StoredFloat32.self, values, bits)
  }

  @inlinable @inline(__always)
  package static func float16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    vector(StoredFloat16.self, values, bits)
  }

  @inlinable @inline(__always)
  package static func bfloat16(at values: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer) -> Vector {
    vector(StoredBFloat16.self, values, bits)
  }

  @inlinable @inline(__always)
  static func vector<Element: StoredElement>(_: Element.Type, _ values: UnsafeRawPointer, _ bits: Int) -> Vector {
    var result = Vector.zero
    var source = values
    for lane in 0..<Vector.scalarCount where bits &>> lane & 1 != 0 {
      result[lane] = Element.scalar(at: source)
      source += Element.byteCount
    }
    return result
  }
}

/// The bytes of a table for instructions that pick bytes by number and make zero of a number from 128 on.
@usableFromInline
package enum PickTable {
  /// For each number of `lanes` bits an entry of `lanes` · `width` bytes: in a lane whose bit is the r-th set one, the last bytes are those
  /// of element r of `stored` bytes, and whatever is in front of them is zero; in the other lanes all are.
  @inlinable @inline(__always)
  package static func fill(_ table: UnsafeMutableRawPointer, lanes: Int, width: Int, stored: Int) {
    for bits in 0..<(1 &<< lanes) {
      var rank = 0
      for lane in 0..<lanes {
        let isKept = bits &>> lane & 1 != 0
        for byte in 0..<width {
          let source = isKept && byte >= width &- stored ? UInt8(rank &* stored &+ byte &- (width &- stored)) : 0x80
          table.storeBytes(of: source, toByteOffset: (bits &* lanes &+ lane) &* width &+ byte, as: UInt8.self)
        }
        if isKept { rank &+= 1 }
      }
    }
  }
}
