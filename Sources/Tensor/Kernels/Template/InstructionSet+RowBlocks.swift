extension InstructionSet
where
  Vector: FloatLanes, Arithmetic: MultiplyAdd, UpperTile: WideTile, LowerTile: WideTile,
  UpperTile.Operand == TwoVectors<Vector>,
  LowerTile.Operand == TwoVectors<Vector>
{
  @inlinable @inline(__always)
  package static func multiplyRows(
    _ w: RowBlock, by x: UnsafePointer<Float>, into c: MutableRows, accumulate: Bool, next: StridedView
  ) {
    let panels = (c.columns &+ tileColumns &- 1) / tileColumns
    var ahead = RowLines(of: next, parts: panels &* ((w.depth &+ stepsPerLine &- 1) / stepsPerLine))
    var j = 0
    while j < c.columns {
      let b = Panel(x + j &* w.depth, depth: w.depth, stride: min(tileColumns, c.columns &- j))
      let target = MutableRows(c[0] + j, rows: tileRows, columns: b.stride, stride: c.stride)
      // The last rows of a weight take a lower tile.
      if w.rows > UpperTile.rows {
        multiplyBlock(Stack<UpperTile, LowerTile>.self, w, b, target, accumulate, &ahead)
      } else if w.rows > LowerTile.rows {
        multiplyBlock(UpperTile.self, w, b, target, accumulate, &ahead)
      } else {
        multiplyBlock(LowerTile.self, w, b, target, accumulate, &ahead)
      }
      j &+= tileColumns
    }
  }

  @inlinable @inline(__always)
  package static func fetch(_ view: StridedView) {
    var lines = RowLines(of: view, parts: 1)
    lines.prefetchPart()
  }

  /// The rows by a panel of two vectors, or of one.
  @inlinable @inline(__always)
  static func multiplyBlock<T: WideTile>(
    _: T.Type, _ w: RowBlock, _ panel: Panel, _ c: MutableRows, _ accumulate: Bool, _ ahead: inout RowLines
  ) where T.Operand == TwoVectors<Vector> {
    var tile = T()
    var (a, b, rest) = (w.elements, UnsafeRawPointer(panel.elements), panel.depth)
    if panel.stride == tileColumns {
      while rest > 0 {
        ahead.prefetchPart()
        for _ in 0..<min(rest, stepsPerLine) {
          let left = b.load(as: Vector.self)
          let right = b.load(fromByteOffset: MemoryLayout<Vector>.size, as: Vector.self)
          tile.add(a, stride: RowBlock.stride, TwoVectors(left, right))
          a += 1
          b += 2 * MemoryLayout<Vector>.size
        }
        rest &-= stepsPerLine
      }
      tile.store(to: c, accumulate: accumulate)
    } else {
      while rest > 0 {
        ahead.prefetchPart()
        for _ in 0..<min(rest, stepsPerLine) {
          let left = b.load(as: Vector.self)
          tile.addLeft(a, stride: RowBlock.stride, TwoVectors(left, left))
          a += 1
          b += MemoryLayout<Vector>.size
        }
        rest &-= stepsPerLine
      }
      tile.storeLeft(to: c, accumulate: accumulate)
    }
  }
}

/// Some rows of a weight within a block of its columns, as floats.
///
/// It holds nothing: it is valid as long as its elements are.
@frozen @usableFromInline
package struct RowBlock {
  @usableFromInline package let elements: UnsafePointer<Float>
  @usableFromInline package let rows: Int
  @usableFromInline package let depth: Int

  @inlinable @inline(__always)
  package init(_ elements: UnsafePointer<Float>, rows: Int, depth: Int) {
    (self.elements, self.rows, self.depth) = (elements, rows, depth)
  }

  /// Columns at most.
  @inlinable @inline(__always)
  package static var mostColumns: Int { 256 }
  /// Floats from one row to the next: an odd number of cache lines, so that equal columns of all rows lie in different sets of the cache.
  @inlinable @inline(__always)
  package static var stride: Int { mostColumns &+ 16 }
}

/// The cache lines of some rows, to be asked for in equal parts.
@frozen @usableFromInline
package struct RowLines {
  @usableFromInline var line: UnsafeRawPointer
  /// Lines of the row that have not been asked for.
  @usableFromInline var rest: Int
  /// Rows, this one included.
  @usableFromInline var rows: Int
  /// Lines of a row.
  @usableFromInline let lines: Int
  /// Bytes from the end of a row's last line to the next row.
  @usableFromInline let skip: Int
  /// Lines of a part.
  @usableFromInline let partLines: Int

  @inlinable @inline(__always)
  init(of view: StridedView, parts: Int) {
    let bytes = view.type.byteCount
    (line, rows, lines) = (view.base, view.rows, (view.columns &* bytes &+ 63) / 64)
    rest = lines
    skip = view.rowStride &* bytes &- 64 &* lines
    partLines = (lines &* rows &+ parts &- 1) / parts
  }

  /// Asks for the next part, as far as there are lines.
  @inlinable @inline(__always)
  mutating func prefetchPart() {
    for _ in 0..<partLines where rows > 0 {
      prefetch(line)
      line += 64
      rest &-= 1
      if rest == 0 {
        rest = lines
        rows &-= 1
        line += skip
      }
    }
  }
}
