extension InstructionSet
where
  Vector: FloatLanes, Arithmetic: MultiplyAdd, UpperTile: AccumulatorTile, LowerTile: AccumulatorTile,
  UpperTile.Vector == Vector, LowerTile.Vector == Vector, UpperTile.Arithmetic == LowerTile.Arithmetic
{
  @inlinable @inline(__always)
  package static var tileRows: Int { UpperTile.rows + LowerTile.rows }

  @inlinable @inline(__always)
  package static func multiply(
    depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    stride: Int, rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>, next: UnsafeRawPointer
  ) {
    let isWhole = rows == tileRows && columns == tileColumns
    let target = isWhole ? c : edge
    let targetStride = isWhole ? stride : tileColumns
    let adds = accumulate && isWhole
    // A product of few rows, or the last rows of one, takes a lower tile.
    if rows > UpperTile.rows {
      multiplyTile(depth, a, aStride, b, target, targetStride, adds, next, Stack<UpperTile, LowerTile>.self)
    } else if rows > LowerTile.rows {
      multiplyTile(depth, a, aStride, b, target, targetStride, adds, next, UpperTile.self)
    } else {
      multiplyTile(depth, a, aStride, b, target, targetStride, adds, next, LowerTile.self)
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
    _ c: UnsafeMutablePointer<Float>, _ stride: Int, _ accumulate: Bool, _ next: UnsafeRawPointer, _ tile: Tile.Type
  ) where Tile.Vector == Vector {
    var tile = Tile()
    var (a, b, next) = (a, UnsafeRawPointer(b), next)
    // A tile's rows of C lie far apart, where the processor does not see them coming.
    for i in 0..<Tile.rows {
      prefetch(c + i &* stride)
      prefetch(c + (i &* stride &+ tileColumns &- 1))
    }
    var rest = depth
    while rest > 0 {
      prefetch(next)
      next += 64
      for _ in 0..<min(rest, stepsPerLine) {
        let left = b.load(as: Vector.self)
        let right = b.load(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
        tile.add(a, left, right)
        a += aStride
        b += 2 * MemoryLayout<Vector>.size
      }
      rest &-= stepsPerLine
    }
    if accumulate { tile.add(contentsOf: c, stride: 4 &* stride) }
    tile.store(to: c, stride: 4 &* stride)
  }
}

extension InstructionSet {
  /// Steps of a tile's depth for each line that `multiply` asks for ahead.
  @inlinable @inline(__always)
  package static var stepsPerLine: Int { 4 }
}
