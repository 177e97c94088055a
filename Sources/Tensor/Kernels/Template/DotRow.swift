/// A vector from each of four rows of a weight.
@frozen @usableFromInline
package struct FourVectors<Vector: FloatLanes> {
  @usableFromInline let a: Vector
  @usableFromInline let b: Vector
  @usableFromInline let c: Vector
  @usableFromInline let d: Vector

  @inlinable @inline(__always)
  init(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) {
    self.a = a
    self.b = b
    self.c = c
    self.d = d
  }
}

/// One row of x by four rows of a weight: of x, a vector is multiplied.
@frozen @usableFromInline
package struct DotRow<Vector: FloatLanes, Arithmetic: MultiplyAdd>: Tile {
  @usableFromInline var a = Vector.zero
  @usableFromInline var b = Vector.zero
  @usableFromInline var c = Vector.zero
  @usableFromInline var d = Vector.zero

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { 1 }

  @inlinable @inline(__always)
  package mutating func add(_ x: UnsafePointer<Float>, stride: Int, _ w: FourVectors<Vector>) {
    let x = UnsafeRawPointer(x).loadUnaligned(as: Vector.self)
    Arithmetic.accumulate(&a, x, w.a)
    Arithmetic.accumulate(&b, x, w.b)
    Arithmetic.accumulate(&c, x, w.c)
    Arithmetic.accumulate(&d, x, w.d)
  }

  /// The sums of the lanes, of as many of the four as Y has columns.
  @inlinable @inline(__always)
  package func store(to y: MutableRows, accumulate: Bool) {
    let (y, columns) = (y.first, y.columns)
    y[0] = (accumulate ? y[0] : 0) + a.total
    if columns > 1 { y[1] = (accumulate ? y[1] : 0) + b.total }
    if columns > 2 { y[2] = (accumulate ? y[2] : 0) + c.total }
    if columns > 3 { y[3] = (accumulate ? y[3] : 0) + d.total }
  }
}
