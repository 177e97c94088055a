/// An element type that a kernel widens as it loads.
@usableFromInline
package protocol StoredElement {
  static var byteCount: Int { get }
  static func vector<V: FloatLanes>(at source: UnsafeRawPointer, as type: V.Type) -> V
  /// One element, by the same arithmetic as a vector of them; nothing behind it is read.
  static func scalar(at source: UnsafeRawPointer) -> Float
  /// A vector of those that a bitmap keeps.
  static func vector<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer, by expansion: E.Type
  ) -> E.Vector
  /// Two vectors of those that a bitmap keeps, of which each is multiplied by one vector, where `isForOne` is set, or by several.
  static func pair<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, isForOne: Bool, table: UnsafeRawPointer, by expansion: E.Type
  ) -> VectorPair<E.Vector> where E.Vector: FloatLanes
}

@frozen @usableFromInline
package enum StoredFloat32: StoredElement {
  @inlinable @inline(__always)
  package static var byteCount: Int { 4 }
  @inlinable @inline(__always)
  package static func vector<V: FloatLanes>(at source: UnsafeRawPointer, as type: V.Type) -> V {
    source.loadUnaligned(as: V.self)
  }
  @inlinable @inline(__always)
  package static func scalar(at source: UnsafeRawPointer) -> Float {
    source.loadUnaligned(as: Float.self)
  }
  @inlinable @inline(__always)
  package static func vector<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer, by expansion: E.Type
  ) -> E.Vector {
    E.float32(at: source, bits: bits, table: table)
  }
  @inlinable @inline(__always)
  package static func pair<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, isForOne: Bool, table: UnsafeRawPointer, by expansion: E.Type
  ) -> VectorPair<E.Vector> where E.Vector: FloatLanes {
    consecutivePair(at: source, bits: bits, table: table, by: expansion)
  }
}

@frozen @usableFromInline
package enum StoredFloat16: StoredElement {
  @inlinable @inline(__always)
  package static var byteCount: Int { 2 }
  @inlinable @inline(__always)
  package static func vector<V: FloatLanes>(at source: UnsafeRawPointer, as type: V.Type) -> V {
    V.float16(at: source)
  }
  @inlinable @inline(__always)
  package static func scalar(at source: UnsafeRawPointer) -> Float {
    // The other lanes repeat the element.
    var four = SIMD4<UInt16>(repeating: source.loadUnaligned(as: UInt16.self))
    return withUnsafeBytes(of: &four) { vector(at: $0.baseAddress.unsafelyUnwrapped, as: SIMD4<Float>.self).x }
  }
  @inlinable @inline(__always)
  package static func vector<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer, by expansion: E.Type
  ) -> E.Vector {
    E.float16(at: source, bits: bits, table: table)
  }
  @inlinable @inline(__always)
  package static func pair<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, isForOne: Bool, table: UnsafeRawPointer, by expansion: E.Type
  ) -> VectorPair<E.Vector> where E.Vector: FloatLanes {
    // Beside the multiply-adds of several, two short expansions were faster.
    isForOne
      ? E.float16Pair(at: source, bits: bits, table: table)
      : consecutivePair(at: source, bits: bits, table: table, by: expansion)
  }
}

@frozen @usableFromInline
package enum StoredBFloat16: StoredElement {
  @inlinable @inline(__always)
  package static var byteCount: Int { 2 }
  @inlinable @inline(__always)
  package static func vector<V: FloatLanes>(at source: UnsafeRawPointer, as type: V.Type) -> V {
    V.bfloat16(at: source)
  }
  @inlinable @inline(__always)
  package static func scalar(at source: UnsafeRawPointer) -> Float {
    Float(bitPattern: UInt32(source.loadUnaligned(as: UInt16.self)) &<< 16)
  }
  @inlinable @inline(__always)
  package static func vector<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer, by expansion: E.Type
  ) -> E.Vector {
    E.bfloat16(at: source, bits: bits, table: table)
  }
  @inlinable @inline(__always)
  package static func pair<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, isForOne: Bool, table: UnsafeRawPointer, by expansion: E.Type
  ) -> VectorPair<E.Vector> where E.Vector: FloatLanes {
    E.bfloat16Pair(at: source, bits: bits, table: table)
  }
}

extension StoredElement {
  /// The first and the last of two vectors of those that a bitmap keeps, one expansion behind the other.
  @inlinable @inline(__always)
  package static func consecutivePair<E: BitmapExpansion>(
    at source: UnsafeRawPointer, bits: Int, table: UnsafeRawPointer, by expansion: E.Type
  ) -> VectorPair<E.Vector> where E.Vector: FloatLanes {
    let first = bits & (1 &<< E.Vector.scalarCount &- 1)
    let upper = source + byteCount &* first.nonzeroBitCount
    return VectorPair(
      vector(at: source, bits: first, table: table, by: expansion),
      vector(at: upper, bits: bits &>> E.Vector.scalarCount, table: table, by: expansion))
  }
}
