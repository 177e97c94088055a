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

/// The products of some rows of x with four rows of a weight, in registers; composed as `AccumulatorTile` is.
@usableFromInline
package protocol DotTile {
  associatedtype Vector: FloatLanes
  associatedtype Arithmetic: MultiplyAdd

  /// Rows of x.
  static var rows: Int { get }

  /// A tile of zeros.
  init()

  /// Adds the products of one vector of each row of x, `stride` floats apart, with those of the weight.
  mutating func add(_ x: UnsafePointer<Float>, stride: Int, _ w: FourVectors<Vector>)

  /// Writes the sums of the first `outputs` of the four, or adds them where `accumulate` is set.
  func store(to y: UnsafeMutablePointer<Float>, stride: Int, outputs: Int, accumulate: Bool)
}

/// One row of x.
@frozen @usableFromInline
package struct DotRow<Vector: FloatLanes, Arithmetic: MultiplyAdd>: DotTile {
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

  @inlinable @inline(__always)
  package func store(to y: UnsafeMutablePointer<Float>, stride: Int, outputs: Int, accumulate: Bool) {
    y[0] = (accumulate ? y[0] : 0) + a.total
    if outputs > 1 { y[1] = (accumulate ? y[1] : 0) + b.total }
    if outputs > 2 { y[2] = (accumulate ? y[2] : 0) + c.total }
    if outputs > 3 { y[3] = (accumulate ? y[3] : 0) + d.total }
  }
}

/// The rows of one tile and then those of another.
@frozen @usableFromInline
package struct DotStack<Top: DotTile, Bottom: DotTile>: DotTile
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
  package mutating func add(_ x: UnsafePointer<Float>, stride: Int, _ w: FourVectors<Vector>) {
    top.add(x, stride: stride, w)
    bottom.add(x + Top.rows &* stride, stride: stride, w)
  }

  @inlinable @inline(__always)
  package func store(to y: UnsafeMutablePointer<Float>, stride: Int, outputs: Int, accumulate: Bool) {
    top.store(to: y, stride: stride, outputs: outputs, accumulate: accumulate)
    bottom.store(to: y + Top.rows &* stride, stride: stride, outputs: outputs, accumulate: accumulate)
  }
}
