extension InstructionSet
where Vector: FloatLanes, Arithmetic: MultiplyAdd, Expansion: BitmapExpansion, Expansion.Vector == Vector {
  @inlinable @inline(__always)
  package static var expandsByInstruction: Bool { Expansion.isOneInstruction }

  @inlinable @inline(__always)
  package static var expandsInRegisters: Bool { expandsByInstruction && Vector.scalarCount >= 8 }

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

  /// Four rows of W at a time, or three; where expanding takes longer than multiplying, one row of W by more rows of x.
  @inlinable @inline(__always)
  static func sparseDots<Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool, _ table: UnsafeRawPointer
  ) {
    if y.rows > 1 && !expandsInRegisters {
      sparseSums(Element.self, x, w, y, accumulate, table)
    } else if isWide(y.rows) {
      sparseDots(FourWide.self, Element.self, x, w, y, accumulate, table)
    } else {
      sparseDots(ThreeWide.self, Element.self, x, w, y, accumulate, table)
    }
  }

  /// Four rows of W at a time, or three, as far apart as those of a dense product, by as many rows of x as there are registers for.
  @inlinable @inline(__always)
  static func sparseDots<W: DotWidth, Element: StoredElement>(
    _: W.Type, _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, _ accumulate: Bool,
    _ table: UnsafeRawPointer
  ) {
    // Six rows' sums would leave no registers for the vectors that are expanded.
    let most = mostDotRows(of: y.rows, highest: 5, few: Element.byteCount == 2 ? .max : 10)
    let apart = (y.columns &+ W.rows &- 1) / W.rows
    for j in 0..<apart {
      let product = SparseDots<Self, Element>(
        w.part(rows: j..<w.rows), apart: apart, accumulate: accumulate, table: table)
      multiply(W.self, x, to: y.beside(j), most: most, product)
    }
  }

  /// Whether the bits of a step are a byte of the bitmap.
  @inlinable @inline(__always)
  static var stepsAreBytes: Bool { Vector.scalarCount == 8 }

  /// A tile's rows of Y, and of its columns the first one and up to three more, `apart` from each other.
  ///
  /// Not inlined, or too few registers would be left for the loop's addresses.
  @inlinable @inline(never)
  static func sparseDotTile<T: DotTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: SparseView, _ y: MutableRows, apart: Int, _ accumulate: Bool,
    _ table: UnsafeRawPointer
  ) where T.Operand == FourVectors<Vector> {
    let (stride, columns, lanes) = (x.rowStride, x.columns, Vector.scalarCount)
    let x = x.floats
    // A row of W that does not exist is the first one read again; its results are not stored.
    var (a, b) = (SparseRow(w, row: 0), SparseRow(w, row: y.columns > apart ? apart : 0))
    var c = SparseRow(w, row: y.columns > 2 &* apart ? 2 &* apart : 0)
    var d = SparseRow(w, row: y.columns > 3 &* apart ? 3 &* apart : 0)
    let isFour = T.Width.rows > 3
    var (tile, p) = (T(), 0)
    if stepsAreBytes {
      // One loop for all whole vectors: between two loops the compiler moves the sums to other registers. It counts steps and moves a
      // pointer to x, which are fewer instructions than computing both from the number of a column.
      var (x, step) = (x, 0)
      let steps = columns / lanes
      while step < steps {
        if step & 7 == 0 {
          fetchAhead(Element.self, a)
          fetchAhead(Element.self, b)
          fetchAhead(Element.self, c)
          if isFour { fetchAhead(Element.self, d) }
        }
        let four = FourVectors(
          nextByte(Element.self, &a, step, table), nextByte(Element.self, &b, step, table),
          nextByte(Element.self, &c, step, table), isFour ? nextByte(Element.self, &d, step, table) : .zero)
        tile.add(x, stride: stride, four)
        x += lanes
        step &+= 1
      }
      p = steps &* lanes
    } else {
      while p &+ 64 <= columns {
        fetchWord(Element.self, &a, column: p)
        fetchWord(Element.self, &b, column: p)
        fetchWord(Element.self, &c, column: p)
        fetchWord(Element.self, &d, column: p)
        let end = p &+ 64
        while p < end {
          let isForOne = T.rows == 1
          let one = nextPair(Element.self, &a, isForOne: isForOne, table)
          let two = nextPair(Element.self, &b, isForOne: isForOne, table)
          let three = nextPair(Element.self, &c, isForOne: isForOne, table)
          let four = nextPair(Element.self, &d, isForOne: isForOne, table)
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
    }
    tile.store(to: y, apart: apart, accumulate: accumulate)
    while p < columns {
      addColumn(Element.self, x + p, stride, &a, column: p, rows: T.rows, y)
      if y.columns > apart { addColumn(Element.self, x + p, stride, &b, column: p, rows: T.rows, y.beside(apart)) }
      if y.columns > 2 &* apart {
        addColumn(Element.self, x + p, stride, &c, column: p, rows: T.rows, y.beside(2 &* apart))
      }
      if isFour && y.columns > 3 &* apart {
        addColumn(Element.self, x + p, stride, &d, column: p, rows: T.rows, y.beside(3 &* apart))
      }
      p &+= 1
    }
  }

  /// The next word of a row, and what lies ahead of its elements.
  @inlinable @inline(__always)
  static func fetchWord<Element: StoredElement>(_: Element.Type, _ row: inout SparseRow, column: Int) {
    fetchAhead(Element.self, row)
    row.fetchWord(column: column)
  }

  /// Asks for what lies ahead of the elements of 64 columns.
  ///
  /// A step's loads begin where the bits before them end, so that too few of them are under way for a processor to fetch ahead.
  @inlinable @inline(__always)
  static func fetchAhead<Element: StoredElement>(_: Element.Type, _ row: SparseRow) {
    prefetch(row.values + aheadBytes)
    if Element.byteCount == 4 { prefetch(row.values + (aheadBytes &+ 64)) }
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

  /// Two vectors of a row's next columns, whose bits are fetched, each to be multiplied by one row of x or by several.
  @inlinable @inline(__always)
  static func nextPair<Element: StoredElement>(
    _: Element.Type, _ row: inout SparseRow, isForOne: Bool, _ table: UnsafeRawPointer
  ) -> VectorPair<Vector> {
    let bits = row.nextBits(2 &* Vector.scalarCount)
    let pair = Element.pair(
      at: row.values, bits: bits, isForOne: isForOne, table: table, by: Expansion.self)
    row.skip(bits, Element.byteCount)
    return pair
  }

  /// A vector of a row by a byte of its bits.
  @inlinable @inline(__always)
  static func nextByte<Element: StoredElement>(
    _: Element.Type, _ row: inout SparseRow, _ byte: Int, _ table: UnsafeRawPointer
  ) -> Vector {
    let bits = Int((row.bits + byte).load(as: UInt8.self))
    let vector = Element.vector(at: row.values, bits: bits, table: table, by: Expansion.self)
    row.skip(bits, Element.byteCount)
    return vector
  }

  /// A vector of a row from a column on.
  @inlinable @inline(__always)
  static func next<Element: StoredElement>(
    _: Element.Type, _ row: inout SparseRow, column: Int, _ table: UnsafeRawPointer
  ) -> Vector {
    row.fetchWord(column: column)
    let bits = row.nextBits(Vector.scalarCount)
    let vector = Element.vector(at: row.values, bits: bits, table: table, by: Expansion.self)
    row.skip(bits, Element.byteCount)
    return vector
  }
}

/// The sparse product that a tile takes part in.
@frozen @usableFromInline
package struct SparseDots<Kernel: InstructionSet, Element: StoredElement>: DotProduct
where
  Kernel.Vector: FloatLanes, Kernel.Arithmetic: MultiplyAdd, Kernel.Expansion: BitmapExpansion,
  Kernel.Expansion.Vector == Kernel.Vector
{
  @usableFromInline package typealias Vector = Kernel.Vector
  @usableFromInline let w: SparseView
  @usableFromInline let apart: Int
  @usableFromInline let accumulate: Bool
  @usableFromInline let table: UnsafeRawPointer

  @inlinable @inline(__always)
  init(_ w: SparseView, apart: Int, accumulate: Bool, table: UnsafeRawPointer) {
    (self.w, self.apart, self.accumulate, self.table) = (w, apart, accumulate, table)
  }

  @inlinable @inline(__always)
  package func multiply<T: DotTile>(_: T.Type, _ x: StridedView, to y: MutableRows, _ place: TilePlace)
  where T.Operand == FourVectors<Vector> {
    Kernel.sparseDotTile(T.self, Element.self, x, w, y, apart: apart, accumulate, table)
  }
}
