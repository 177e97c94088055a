/// How `c += a * b` is done.
///
/// Swift never contracts a product and a sum by itself, so the choice is spelled out.
@usableFromInline
package protocol MultiplyAdd {
  static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float
}

/// One instruction and one rounding.
///
/// Only for builds whose target has FMA: elsewhere it is a call per lane.
@frozen @usableFromInline
package enum FusedMultiplyAdd: MultiplyAdd {
  @inlinable @inline(__always)
  package static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float {
    c.addProduct(a, b)
  }
}

/// Two instructions and two roundings: what every processor has.
@frozen @usableFromInline
package enum SeparateMultiplyAdd: MultiplyAdd {
  @inlinable @inline(__always)
  package static func accumulate<V: SIMD>(_ c: inout V, _ a: V, _ b: V) where V.Scalar == Float {
    c += a * b
  }
}

/// Some rows of a matrix product in registers, two vectors wide.
///
/// A tile is a row, or two tiles one above the other: a type such as `Stack<Four, Two>` spells a height out, and the compiler
/// turns it into as many accumulators and no loop.
@usableFromInline
package protocol AccumulatorTile {
  associatedtype Vector: FloatLanes
  associatedtype Arithmetic: MultiplyAdd

  /// Rows of the tile.
  static var rows: Int { get }

  /// A tile of zeros.
  init()

  /// Adds the outer product of a column of A, `rows` floats side by side, and a row of B, two vectors.
  mutating func add(_ a: UnsafePointer<Float>, _ left: Vector, _ right: Vector)

  /// Adds what is in memory, `stride` bytes from row to row.
  mutating func add(contentsOf c: UnsafeRawPointer, stride: Int)

  /// Writes the tile to memory, `stride` bytes from row to row.
  func store(to c: UnsafeMutableRawPointer, stride: Int)
}

/// One row.
@frozen @usableFromInline
package struct Row<Vector: FloatLanes, Arithmetic: MultiplyAdd>: AccumulatorTile {
  @usableFromInline var left = Vector.zero
  @usableFromInline var right = Vector.zero

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { 1 }

  @inlinable @inline(__always)
  package mutating func add(_ a: UnsafePointer<Float>, _ left: Vector, _ right: Vector) {
    let x = Vector(repeating: a.pointee)
    Arithmetic.accumulate(&self.left, x, left)
    Arithmetic.accumulate(&self.right, x, right)
  }

  @inlinable @inline(__always)
  package mutating func add(contentsOf c: UnsafeRawPointer, stride: Int) {
    left += c.loadUnaligned(as: Vector.self)
    right += c.loadUnaligned(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
  }

  @inlinable @inline(__always)
  package func store(to c: UnsafeMutableRawPointer, stride: Int) {
    c.storeBytes(of: left, as: Vector.self)
    c.storeBytes(of: right, toByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
  }
}

/// Two tiles one above the other.
@frozen @usableFromInline
package struct Stack<Top: AccumulatorTile, Bottom: AccumulatorTile>: AccumulatorTile
where Top.Vector == Bottom.Vector, Top.Arithmetic == Bottom.Arithmetic {
  @usableFromInline package typealias Vector = Top.Vector
  @usableFromInline package typealias Arithmetic = Top.Arithmetic

  @usableFromInline var top = Top()
  @usableFromInline var bottom = Bottom()

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { Top.rows + Bottom.rows }

  @inlinable @inline(__always)
  package mutating func add(_ a: UnsafePointer<Float>, _ left: Vector, _ right: Vector) {
    top.add(a, left, right)
    bottom.add(a + Top.rows, left, right)
  }

  @inlinable @inline(__always)
  package mutating func add(contentsOf c: UnsafeRawPointer, stride: Int) {
    top.add(contentsOf: c, stride: stride)
    bottom.add(contentsOf: c + Top.rows * stride, stride: stride)
  }

  @inlinable @inline(__always)
  package func store(to c: UnsafeMutableRawPointer, stride: Int) {
    top.store(to: c, stride: stride)
    bottom.store(to: c + Top.rows * stride, stride: stride)
  }
}

/// Two rows.
@usableFromInline
package typealias TwoRows<V: FloatLanes, M: MultiplyAdd> = Stack<Row<V, M>, Row<V, M>>
/// Four rows.
@usableFromInline
package typealias FourRows<V: FloatLanes, M: MultiplyAdd> = Stack<TwoRows<V, M>, TwoRows<V, M>>
/// Eight rows.
@usableFromInline
package typealias EightRows<V: FloatLanes, M: MultiplyAdd> = Stack<FourRows<V, M>, FourRows<V, M>>
