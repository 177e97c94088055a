extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  @inlinable @inline(__always)
  package static var expandsByInstruction: Bool { Expansion.isOneInstruction }

  @inlinable @inline(__always)
  package static var expandsInRegisters: Bool { expandsByInstruction && expansionTableByteCount == 0 }

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

  /// Four rows of W at a time, a quarter of W apart like those of a dense product, by as many rows of x as there are registers for.
  ///
  /// Where expanding takes longer than multiplying, one row of W by more rows of x.
  @inlinable @inline(__always)
  static func sparseDots<Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool, _ table: UnsafeRawPointer
  ) {
    guard y.rows == 1 || expandsInRegisters else {
      return sparseSums(Element.self, x, w, y, accumulate, table)
    }
    let quarter = (y.columns &+ 3) / 4
    for j in 0..<quarter {
      let w = w.part(rows: j..<w.rows)
      var i = 0
      while i < y.rows {
        let rest = i..<y.rows
        let (x, y) = (x.part(rows: rest), y.part(rows: rest, columns: j..<y.columns))
        if y.rows >= 4 {
          i &+= sparseDotTile(FourDots.self, Element.self, x, w, y, apart: quarter, accumulate, table)
        } else if y.rows >= 2 {
          i &+= sparseDotTile(TwoDots.self, Element.self, x, w, y, apart: quarter, accumulate, table)
        } else {
          i &+= sparseDotTile(OneDot.self, Element.self, x, w, y, apart: quarter, accumulate, table)
        }
      }
    }
  }

  /// A tile's rows of Y, of which it returns the number, and of its columns the first one and up to three more, `apart` from each other.
  ///
  /// Not inlined, or too few registers would be left for the loop's addresses.
  @inlinable @inline(never)
  static func sparseDotTile<T: DotTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, apart: Int, _ accumulate: Bool,
    _ table: UnsafeRawPointer
  ) -> Int where T.Operand == FourVectors<Vector> {
    let (stride, columns, lanes) = (x.rowStride, x.columns, Vector.scalarCount)
    let x = x.floats
    // A row of W that does not exist is the first one read again; its results are not stored.
    var (a, b) = (SparseRow(w, row: 0), SparseRow(w, row: y.columns > apart ? apart : 0))
    var c = SparseRow(w, row: y.columns > 2 &* apart ? 2 &* apart : 0)
    var d = SparseRow(w, row: y.columns > 3 &* apart ? 3 &* apart : 0)
    var (tile, p) = (T(), 0)
    while p &+ 64 <= columns {
      fetchWord(Element.self, &a, column: p)
      fetchWord(Element.self, &b, column: p)
      fetchWord(Element.self, &c, column: p)
      fetchWord(Element.self, &d, column: p)
      let end = p &+ 64
      while p < end {
        let (one, two) = (nextPair(Element.self, &a, table), nextPair(Element.self, &b, table))
        let (three, four) = (nextPair(Element.self, &c, table), nextPair(Element.self, &d, table))
        tile.add(x + p, stride: stride, FourVectors(one.first, two.first, three.first, four.first))
        let second = FourVectors(one.second, two.second, three.second, four.second)
        tile.add(x + (p &+ lanes), stride: stride, second)
        p &+= 2 &* lanes
      }
    }
    while p &+ lanes <= columns {
      let four = FourVectors(
        next(Element.self, &a, column: p, table), next(Element.self, &b, column: p, table),
        next(Element.self, &c, column: p, table), next(Element.self, &d, column: p, table))
      tile.add(x + p, stride: stride, four)
      p &+= lanes
    }
    tile.store(to: y, apart: apart, accumulate: accumulate)
    while p < columns {
      addColumn(Element.self, x + p, stride, &a, column: p, rows: T.rows, y)
      if y.columns > apart { addColumn(Element.self, x + p, stride, &b, column: p, rows: T.rows, y.beside(apart)) }
      if y.columns > 2 &* apart {
        addColumn(Element.self, x + p, stride, &c, column: p, rows: T.rows, y.beside(2 &* apart))
      }
      if y.columns > 3 &* apart {
        addColumn(Element.self, x + p, stride, &d, column: p, rows: T.rows, y.beside(3 &* apart))
      }
      p &+= 1
    }
    return T.rows
  }

  /// The next word of a row, and what lies ahead of its elements.
  @inlinable @inline(__always)
  static func fetchWord<Element: StoredElement>(_: Element.Type, _ row: inout SparseRow, column: Int) {
    // A step's loads begin where the bits before them end, so that too few of them are under way for a processor to fetch ahead.
    prefetch(row.values + aheadBytes)
    if Element.byteCount == 4 { prefetch(row.values + (aheadBytes &+ 64)) }
    row.fetchWord(column: column)
  }

  /// One column of a row times as many rows of x, in the first column of Y.
  @inlinable @inline(__always)
  static func addColumn<Element: StoredElement>(
    _: Element.Type, _ x: UnsafePointer<Float>, _ stride: Int, _ row: inout SparseRow, column: Int, rows: Int,
    _ y: MutableRows
  ) {
    row.fetchWord(column: column)
    guard row.word & 1 != 0 else { return }
    let weight = Element.scalar(at: row.values)
    for i in 0..<rows { y[i][0] += x[i &* stride] * weight }
    row.values += Element.byteCount
  }

  /// Two vectors of a row's next columns.
  @inlinable @inline(__always)
  static func nextPair<Element: StoredElement>(
    _: Element.Type, _ row: inout SparseRow, _ table: UnsafeRawPointer
  ) -> VectorPair<Vector> {
    nextPair(Element.self, &row.word, &row.values, table)
  }

  /// A vector of a row from a column on.
  @inlinable @inline(__always)
  static func next<Element: StoredElement>(
    _: Element.Type, _ row: inout SparseRow, column: Int, _ table: UnsafeRawPointer
  ) -> Vector {
    row.fetchWord(column: column)
    return next(Element.self, &row.word, &row.values, table)
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
