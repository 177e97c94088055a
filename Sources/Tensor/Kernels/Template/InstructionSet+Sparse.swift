extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  @usableFromInline package typealias OneSum = SumRow<Vector, Arithmetic>
  @usableFromInline package typealias TwoSums = Stack<OneSum, OneSum>
  @usableFromInline package typealias FourSums = Stack<TwoSums, TwoSums>
  @usableFromInline package typealias EightSums = Stack<FourSums, FourSums>

  @inlinable @inline(__always)
  package static var expandsByInstruction: Bool { Expansion.isOneInstruction }

  @inlinable @inline(__always)
  package static var expansionTableByteCount: Int { Expansion.tableByteCount }

  @inlinable @inline(__always)
  package static func fillExpansionTable(_ table: UnsafeMutableRawPointer) { Expansion.fill(table) }

  @inlinable @inline(__always)
  package static func sparseDotProducts(
    _ x: StridedView, _ w: SparseView, into y: MutableRows, accumulate: Bool, table: UnsafeRawPointer
  ) {
    switch w.type {
    case .float32: sparseDots(StoredFloat32.self, x, w, y, accumulate, table)
    case .float16: sparseDots(StoredFloat16.self, x, w, y, accumulate, table)
    case .bfloat16: sparseDots(StoredBFloat16.self, x, w, y, accumulate, table)
    }
  }

  /// A row of W at a time, by as many rows of x as there are registers for.
  @inlinable @inline(__always)
  static func sparseDots<Element: StoredElement>(
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
  @inlinable @inline(__always)
  static func sparseDot<T: SumTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool,
    _ table: UnsafeRawPointer
  ) -> Int where T.Operand == Vector {
    let (x, stride, columns, lanes) = (x.floats, x.rowStride, x.columns, Vector.scalarCount)
    var values = w.values + w.starts[0] &* Element.byteCount
    // Sums of few rows are of up to four kinds, so that a multiply-add need not wait for the one before it.
    let kinds = T.rows > 4 ? 1 : T.rows > 2 ? 2 : 4
    var (first, second, third, fourth) = (T(), T(), T(), T())
    var p = 0
    while p &+ 64 <= columns {
      var word = w.word(row: 0, column: p)
      let end = p &+ 64
      while p < end {
        // Spelled out, so that each sum is a register and no step a jump.
        first.add(x + p, stride: stride, next(Element.self, &word, &values, table))
        let one = x + (p &+ lanes)
        let vector1 = next(Element.self, &word, &values, table)
        if kinds > 1 { second.add(one, stride: stride, vector1) } else { first.add(one, stride: stride, vector1) }
        let two = x + (p &+ 2 &* lanes)
        let vector2 = next(Element.self, &word, &values, table)
        if kinds > 2 { third.add(two, stride: stride, vector2) } else { first.add(two, stride: stride, vector2) }
        let three = x + (p &+ 3 &* lanes)
        let vector3 = next(Element.self, &word, &values, table)
        if kinds > 2 {
          fourth.add(three, stride: stride, vector3)
        } else if kinds > 1 {
          second.add(three, stride: stride, vector3)
        } else {
          first.add(three, stride: stride, vector3)
        }
        p &+= 4 &* lanes
      }
    }
    while p &+ lanes <= columns {
      // A column that is no multiple of 8 is the second half of a byte.
      var word = w.word(row: 0, column: p) &>> UInt64(p & 7)
      first.add(x + p, stride: stride, next(Element.self, &word, &values, table))
      p &+= lanes
    }
    if kinds > 2 {
      third.merge(fourth)
      first.merge(third)
    }
    if kinds > 1 { first.merge(second) }
    first.store(to: y, accumulate: accumulate)
    guard p < columns else { return T.rows }
    var word = w.word(row: 0, column: p) &>> UInt64(p & 7)
    while p < columns {
      if word & 1 != 0 {
        let weight = Element.scalar(at: values)
        for i in 0..<T.rows { y[i][0] += x[i &* stride &+ p] * weight }
        values += Element.byteCount
      }
      word &>>= 1
      p &+= 1
    }
    return T.rows
  }

  /// The vector of the lowest bits of a word, one a lane; word and values move on to what follows.
  @inlinable @inline(__always)
  static func next<Element: StoredElement>(
    _: Element.Type, _ word: inout UInt64, _ values: inout UnsafeRawPointer, _ table: UnsafeRawPointer
  ) -> Vector {
    let bits = Int(truncatingIfNeeded: word) & (1 &<< Vector.scalarCount &- 1)
    let vector = Element.vector(at: values, bits: bits, table: table, by: Expansion.self)
    values += bits.nonzeroBitCount &* Element.byteCount
    word &>>= UInt64(Vector.scalarCount)
    return vector
  }

  @usableFromInline package typealias OneToken = Tokens<Vector, Arithmetic>
  @usableFromInline package typealias ThreeTokens = Beside<Beside<OneToken, OneToken>, OneToken>
  @usableFromInline package typealias SixTokens = Beside<ThreeTokens, ThreeTokens>
  @usableFromInline package typealias TwelveTokens = Beside<SixTokens, SixTokens>

  @inlinable @inline(__always)
  package static var tokenTile: Int { TwelveTokens.count &* Vector.scalarCount }

  @inlinable @inline(__always)
  package static func addSparseProduct(_ w: SparseEntries, of x: UnsafePointer<Float>, to y: MutableRows) {
    var t = 0
    while t < y.columns {
      let rest = (y.columns &- t &+ (Vector.scalarCount &- 1)) / Vector.scalarCount
      let (x, y) = (x + t, y.part(rows: 0..<y.rows, columns: t..<y.columns))
      if rest >= 12 {
        t &+= addTokens(TwelveTokens.self, w, x, y)
      } else if rest >= 6 {
        t &+= addTokens(SixTokens.self, w, x, y)
      } else if rest >= 3 {
        t &+= addTokens(ThreeTokens.self, w, x, y)
      } else {
        t &+= addTokens(OneToken.self, w, x, y)
      }
    }
  }

  /// All rows for a tile's tokens, of which it returns the number.
  @inlinable @inline(__always)
  static func addTokens<T: TokenTile>(
    _: T.Type, _ w: SparseEntries, _ x: UnsafePointer<Float>, _ y: MutableRows
  ) -> Int where T.Vector == Vector {
    let x = UnsafeRawPointer(x)
    for row in 0..<y.rows {
      let target = UnsafeMutableRawPointer(y[row])
      var tile = T(target)
      var entry = w.entries + w.starts[row]
      let end = w.entries + w.starts[row &+ 1]
      while entry < end {
        tile.add(Vector(repeating: entry.pointee.value), x + Int(entry.pointee.offset))
        entry += 1
      }
      tile.store(to: target)
    }
    return T.count &* Vector.scalarCount
  }
}
