/// A vector from each of four rows of a weight, or of three.
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

/// Which of the tiles that read the same rows of a weight, one after the other, a tile is.
@frozen @usableFromInline
package struct TilePlace {
  @usableFromInline let index: Int
  @usableFromInline let count: Int

  @inlinable @inline(__always)
  init(_ index: Int, of count: Int) { (self.index, self.count) = (index, count) }

  /// How many of the rows of x that are left are this tile's, which are as many for each as far as possible.
  @inlinable @inline(__always)
  func rows(of rest: Int) -> Int {
    let tiles = count &- index
    return (rest &+ tiles &- 1) / tiles
  }
}

/// How many rows of a weight the dot products of a step have.
///
/// Of three, what would be the fourth is never read, and the compiler leaves it out.
@usableFromInline
package protocol DotWidth {
  static var rows: Int { get }
}

/// Four rows: a processor reads four places of memory at a time.
@frozen @usableFromInline
package enum FourWide: DotWidth {
  @inlinable @inline(__always)
  package static var rows: Int { 4 }
}

/// Three rows: by four of x their sums are twelve, which with three vectors of the weight and one of x are sixteen registers.
@frozen @usableFromInline
package enum ThreeWide: DotWidth {
  @inlinable @inline(__always)
  package static var rows: Int { 3 }
}

/// A product by some rows of a weight, `apart` from each other, of which a tile takes some rows of x.
@usableFromInline
package protocol DotProduct {
  associatedtype Vector: FloatLanes

  /// Writes the first rows of Y, as many as a tile has, or adds to them.
  ///
  /// - `y`: its columns from that of the first one of the weight's rows on.
  func multiply<T: DotTile>(_: T.Type, _ x: StridedView, to y: MutableRows, _ place: TilePlace)
  where T.Operand == FourVectors<Vector>
}

/// A tile whose sums of a row, four or three, belong to columns of Y that lie apart.
@usableFromInline
package protocol DotTile: Tile {
  associatedtype Width: DotWidth

  /// Writes the sums to column 0 of Y and to those `apart` from each other that it has, or adds them where `accumulate` is set.
  func store(to y: MutableRows, apart: Int, accumulate: Bool)
}

/// One row of x by four or three rows of a weight: of x, a vector is multiplied.
@frozen @usableFromInline
package struct DotRow<Vector: FloatLanes, Arithmetic: MultiplyAdd, Width: DotWidth>: DotTile {
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
    // Twelve sums and three vectors of a weight leave one register: a row's vector of x is loaded after the one before is multiplied.
    if Width.rows < 4 { keepLoadsBehind() }
    let x = UnsafeRawPointer(x).loadUnaligned(as: Vector.self)
    Arithmetic.accumulate(&a, x, w.a)
    Arithmetic.accumulate(&b, x, w.b)
    Arithmetic.accumulate(&c, x, w.c)
    if Width.rows > 3 { Arithmetic.accumulate(&d, x, w.d) }
  }

  @inlinable @inline(__always)
  package func store(to y: MutableRows, accumulate: Bool) { store(to: y, apart: 1, accumulate: accumulate) }

  @inlinable @inline(__always)
  package func store(to y: MutableRows, apart: Int, accumulate: Bool) {
    let (y, columns) = (y.first, y.columns)
    let (second, third, fourth) = (apart, 2 &* apart, 3 &* apart)
    y[0] = (accumulate ? y[0] : 0) + a.total
    if columns > second { y[second] = (accumulate ? y[second] : 0) + b.total }
    if columns > third { y[third] = (accumulate ? y[third] : 0) + c.total }
    if Width.rows > 3 && columns > fourth { y[fourth] = (accumulate ? y[fourth] : 0) + d.total }
  }
}

extension Stack: DotTile where Top: DotTile, Bottom: DotTile, Top.Width == Bottom.Width {
  @usableFromInline package typealias Width = Top.Width

  @inlinable @inline(__always)
  package func store(to y: MutableRows, apart: Int, accumulate: Bool) {
    top.store(to: y, apart: apart, accumulate: accumulate)
    bottom.store(to: y.below(Top.rows), apart: apart, accumulate: accumulate)
  }
}
