extension InstructionSet where Vector: FloatLanes, Arithmetic: MultiplyAdd {
  /// What `multiply` does, with a tile of the rows of `upper` and, below them, of `lower`.
  ///
  /// The tiles are arguments and not associated types: those would make the compiler emit code that looks them up at run time.
  @inlinable @inline(__always)
  package static func multiply<Upper: AccumulatorTile, Lower: AccumulatorTile>(
    _ upper: Upper.Type, _ lower: Lower.Type, depth: Int, a: UnsafePointer<Float>, aStride: Int,
    b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    stride: Int, rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>
  ) where Upper.Vector == Vector, Lower.Vector == Vector, Upper.Arithmetic == Lower.Arithmetic {
    let isWhole = rows == tileRows && columns == tileColumns
    let target = isWhole ? c : edge
    let targetStride = isWhole ? stride : tileColumns
    let adds = accumulate && isWhole
    // A product of few rows, or the last rows of one, takes a lower tile.
    if rows > Upper.rows {
      multiplyTile(depth, a, aStride, b, target, targetStride, adds, Stack<Upper, Lower>.self)
    } else if rows > Lower.rows {
      multiplyTile(depth, a, aStride, b, target, targetStride, adds, Upper.self)
    } else {
      multiplyTile(depth, a, aStride, b, target, targetStride, adds, Lower.self)
    }
    guard !isWhole else { return }
    for i in 0..<rows {
      for j in 0..<columns {
        let value = edge[i &* tileColumns &+ j]
        c[i &* stride &+ j] = accumulate ? c[i &* stride &+ j] + value : value
      }
    }
  }

  @inlinable @inline(__always)
  static func multiplyTile<Tile: AccumulatorTile>(
    _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ accumulate: Bool, _ tile: Tile.Type
  ) where Tile.Vector == Vector {
    var tile = Tile()
    var a = a
    var b = UnsafeRawPointer(b)
    for _ in 0..<depth {
      let left = b.load(as: Vector.self)
      let right = b.load(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
      tile.add(a, left, right)
      a += aStride
      b += 2 * MemoryLayout<Vector>.size
    }
    if accumulate { tile.add(contentsOf: c, stride: 4 &* stride) }
    tile.store(to: c, stride: 4 &* stride)
  }
}
