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

  @inlinable @inline(__always)
  package static func arrangesActivations(for type: StoredType) -> Bool { Expansion.separatesOddLanes(type) }

  @inlinable @inline(__always)
  package static func arrange(_ x: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>) {
    let lanes = Vector.scalarCount
    var p = 0
    while p &+ 64 <= count {
      let end = p &+ 64
      while p < end {
        for lane in 0..<lanes {
          out[p &+ lane] = x[p &+ 2 &* lane]
          out[p &+ lanes &+ lane] = x[p &+ 2 &* lane &+ 1]
        }
        p &+= 2 &* lanes
      }
    }
    while p < count {
      out[p] = x[p]
      p &+= 1
    }
  }

  /// A row of W at a time, by as many rows of x as there are registers for; by a single row of x two of them.
  ///
  /// The two are half of W apart: where the elements of a step begin depends on the bits of the one before, so that two rows have twice as
  /// many loads under way, and from two pages.
  @inlinable @inline(__always)
  static func sparseDots<Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool, _ table: UnsafeRawPointer
  ) {
    let half = y.rows == 1 ? y.columns / 2 : 0
    for j in 0..<half {
      let (one, two) = (w.part(rows: j..<j &+ 1), w.part(rows: j &+ half..<j &+ half &+ 1))
      var (first, second) = (SparseSums<OneSum>(one), SparseSums<OneSum>(two))
      var p = 0
      while p &+ 64 <= x.columns {
        addWord(Element.self, x, one, column: p, to: &first, table)
        addWord(Element.self, x, two, column: p, to: &second, table)
        p &+= 64
      }
      finish(Element.self, x, one, column: p, &first, y.part(rows: 0..<1, columns: j..<j &+ 1), accumulate, table)
      let other = j &+ half..<j &+ half &+ 1
      finish(Element.self, x, two, column: p, &second, y.part(rows: 0..<1, columns: other), accumulate, table)
    }
    for j in 2 &* half..<y.columns {
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
    var (sums, p) = (SparseSums<T>(w), 0)
    while p &+ 64 <= x.columns {
      addWord(Element.self, x, w, column: p, to: &sums, table)
      p &+= 64
    }
    finish(Element.self, x, w, column: p, &sums, y, accumulate, table)
    return T.rows
  }

  /// 64 columns of a row of W.
  @inlinable @inline(__always)
  static func addWord<T: SumTile, Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: SparseView, column: Int, to sums: inout SparseSums<T>,
    _ table: UnsafeRawPointer
  ) where T.Operand == Vector {
    let (x, stride, lanes, kinds) = (x.floats, x.rowStride, Vector.scalarCount, SparseSums<T>.kinds)
    // A step's loads begin where the bits before them end, so that too few of them are under way for a processor to fetch ahead.
    prefetch(sums.values + aheadBytes)
    if Element.byteCount == 4 { prefetch(sums.values + (aheadBytes &+ 64)) }
    var (word, p) = (w.word(row: 0, column: column), column)
    let end = column &+ 64
    while p < end {
      // Spelled out, so that each sum is a register and no step a jump.
      let front = nextPair(Element.self, &word, &sums.values, table)
      sums.first.add(x + p, stride: stride, front.first)
      let one = x + (p &+ lanes)
      if kinds > 1 {
        sums.second.add(one, stride: stride, front.second)
      } else {
        sums.first.add(one, stride: stride, front.second)
      }
      let back = nextPair(Element.self, &word, &sums.values, table)
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
    _: Element.Type, _ x: StridedView, _ w: SparseView, column: Int, _ sums: inout SparseSums<T>, _ y: MutableRows,
    _ accumulate: Bool, _ table: UnsafeRawPointer
  ) where T.Operand == Vector {
    let (x, stride, columns, lanes) = (x.floats, x.rowStride, x.columns, Vector.scalarCount)
    var p = column
    while p &+ lanes <= columns {
      // A column that is no multiple of 8 is the second half of a byte.
      var word = w.word(row: 0, column: p) &>> UInt64(p & 7)
      sums.first.add(x + p, stride: stride, next(Element.self, &word, &sums.values, table))
      p &+= lanes
    }
    sums.total.store(to: y, accumulate: accumulate)
    guard p < columns else { return }
    var word = w.word(row: 0, column: p) &>> UInt64(p & 7)
    while p < columns {
      if word & 1 != 0 {
        let weight = Element.scalar(at: sums.values)
        for i in 0..<T.rows { y[i][0] += x[i &* stride &+ p] * weight }
        sums.values += Element.byteCount
      }
      word &>>= 1
      p &+= 1
    }
  }

  @inlinable @inline(__always)
  package static func expand(
    _ w: SparseView, columns: Range<Int>, places: UnsafeMutablePointer<Int>, into out: UnsafeMutablePointer<Float>,
    stride: Int, table: UnsafeRawPointer
  ) {
    for row in 0..<w.rows {
      let values = w.values + (w.starts[row] &+ places[row]) &* w.type.byteCount
      let target = out + row &* stride
      let end =
        switch w.type {
        case .float32: expandRow(StoredFloat32.self, w, row, columns, values, target, table)
        case .float16: expandRow(StoredFloat16.self, w, row, columns, values, target, table)
        case .bfloat16: expandRow(StoredBFloat16.self, w, row, columns, values, target, table)
        }
      places[row] &+= (end - values) / w.type.byteCount
    }
  }

  /// Some columns of a row, whose first element is given; returns what is behind the last one.
  @inlinable @inline(__always)
  static func expandRow<Element: StoredElement>(
    _: Element.Type, _ w: SparseView, _ row: Int, _ columns: Range<Int>, _ first: UnsafeRawPointer,
    _ floats: UnsafeMutablePointer<Float>, _ table: UnsafeRawPointer
  ) -> UnsafeRawPointer {
    let (lanes, isInOrder) = (Vector.scalarCount, !Expansion.separatesOddLanes(w.type))
    var (values, target, p) = (first, UnsafeMutableRawPointer(floats), columns.lowerBound)
    while p &+ 64 <= columns.upperBound {
      prefetch(values + aheadBytes)
      if Element.byteCount == 4 { prefetch(values + (aheadBytes &+ 64)) }
      var word = w.word(row: row, column: p)
      let end = p &+ 64
      while p < end {
        let pair =
          isInOrder
          ? nextPair(Element.self, &word, &values, table)
          : VectorPair(next(Element.self, &word, &values, table), next(Element.self, &word, &values, table))
        target.storeBytes(of: pair.first, as: Vector.self)
        target.storeBytes(of: pair.second, toByteOffset: 4 &* lanes, as: Vector.self)
        target += 8 &* lanes
        p &+= 2 &* lanes
      }
    }
    while p < columns.upperBound {
      let isKept = w.word(row: row, column: p) &>> UInt64(p & 7) & 1 != 0
      floats[p &- columns.lowerBound] = isKept ? Element.scalar(at: values) : 0
      if isKept { values += Element.byteCount }
      p &+= 1
    }
    return values
  }

  /// Two vectors of the lowest bits of a word; word and values move on to what follows.
  @inlinable @inline(__always)
  static func nextPair<Element: StoredElement>(
    _: Element.Type, _ word: inout UInt64, _ values: inout UnsafeRawPointer, _ table: UnsafeRawPointer
  ) -> VectorPair<Vector> {
    let lanes = 2 &* Vector.scalarCount
    let bits = Int(truncatingIfNeeded: word) & (1 &<< lanes &- 1)
    let pair = Element.pair(at: values, bits: bits, table: table, by: Expansion.self)
    values += bits.nonzeroBitCount &* Element.byteCount
    word &>>= UInt64(lanes)
    return pair
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
  @usableFromInline package typealias TwoTokens = Beside<OneToken, OneToken>
  @usableFromInline package typealias FourTokens = Beside<TwoTokens, TwoTokens>
  @usableFromInline package typealias EightTokens = Beside<FourTokens, FourTokens>

  @inlinable @inline(__always)
  package static var tokenTile: Int { EightTokens.count &* Vector.scalarCount }

  @inlinable @inline(__always)
  package static func listEntries(
    of w: SparseView, values: UnsafePointer<Float>, block: Int, into entries: SparseEntries, table: UnsafeRawPointer
  ) {
    countEntries(of: w, block, entries.starts)
    var source = UnsafeRawPointer(values)
    let tokenBytes = UInt32(truncatingIfNeeded: tokenTile &* 4)
    for row in 0..<w.rows {
      var (first, start) = (0, entries.starts + row)
      while first < w.columns {
        let end = first &+ block < w.columns ? first &+ block : w.columns
        var (offsets, values) = (
          UnsafeMutableRawPointer(entries.offsets + start.pointee),
          UnsafeMutableRawPointer(entries.values + start.pointee)
        )
        var column = first
        while column < end {
          var word = w.word(row: row, column: column)
          // The word of the last columns has bits of the next row, too.
          let wordEnd = column &+ 64 < end ? column &+ 64 : end
          while column < wordEnd {
            let byte = Int(truncatingIfNeeded: word & 0xFF)
            let numbers = (table + 32 &* byte).load(as: SIMD8<UInt32>.self)
            let base = UInt32(truncatingIfNeeded: column &- first)
            offsets.storeBytes(of: (numbers &+ base) &* tokenBytes, as: SIMD8<UInt32>.self)
            values.storeBytes(of: source.loadUnaligned(as: SIMD8<UInt32>.self), as: SIMD8<UInt32>.self)
            let bytes = 4 &* byte.nonzeroBitCount
            source += bytes
            offsets += bytes
            values += bytes
            word &>>= 8
            column &+= 8
          }
        }
        first = end
        start += w.rows &+ 1
      }
    }
  }

  /// Fills the starts for `listEntries`.
  @inlinable @inline(__always)
  static func countEntries(of w: SparseView, _ block: Int, _ starts: UnsafeMutablePointer<Int>) {
    var (next, place, first) = (0, starts, 0)
    while first < w.columns {
      let end = first &+ block < w.columns ? first &+ block : w.columns
      for row in 0..<w.rows {
        place.pointee = next
        place += 1
        var column = first
        while column < end {
          let word = w.word(row: row, column: column)
          let rest = end &- column
          next &+= (rest < 64 ? word & (1 &<< UInt64(rest) &- 1) : word).nonzeroBitCount
          column &+= 64
        }
      }
      place.pointee = next
      place += 1
      next &+= SparseEntries.overhang
      first = end
    }
  }

  @inlinable @inline(__always)
  package static func addSparseProduct(_ w: SparseEntries, of x: UnsafePointer<Float>, to y: MutableRows) {
    // One pass for all tokens: one of five vectors takes less time by eight than by four and one.
    if y.columns > FourTokens.count &* Vector.scalarCount {
      addTokens(EightTokens.self, w, x, y)
    } else if y.columns > TwoTokens.count &* Vector.scalarCount {
      addTokens(FourTokens.self, w, x, y)
    } else if y.columns > Vector.scalarCount {
      addTokens(TwoTokens.self, w, x, y)
    } else {
      addTokens(OneToken.self, w, x, y)
    }
  }

  /// All rows for a tile's tokens.
  @inlinable @inline(__always)
  static func addTokens<T: TokenTile>(
    _: T.Type, _ w: SparseEntries, _ x: UnsafePointer<Float>, _ y: MutableRows
  ) where T.Vector == Vector {
    let x = UnsafeRawPointer(x)
    for row in 0..<y.rows {
      let target = UnsafeMutableRawPointer(y[row])
      var tile = T(target)
      var (offset, value) = (w.offsets + w.starts[row], w.values + w.starts[row])
      let end = w.offsets + w.starts[row &+ 1]
      while offset < end {
        tile.add(Vector(repeating: value.pointee), x + Int(offset.pointee))
        offset += 1
        value += 1
      }
      tile.store(to: target)
    }
  }
}
