/// Rows of floats where they lie, to be written: a matrix, or a part of one.
///
/// It holds nothing: it is valid as long as its elements are.
@frozen @usableFromInline
package struct MutableRows {
  @usableFromInline package let first: UnsafeMutablePointer<Float>
  @usableFromInline package let rows: Int
  @usableFromInline package let columns: Int
  /// Floats from one row to the next.
  @usableFromInline package let stride: Int

  @inlinable @inline(__always)
  package init(_ first: UnsafeMutablePointer<Float>, rows: Int, columns: Int, stride: Int) {
    self.first = first
    self.rows = rows
    self.columns = columns
    self.stride = stride
  }

  /// The first element of a row.
  @inlinable @inline(__always)
  package subscript(row: Int) -> UnsafeMutablePointer<Float> { first + row &* stride }

  /// Some rows of some columns.
  @inlinable @inline(__always)
  package func part(rows: Range<Int>, columns: Range<Int>) -> MutableRows {
    MutableRows(self[rows.lowerBound] + columns.lowerBound, rows: rows.count, columns: columns.count, stride: stride)
  }

  /// All rows from one on.
  @inlinable @inline(__always)
  package func below(_ row: Int) -> MutableRows {
    MutableRows(self[row], rows: rows &- row, columns: columns, stride: stride)
  }

  /// All columns from one on.
  @inlinable @inline(__always)
  package func beside(_ column: Int) -> MutableRows {
    MutableRows(first + column, rows: rows, columns: columns &- column, stride: stride)
  }

  /// The same elements, to be read.
  @inlinable @inline(__always)
  package var view: StridedView { StridedView(first, rows: rows, columns: columns, rowStride: stride) }
}
