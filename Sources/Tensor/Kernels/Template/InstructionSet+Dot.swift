extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @usableFromInline package typealias OneDot<W: DotWidth> = DotRow<Vector, Arithmetic, W>
  @usableFromInline package typealias TwoDots<W: DotWidth> = Stack<OneDot<W>, OneDot<W>>
  @usableFromInline package typealias ThreeDots<W: DotWidth> = Stack<TwoDots<W>, OneDot<W>>
  @usableFromInline package typealias FourDots<W: DotWidth> = Stack<TwoDots<W>, TwoDots<W>>
  @usableFromInline package typealias FiveDots<W: DotWidth> = Stack<FourDots<W>, OneDot<W>>
  @usableFromInline package typealias SixDots<W: DotWidth> = Stack<FourDots<W>, TwoDots<W>>

  @inlinable @inline(__always)
  package static func dotProducts(_ x: StridedView, _ w: StridedView, into y: MutableRows, accumulate: Bool) {
    switch w.type {
    case .float32: dots(StoredFloat32.self, x, w, y, accumulate)
    case .float16: dots(StoredFloat16.self, x, w, y, accumulate)
    case .bfloat16: dots(StoredBFloat16.self, x, w, y, accumulate)
    }
  }

  @inlinable @inline(__always)
  static func dots<Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, _ accumulate: Bool
  ) {
    if isWide(y.rows) {
      dots(FourWide.self, Element.self, x, w, y, accumulate)
    } else {
      dots(ThreeWide.self, Element.self, x, w, y, accumulate)
    }
  }

  /// Four rows of W at a time, or three, which then lie in the nearest caches for all rows of x.
  ///
  /// They are as far apart as possible: a processor fetches ahead within a page, so that four places come from memory faster than one.
  @inlinable @inline(__always)
  static func dots<W: DotWidth, Element: StoredElement>(
    _: W.Type, _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, _ accumulate: Bool
  ) {
    // Six rows' sums take 24 of 32 registers.
    let most = mostDotRows(of: y.rows, highest: 6, few: Element.byteCount == 2 ? 16 : 10)
    let apart = (y.columns &+ W.rows &- 1) / W.rows
    for j in 0..<apart {
      let product = DenseDots<Self, Element>(w.part(rows: j..<w.rows), apart: apart, accumulate: accumulate)
      multiply(W.self, x, to: y.beside(j), most: most, product)
    }
  }

  /// Multiplies all rows of x by four rows of a weight, or three, in tiles of at most as many rows.
  @inlinable @inline(__always)
  static func multiply<W: DotWidth, P: DotProduct>(
    _: W.Type, _ x: StridedView, to y: MutableRows, most: Int, _ product: P
  ) where P.Vector == Vector {
    // What `isWide` rules out is not compiled, nor what `tileRows` does.
    let isLow = takesThreeRows && W.rows > 3
    let tiles = (y.rows &+ most &- 1) / most
    var (row, tile) = (0, 0)
    while row < y.rows {
      let rest = row..<y.rows
      let (x, y) = (x.part(rows: rest), y.below(row))
      let place = TilePlace(tile, of: tiles)
      let rows = tileRows(of: y.rows, place)
      switch rows {
      case 6 where hasManyRegisters: product.multiply(SixDots<W>.self, x, to: y, place)
      case 5 where hasManyRegisters: product.multiply(FiveDots<W>.self, x, to: y, place)
      case 4 where !isLow: product.multiply(FourDots<W>.self, x, to: y, place)
      case 3 where !isLow && Vector.scalarCount > 4: product.multiply(ThreeDots<W>.self, x, to: y, place)
      case 2: product.multiply(TwoDots<W>.self, x, to: y, place)
      default: product.multiply(OneDot<W>.self, x, to: y, place)
      }
      row &+= rows
      tile &+= 1
    }
  }

  /// Whether there are 32 registers of vectors that are long, as on AVX-512.
  @inlinable @inline(__always)
  static var hasManyRegisters: Bool { Vector.scalarCount == 16 }

  /// Whether more than two rows of x are multiplied by three rows of a weight at a time, as by AVX2: the sums of four do not fit sixteen
  /// registers.
  ///
  /// SSE has as many, but multiplies and adds in two instructions: with three rows BF16 was faster there and F32 slower.
  @inlinable @inline(__always)
  static var takesThreeRows: Bool { Vector.scalarCount == 8 }

  /// Whether dot products with so many rows of x take four rows of a weight at a time, and not three.
  @inlinable @inline(__always)
  static func isWide(_ rows: Int) -> Bool { !takesThreeRows || rows <= 2 }

  /// Rows of x whose sums are in registers at a time: `highest`, where there are registers for them and no more than `few` rows, or four.
  ///
  /// Where that would still leave more than two or three tiles, four rows at a time were faster.
  @inlinable @inline(__always)
  static func mostDotRows(of rows: Int, highest: Int, few: Int) -> Int { hasManyRegisters && rows <= few ? highest : 4 }

  /// How many of the rows that are left are the next tile's.
  @inlinable @inline(__always)
  static func tileRows(of rest: Int, _ place: TilePlace) -> Int {
    // By four rows of a weight, SSE has no registers for the sums of three: tiles of four, two and one were faster.
    Vector.scalarCount > 4 ? place.rows(of: rest) : rest >= 4 ? 4 : rest >= 2 ? 2 : 1
  }

  /// How far ahead of a row's values memory is asked for.
  ///
  /// Of 256 bytes to 4 KiB, 1 KiB and more were fastest.
  @inlinable @inline(__always)
  static var aheadBytes: Int { 2048 }

  /// A tile's rows of Y, and of its columns the first one and up to three more, `apart` from each other; memory is asked for what lies ahead
  /// in the rows of W.
  ///
  /// It is asked while they are read for the first time: also what the processor would fetch by itself comes sooner, since it begins
  /// anew in every page. Not inlined, or too few registers would be left for the loop's addresses.
  @inlinable @inline(never)
  static func dotTileReadingAhead<T: DotTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, apart: Int, _ accumulate: Bool,
    isFirst: Bool
  ) where T.Operand == FourVectors<Vector> {
    let ahead = isFirst ? aheadBytes : 0
    dotTile(T.self, Element.self, x, w, y, apart: apart, accumulate) { ahead &+ $0 &* Element.byteCount }
  }

  /// The same where memory is asked for the rows that come next, a part by each tile, so that it is busy while all tiles read these ones.
  ///
  /// Not inlined, like the other.
  @inlinable @inline(never)
  static func dotTileFetchingNext<T: DotTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, apart: Int, _ accumulate: Bool,
    _ place: TilePlace
  ) where T.Operand == FourVectors<Vector> {
    let (rowBytes, partBytes) = (w.rowStride &* Element.byteCount, x.columns &* Element.byteCount / place.count)
    let step = Vector.scalarCount &* Element.byteCount / place.count
    var ahead = rowBytes &+ partBytes &* place.index
    dotTile(T.self, Element.self, x, w, y, apart: apart, accumulate) { _ in
      defer { ahead &+= step }
      return ahead
    }
  }

  /// The products themselves.
  ///
  /// - `ahead`: how many bytes from the beginning of each row of W memory is asked for, before the elements from a column on are multiplied.
  @inlinable @inline(__always)
  static func dotTile<T: DotTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, apart: Int, _ accumulate: Bool,
    ahead: (Int) -> Int
  ) where T.Operand == FourVectors<Vector> {
    let (x, xStride, depth) = (x.floats, x.rowStride, x.columns)
    let (w, bytes) = (w.base, apart &* w.rowStride &* Element.byteCount)
    // A row of W that does not exist is the first one read again; its results are not stored.
    let w1 = w + (y.columns > apart ? bytes : 0)
    let w2 = w + (y.columns > 2 &* apart ? 2 &* bytes : 0)
    let w3 = w + (y.columns > 3 &* apart ? 3 &* bytes : 0)
    let isFour = T.Width.rows > 3
    var tile = T()
    var p = 0
    while p &+ Vector.scalarCount <= depth {
      let offset = p &* Element.byteCount
      let next = ahead(p)
      prefetch(w + next)
      prefetch(w1 + next)
      prefetch(w2 + next)
      if isFour { prefetch(w3 + next) }
      let four = FourVectors<Vector>(
        Element.vector(at: w + offset, as: Vector.self), Element.vector(at: w1 + offset, as: Vector.self),
        Element.vector(at: w2 + offset, as: Vector.self),
        isFour ? Element.vector(at: w3 + offset, as: Vector.self) : .zero)
      tile.add(x + p, stride: xStride, four)
      p &+= Vector.scalarCount
    }
    tile.store(to: y, apart: apart, accumulate: accumulate)
    while p < depth {
      var (j, row) = (0, w + p &* Element.byteCount)
      while j < y.columns {
        let weight = Element.scalar(at: row)
        for i in 0..<T.rows { y[i][j] += x[i &* xStride &+ p] * weight }
        j &+= apart
        row += bytes
      }
      p &+= 1
    }
  }

  @inlinable @inline(__always)
  package static func weightedSum(
    _ weights: UnsafePointer<Float>, of x: StridedView, into out: UnsafeMutablePointer<Float>
  ) {
    switch x.type {
    case .float32: weightedSum(StoredFloat32.self, weights, x, out)
    case .float16: weightedSum(StoredFloat16.self, weights, x, out)
    case .bfloat16: weightedSum(StoredBFloat16.self, weights, x, out)
    }
  }

  @inlinable @inline(__always)
  static func weightedSum<Element: StoredElement>(
    _: Element.Type, _ weights: UnsafePointer<Float>, _ x: StridedView, _ out: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var j = 0
    while j &+ 2 &* lanes <= x.columns {
      var tile = Row<Vector, Arithmetic>()
      for i in 0..<x.rows {
        let row = x.base + (i &* x.rowStride &+ j) &* Element.byteCount
        let left = Element.vector(at: row, as: Vector.self)
        let right = Element.vector(at: row + lanes &* Element.byteCount, as: Vector.self)
        tile.add(weights + i, stride: 1, TwoVectors(left, right))
      }
      tile.store(to: MutableRows(out + j, rows: 1, columns: 2 &* lanes, stride: 0), accumulate: false)
      j &+= 2 &* lanes
    }
    while j < x.columns {
      var sum: Float = 0
      for i in 0..<x.rows {
        sum += weights[i] * Element.scalar(at: x.base + (i &* x.rowStride &+ j) &* Element.byteCount)
      }
      out[j] = sum
      j &+= 1
    }
  }

  @inlinable @inline(__always)
  package static func subtractCombination(
    from y: UnsafeMutablePointer<Float>, of x: UnsafePointer<Float>, depth: Int, coefficients: UnsafePointer<Float>
  ) {
    var lane = 0
    while lane < 32 {
      let target = UnsafeMutableRawPointer(y + lane)
      var row = UnsafeRawPointer(x + lane)
      var left = target.load(as: Vector.self)
      var right = target.load(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
      for s in 0..<depth {
        let factor = Vector(repeating: -coefficients[s])
        Arithmetic.accumulate(&left, factor, row.load(as: Vector.self))
        Arithmetic.accumulate(&right, factor, row.load(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self))
        row += 4 * 32
      }
      target.storeBytes(of: left, as: Vector.self)
      target.storeBytes(of: right, toByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
      lane &+= 2 &* Vector.scalarCount
    }
  }
}

/// The dense product that a tile takes part in.
@frozen @usableFromInline
package struct DenseDots<Kernel: InstructionSet, Element: StoredElement>: DotProduct
where Kernel.Vector: FloatLanes, Kernel.Arithmetic: MultiplyAdd {
  @usableFromInline package typealias Vector = Kernel.Vector
  @usableFromInline let w: StridedView
  @usableFromInline let apart: Int
  @usableFromInline let accumulate: Bool

  @inlinable @inline(__always)
  init(_ w: StridedView, apart: Int, accumulate: Bool) {
    (self.w, self.apart, self.accumulate) = (w, apart, accumulate)
  }

  @inlinable @inline(__always)
  package func multiply<T: DotTile>(_: T.Type, _ x: StridedView, to y: MutableRows, _ place: TilePlace)
  where T.Operand == FourVectors<Vector> {
    // Floats, of which twice as many bytes would wait in the caches, were slower where the next rows are asked for, and so was float16 in
    // some builds where there are more than three tiles.
    if Kernel.hasManyRegisters && Element.byteCount == 2 && 2...3 ~= place.count {
      Kernel.dotTileFetchingNext(T.self, Element.self, x, w, y, apart: apart, accumulate, place)
    } else {
      Kernel.dotTileReadingAhead(T.self, Element.self, x, w, y, apart: apart, accumulate, isFirst: place.index == 0)
    }
  }
}
