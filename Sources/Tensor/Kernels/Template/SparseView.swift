/// A matrix of which only the kept elements are stored, where it lies, to be read.
///
/// It holds nothing: it is valid as long as its elements are.
@frozen @usableFromInline
package struct SparseView {
  /// Bit c % 8 of byte c / 8 of a row tells whether column c is kept; readable for 8 bytes behind the last row.
  @usableFromInline package let bits: UnsafeRawPointer
  /// Bytes from one row of bits to the next.
  @usableFromInline package let bitStride: Int
  /// The kept elements of all rows, one behind the other; readable for 64 bytes behind the last one.
  @usableFromInline package let values: UnsafeRawPointer
  @usableFromInline package let type: StoredType
  /// Row r keeps the elements from `starts[r]` to `starts[r + 1]`.
  @usableFromInline package let starts: UnsafePointer<Int>
  @usableFromInline package let rows: Int
  @usableFromInline package let columns: Int

  @inlinable @inline(__always)
  package init(
    bits: UnsafeRawPointer, bitStride: Int, values: UnsafeRawPointer, _ type: StoredType, starts: UnsafePointer<Int>,
    rows: Int, columns: Int
  ) {
    self.bits = bits
    self.bitStride = bitStride
    self.values = values
    self.type = type
    self.starts = starts
    self.rows = rows
    self.columns = columns
  }

  /// Some of the rows.
  @inlinable @inline(__always)
  package func part(rows range: Range<Int>) -> SparseView {
    SparseView(
      bits: bits + range.lowerBound &* bitStride, bitStride: bitStride, values: values, type,
      starts: starts + range.lowerBound, rows: range.count, columns: columns)
  }

  /// The elements of all rows as one row: where they lie, to be fetched.
  @inlinable @inline(__always)
  package var elements: StridedView {
    let count = starts[rows] &- starts[0]
    return StridedView(values + starts[0] &* type.byteCount, type, rows: 1, columns: count, rowStride: count)
  }

  /// 64 bits of a row, from a column on that is a multiple of 8, the first one lowest; bits behind the row mean nothing.
  @inlinable @inline(__always)
  package func word(row: Int, column: Int) -> UInt64 {
    UInt64(littleEndian: (bits + (row &* bitStride &+ column &>> 3)).loadUnaligned(as: UInt64.self))
  }

  /// The same, with the bits of columns from `end` on cleared, which is behind the first one.
  @inlinable @inline(__always)
  package func word(row: Int, column: Int, end: Int) -> UInt64 {
    let (word, rest) = (word(row: row, column: column), end &- column)
    return rest < 64 ? word & (1 &<< UInt64(rest) &- 1) : word
  }
}
