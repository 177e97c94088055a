extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @usableFromInline package typealias OneDot = DotRow<Vector, Arithmetic>
  @usableFromInline package typealias TwoDots = Stack<OneDot, OneDot>
  @usableFromInline package typealias FourDots = Stack<TwoDots, TwoDots>

  @inlinable @inline(__always)
  package static func dotProducts(_ x: StridedView, _ w: StridedView, into y: MutableRows, accumulate: Bool) {
    switch w.type {
    case .float32: dots(StoredFloat32.self, x, w, y, accumulate)
    case .float16: dots(StoredFloat16.self, x, w, y, accumulate)
    case .bfloat16: dots(StoredBFloat16.self, x, w, y, accumulate)
    }
  }

  /// Four rows of W at a time, which then lie in the nearest caches for all rows of x.
  ///
  /// The four are a quarter of W apart: a processor fetches ahead within a page, so that four places come from memory faster than one.
  @inlinable @inline(__always)
  static func dots<Element: StoredElement>(
    _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, _ accumulate: Bool
  ) {
    let quarter = (y.columns &+ 3) / 4
    for j in 0..<quarter {
      let w = w.part(rows: j..<w.rows)
      var i = 0
      while i < y.rows {
        let rest = i..<y.rows
        let (x, y) = (x.part(rows: rest), y.part(rows: rest, columns: j..<y.columns))
        if y.rows >= 4 {
          i &+= dotTile(FourDots.self, Element.self, x, w, y, apart: quarter, accumulate, i == 0)
        } else if y.rows >= 2 {
          i &+= dotTile(TwoDots.self, Element.self, x, w, y, apart: quarter, accumulate, i == 0)
        } else {
          i &+= dotTile(OneDot.self, Element.self, x, w, y, apart: quarter, accumulate, i == 0)
        }
      }
    }
  }

  /// How far ahead of a row's values memory is asked for.
  ///
  /// Of 256 bytes to 4 KiB, 1 KiB and more were fastest.
  @inlinable @inline(__always)
  static var aheadBytes: Int { 2048 }

  /// A tile's rows of Y, of which it returns the number, and of its columns the first one and up to three more, `apart` from each other.
  @inlinable @inline(__always)
  static func dotTile<T: DotTile, Element: StoredElement>(
    _: T.Type, _: Element.Type, _ x: StridedView, _ w: StridedView, _ y: MutableRows, apart: Int, _ accumulate: Bool,
    _ isFirst: Bool
  ) -> Int where T.Operand == FourVectors<Vector> {
    let (x, xStride, depth) = (x.floats, x.rowStride, x.columns)
    let (w, bytes) = (w.base, apart &* w.rowStride &* Element.byteCount)
    // A row of W that does not exist is the first one read again; its results are not stored.
    let w1 = w + (y.columns > apart ? bytes : 0)
    let w2 = w + (y.columns > 2 &* apart ? 2 &* bytes : 0)
    let w3 = w + (y.columns > 3 &* apart ? 3 &* bytes : 0)
    // What lies ahead is asked for while the rows are read for the first time: also what the processor would fetch by itself comes
    // sooner, since it begins anew in every page.
    let ahead = isFirst ? aheadBytes : 0
    var tile = T()
    var p = 0
    while p &+ Vector.scalarCount <= depth {
      let offset = p &* Element.byteCount
      prefetch(w + (ahead &+ offset))
      prefetch(w1 + (ahead &+ offset))
      prefetch(w2 + (ahead &+ offset))
      prefetch(w3 + (ahead &+ offset))
      let four = FourVectors<Vector>(
        Element.vector(at: w + offset, as: Vector.self), Element.vector(at: w1 + offset, as: Vector.self),
        Element.vector(at: w2 + offset, as: Vector.self), Element.vector(at: w3 + offset, as: Vector.self))
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
    return T.rows
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
