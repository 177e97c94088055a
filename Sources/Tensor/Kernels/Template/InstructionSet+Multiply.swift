extension InstructionSet
where
  Vector: FloatLanes, UpperTile: Tile, LowerTile: Tile, UpperTile.Operand == TwoVectors<Vector>,
  LowerTile.Operand == TwoVectors<Vector>
{
  @inlinable @inline(__always)
  package static var tileRows: Int { UpperTile.rows + LowerTile.rows }

  @inlinable @inline(__always)
  package static func multiply(
    _ a: Panel, _ b: Panel, into c: MutableRows, accumulate: Bool, edge: UnsafeMutablePointer<Float>,
    next: UnsafeRawPointer
  ) {
    let isWhole = c.rows == tileRows && c.columns == tileColumns
    let target = isWhole ? c : MutableRows(edge, rows: tileRows, columns: tileColumns, stride: tileColumns)
    let adds = accumulate && isWhole
    // A product of few rows, or the last rows of one, takes a lower tile.
    if c.rows > UpperTile.rows {
      multiplyTile(Stack<UpperTile, LowerTile>.self, a, b, target, adds, next)
    } else if c.rows > LowerTile.rows {
      multiplyTile(UpperTile.self, a, b, target, adds, next)
    } else {
      multiplyTile(LowerTile.self, a, b, target, adds, next)
    }
    guard !isWhole else { return }
    for i in 0..<c.rows {
      let (row, source) = (c[i], target[i])
      for j in 0..<c.columns { row[j] = accumulate ? row[j] + source[j] : source[j] }
    }
  }

  @inlinable @inline(__always)
  static func multiplyTile<T: Tile>(
    _: T.Type, _ panelA: Panel, _ panelB: Panel, _ c: MutableRows, _ accumulate: Bool, _ next: UnsafeRawPointer
  ) where T.Operand == TwoVectors<Vector> {
    var tile = T()
    var (a, b, next) = (panelA.elements, UnsafeRawPointer(panelB.elements), next)
    // A tile's rows of C lie far apart, where the processor does not see them coming.
    for i in 0..<T.rows {
      prefetch(c[i])
      prefetch(c[i] + (tileColumns &- 1))
    }
    var rest = panelA.depth
    while rest > 0 {
      prefetch(next)
      next += 64
      for _ in 0..<min(rest, stepsPerLine) {
        let left = b.load(as: Vector.self)
        let right = b.load(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
        tile.add(a, stride: 1, TwoVectors(left, right))
        a += panelA.stride
        b += 2 * MemoryLayout<Vector>.size
      }
      rest &-= stepsPerLine
    }
    tile.store(to: c, accumulate: accumulate)
  }
}

extension InstructionSet {
  /// Steps of a tile's depth for each line that `multiply` asks for ahead.
  @inlinable @inline(__always)
  package static var stepsPerLine: Int { 4 }
}
