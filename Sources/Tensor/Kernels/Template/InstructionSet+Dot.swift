extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  @usableFromInline package typealias OneDot = DotRow<Vector, Arithmetic>
  @usableFromInline package typealias TwoDots = DotStack<OneDot, OneDot>
  @usableFromInline package typealias FourDots = DotStack<TwoDots, TwoDots>

  @inlinable @inline(__always)
  package static func dotProducts(
    depth: Int, x: UnsafePointer<Float>, xStride: Int, rows: Int, w: UnsafeRawPointer, weight: StoredType, wStride: Int,
    outputs: Int, y: UnsafeMutablePointer<Float>, yStride: Int, accumulate: Bool
  ) {
    switch weight {
    case .float32:
      dots(depth, x, xStride, rows, w, StoredFloat32.self, wStride, outputs, y, yStride, accumulate)
    case .float16:
      dots(depth, x, xStride, rows, w, StoredFloat16.self, wStride, outputs, y, yStride, accumulate)
    case .bfloat16:
      dots(depth, x, xStride, rows, w, StoredBFloat16.self, wStride, outputs, y, yStride, accumulate)
    }
  }

  /// Four rows of W at a time, which then lie in the nearest caches for all rows of x.
  @inlinable @inline(__always)
  static func dots<Element: StoredElement>(
    _ depth: Int, _ x: UnsafePointer<Float>, _ xStride: Int, _ rows: Int, _ w: UnsafeRawPointer,
    _ element: Element.Type, _ wStride: Int, _ outputs: Int, _ y: UnsafeMutablePointer<Float>, _ yStride: Int,
    _ accumulate: Bool
  ) {
    var j = 0
    while j < outputs {
      let width = min(4, outputs &- j)
      let w = w + j &* wStride &* Element.byteCount
      var i = 0
      while i < rows {
        let (x, y) = (x + i &* xStride, y + (i &* yStride &+ j))
        if rows &- i >= 4 {
          dotTile(depth, x, xStride, w, Element.self, wStride, width, y, yStride, accumulate, i == 0, FourDots.self)
          i &+= 4
        } else if rows &- i >= 2 {
          dotTile(depth, x, xStride, w, Element.self, wStride, width, y, yStride, accumulate, i == 0, TwoDots.self)
          i &+= 2
        } else {
          dotTile(depth, x, xStride, w, Element.self, wStride, width, y, yStride, accumulate, i == 0, OneDot.self)
          i &+= 1
        }
      }
      j &+= 4
    }
  }

  @inlinable @inline(__always)
  static func dotTile<Element: StoredElement, Tile: DotTile>(
    _ depth: Int, _ x: UnsafePointer<Float>, _ xStride: Int, _ w: UnsafeRawPointer, _ element: Element.Type,
    _ wStride: Int, _ outputs: Int, _ y: UnsafeMutablePointer<Float>, _ yStride: Int, _ accumulate: Bool,
    _ isFirst: Bool, _ tile: Tile.Type
  ) where Tile.Vector == Vector {
    let bytes = wStride &* Element.byteCount
    // A row of W that does not exist is the first one read again; its results are not stored.
    let w1 = w + (outputs > 1 ? bytes : 0)
    let w2 = w + (outputs > 2 ? 2 &* bytes : 0)
    let w3 = w + (outputs > 3 ? 3 &* bytes : 0)
    // Rows within a page end before the processor has seen the pattern: the next four are asked for while these are read for the
    // first time. Longer rows it sees by itself, and they would drive x out of the nearest cache.
    let ahead = isFirst && bytes <= 4096 ? 4 &* bytes : 0
    var tile = Tile()
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
    tile.store(to: y, stride: yStride, outputs: outputs, accumulate: accumulate)
    while p < depth {
      for j in 0..<outputs {
        let weight = Element.scalar(at: w + (j &* bytes &+ p &* Element.byteCount))
        for i in 0..<Tile.rows { y[i &* yStride &+ j] += x[i &* xStride &+ p] * weight }
      }
      p &+= 1
    }
  }

  @inlinable @inline(__always)
  package static func weightedSum(
    weights: UnsafePointer<Float>, count: Int, rows: UnsafePointer<Float>, stride: Int, columns: Int,
    out: UnsafeMutablePointer<Float>
  ) {
    let lanes = Vector.scalarCount
    var j = 0
    while j &+ 2 &* lanes <= columns {
      var tile = Row<Vector, Arithmetic>()
      for i in 0..<count {
        let row = UnsafeRawPointer(rows + (i &* stride &+ j))
        tile.add(
          weights + i, row.loadUnaligned(as: Vector.self),
          row.loadUnaligned(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self))
      }
      tile.store(to: out + j, stride: 0)
      j &+= 2 &* lanes
    }
    while j < columns {
      var sum: Float = 0
      for i in 0..<count { sum += weights[i] * rows[i &* stride &+ j] }
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
