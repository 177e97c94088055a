extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  @usableFromInline package typealias OneSum = SumRow<Vector, Arithmetic>
  @usableFromInline package typealias TwoSums = Stack<OneSum, OneSum>
  @usableFromInline package typealias FourSums = Stack<TwoSums, TwoSums>
  @usableFromInline package typealias EightSums = Stack<FourSums, FourSums>

  /// A row of W at a time, by as many rows of x as there are registers for.
  @inlinable @inline(__always)
  static func sparseSums<Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool, _ table: UnsafeRawPointer
  ) {
    for j in 0..<y.columns {
      let row = w.part(rows: j..<j &+ 1)
      var i = 0
      while i < y.rows {
        let rest = i..<y.rows
        let (x, y) = (x.part(rows: rest), y.part(rows: rest, columns: j..<j &+ 1))
        if y.rows >= 8 {
          i &+= sparseDot(EightSums.self, Element.self, x, row, y, accumulate, table)
        } else if y.rows >= 4 {
          i &+= sparseDot(FourSums.self, Element.self, x, row, y, accumulate, table)
        } else if y.rows >= 2 {
          i &+= sparseDot(TwoSums.self, Element.self, x, row, y, accumulate, table)
        } else {
          i &+= sparseDot(OneSum.self, Element.self, x, row, y, accumulate, table)
        }
      }
    }
  }

  /// A tile's rows of x, of which it returns the number, by one row of W.
  ///
  /// Not inlined, or too few registers would be left for the loop's addresses.
  @inlinable @inline(never)
  static func sparseDot<T: SumTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool,
    _ table: UnsafeRawPointer
  ) -> Int where T.Operand == Vector {
    var (sums, p) = (SparseSums<T>(w), 0)
    while p &+ 64 <= x.columns {
      addWord(Element.self, x, column: p, to: &sums, table)
      p &+= 64
    }
    finish(Element.self, x, column: p, &sums, y, accumulate, table)
    return T.rows
  }

  /// 64 columns of a row of W.
  @inlinable @inline(__always)
  static func addWord<T: SumTile, Element: StoredElement>(
    _: Element.Type, _ x: StridedView, column: Int, to sums: inout SparseSums<T>, _ table: UnsafeRawPointer
  ) where T.Operand == Vector {
    let (x, stride, lanes, kinds) = (x.floats, x.rowStride, Vector.scalarCount, SparseSums<T>.kinds)
    fetchWord(Element.self, &sums.row, column: column)
    var p = column
    let end = column &+ 64
    while p < end {
      // Spelled out, so that each sum is a register and no step a jump.
      let front = nextPair(Element.self, &sums.row, isForOne: T.rows == 1, table)
      sums.first.add(x + p, stride: stride, front.first)
      let one = x + (p &+ lanes)
      if kinds > 1 {
        sums.second.add(one, stride: stride, front.second)
      } else {
        sums.first.add(one, stride: stride, front.second)
      }
      let back = nextPair(Element.self, &sums.row, isForOne: T.rows == 1, table)
      let two = x + (p &+ 2 &* lanes)
      if kinds > 2 {
        sums.third.add(two, stride: stride, back.first)
      } else {
        sums.first.add(two, stride: stride, back.first)
      }
      let three = x + (p &+ 3 &* lanes)
      if kinds > 2 {
        sums.fourth.add(three, stride: stride, back.second)
      } else if kinds > 1 {
        sums.second.add(three, stride: stride, back.second)
      } else {
        sums.first.add(three, stride: stride, back.second)
      }
      p &+= 4 &* lanes
    }
  }

  /// The columns of a row of W from one on, fewer than 64, and the sums' way to Y.
  @inlinable @inline(__always)
  static func finish<T: SumTile, Element: StoredElement>(
    _: Element.Type, _ x: StridedView, column: Int, _ sums: inout SparseSums<T>, _ y: MutableRows, _ accumulate: Bool,
    _ table: UnsafeRawPointer
  ) where T.Operand == Vector {
    let (x, stride, columns, lanes) = (x.floats, x.rowStride, x.columns, Vector.scalarCount)
    var p = column
    while p &+ lanes <= columns {
      sums.first.add(x + p, stride: stride, next(Element.self, &sums.row, column: p, table))
      p &+= lanes
    }
    sums.total.store(to: y, accumulate: accumulate)
    while p < columns {
      addColumn(Element.self, x + p, stride, &sums.row, column: p, rows: T.rows, y)
      p &+= 1
    }
  }
}
