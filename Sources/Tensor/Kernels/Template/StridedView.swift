/// A matrix in any stored type where it lies, to be read: a weight, the rows of a matrix or, transposed, its columns.
///
/// One of the strides is 1. A view holds nothing: it is valid as long as its elements are.
@frozen @usableFromInline
package struct StridedView {
  @usableFromInline package let base: UnsafeRawPointer
  @usableFromInline package let type: StoredType
  @usableFromInline package let rows: Int
  @usableFromInline package let columns: Int
  /// Elements from one row to the next.
  @usableFromInline package let rowStride: Int
  /// Elements from one column to the next.
  @usableFromInline package let columnStride: Int

  @inlinable @inline(__always)
  package init(
    _ base: UnsafeRawPointer, _ type: StoredType = .float32, rows: Int, columns: Int, rowStride: Int,
    columnStride: Int = 1
  ) {
    self.base = base
    self.type = type
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The first element of a view of floats.
  @inlinable @inline(__always)
  package var floats: UnsafePointer<Float> { base.assumingMemoryBound(to: Float.self) }

  /// Columns as rows.
  @inlinable @inline(__always)
  package var transposed: StridedView {
    StridedView(base, type, rows: columns, columns: rows, rowStride: columnStride, columnStride: rowStride)
  }

  /// Some rows of some columns, all of them unless told otherwise.
  @inlinable @inline(__always)
  package func part(rows: Range<Int>, columns: Range<Int>? = nil) -> StridedView {
    let columns = columns ?? 0..<self.columns
    let index = rows.lowerBound &* rowStride &+ columns.lowerBound &* columnStride
    return StridedView(
      base + index &* type.byteCount, type, rows: rows.count, columns: columns.count, rowStride: rowStride,
      columnStride: columnStride)
  }
}

/// How a kernel finds its weights stored.
@frozen @usableFromInline
package enum StoredType: Sendable {
  case float32
  case float16
  case bfloat16

  /// Bytes an element takes.
  @inlinable @inline(__always)
  package var byteCount: Int {
    switch self {
    case .float32: 4
    case .float16, .bfloat16: 2
    }
  }
}
