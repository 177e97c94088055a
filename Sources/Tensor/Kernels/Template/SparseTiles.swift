/// A row of a compressed weight, and how far it is read.
@frozen @usableFromInline
package struct SparseRow {
  @usableFromInline let bits: UnsafeRawPointer
  /// The bits from the next column on, the first one lowest.
  @usableFromInline var word: UInt64 = 0
  /// The next kept element.
  @usableFromInline var values: UnsafeRawPointer

  @inlinable @inline(__always)
  init(_ w: SparseView, row: Int) {
    bits = w.bits + row &* w.bitStride
    values = w.values + w.starts[row] &* w.type.byteCount
  }

  /// Takes the bits from a column on, which need not be the first one of a byte.
  @inlinable @inline(__always)
  mutating func fetchWord(column: Int) {
    word = UInt64(littleEndian: (bits + column &>> 3).loadUnaligned(as: UInt64.self)) &>> UInt64(column & 7)
  }

  /// The bits of the next columns, which it passes.
  @inlinable @inline(__always)
  mutating func nextBits(_ columns: Int) -> Int {
    let bits = Int(truncatingIfNeeded: word) & (1 &<< columns &- 1)
    word &>>= UInt64(columns)
    return bits
  }

  /// Passes the elements of as many columns.
  @inlinable @inline(__always)
  mutating func skip(_ bits: Int, _ byteCount: Int) { values += bits.nonzeroBitCount &* byteCount }
}

/// A tile whose step multiplies a vector of every row by one vector, and whose sums can be added to another's.
@usableFromInline
package protocol SumTile: Tile {
  /// Adds the sums of another tile.
  mutating func merge(_ other: Self)
}

/// One row of x by one row of a weight: of x, a vector is multiplied.
@frozen @usableFromInline
package struct SumRow<Vector: FloatLanes, Arithmetic: MultiplyAdd>: SumTile {
  @usableFromInline var sum = Vector.zero

  @inlinable @inline(__always)
  package init() {}

  @inlinable @inline(__always)
  package static var rows: Int { 1 }

  @inlinable @inline(__always)
  package mutating func add(_ x: UnsafePointer<Float>, stride: Int, _ w: Vector) {
    Arithmetic.accumulate(&sum, UnsafeRawPointer(x).loadUnaligned(as: Vector.self), w)
  }

  @inlinable @inline(__always)
  package mutating func merge(_ other: Self) { sum += other.sum }

  /// The sum of the lanes.
  @inlinable @inline(__always)
  package func store(to y: MutableRows, accumulate: Bool) {
    y.first.pointee = (accumulate ? y.first.pointee : 0) + sum.total
  }
}

extension Stack: SumTile where Top: SumTile, Bottom: SumTile {
  @inlinable @inline(__always)
  package mutating func merge(_ other: Self) {
    top.merge(other.top)
    bottom.merge(other.bottom)
  }
}

/// The sums of one row of a compressed weight with a tile's rows of x, and how far the row is read.
///
/// Sums of few rows are of up to four kinds, so that a multiply-add need not wait for the one before it.
@frozen @usableFromInline
package struct SparseSums<T: SumTile> {
  @usableFromInline var row: SparseRow
  @usableFromInline var first = T()
  @usableFromInline var second = T()
  @usableFromInline var third = T()
  @usableFromInline var fourth = T()

  /// No sums yet of the first row of a weight.
  @inlinable @inline(__always)
  init(_ w: SparseView) { row = SparseRow(w, row: 0) }

  @inlinable @inline(__always)
  static var kinds: Int { T.rows > 4 ? 1 : T.rows > 2 ? 2 : 4 }

  /// All kinds together.
  @inlinable @inline(__always)
  var total: T {
    var sum = first
    if Self.kinds > 2 {
      var late = third
      late.merge(fourth)
      sum.merge(late)
    }
    if Self.kinds > 1 { sum.merge(second) }
    return sum
  }
}
