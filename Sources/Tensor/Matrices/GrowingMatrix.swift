import KernelTemplate

/// Rows that further ones are appended to, (rows, columns), in one of the element types.
///
///     var keys = GrowingMatrix(.bfloat16)
///     keys.append(newKeys)   // rounded to nearest, ties to even
package struct GrowingMatrix: Sendable {
  package let elementType: ElementType
  package private(set) var rows = 0
  package private(set) var columns = 0
  /// (capacity, columns) elements.
  private var storage = AlignedStorage(byteCount: 0)
  /// Rows that are made room for at once.
  private let expected: Int

  /// No rows, of which `expecting` are to come; more may.
  package init(_ elementType: ElementType, expecting: Int = 0) {
    (self.elementType, expected) = (elementType, expecting)
  }

  private var rowBytes: Int { columns * elementType.byteCount }

  /// Appends rows, rounded to the element type.
  ///
  /// - Precondition: they have as many columns as those before.
  package mutating func append(_ matrix: Matrix) {
    precondition(rows == 0 || matrix.columns == columns, "all rows must have the same columns")
    columns = matrix.columns
    let needed = rows + matrix.rows
    let hasRoom = needed * rowBytes <= storage.byteCount
    if !hasRoom || !isKnownUniquelyReferenced(&storage) {
      // Twice the room each time: a row costs its own copy and, on average, one more.
      let larger = AlignedStorage(byteCount: hasRoom ? storage.byteCount : max(needed, 2 * rows, expected) * rowBytes)
      larger.pointer.copyMemory(from: storage.pointer, byteCount: rows * rowBytes)
      storage = larger
    }
    let target = storage.pointer + rows * rowBytes
    StoredMatrix(matrix, as: elementType).withBytes {
      target.copyMemory(from: $0, byteCount: matrix.rows * rowBytes)
    }
    rows = needed
  }

  /// The rows as floats.
  package var widened: Matrix {
    let exact = AlignedStorage(byteCount: rows * rowBytes)
    exact.pointer.copyMemory(from: storage.pointer, byteCount: rows * rowBytes)
    return StoredMatrix(rows: rows, columns: columns, elementType: elementType, storage: exact).widened()
  }

  /// Calls `body` with the rows where they lie; valid during the call only.
  func withView<R>(_ body: (StridedView) -> R) -> R {
    defer { withExtendedLifetime(storage) {} }
    return body(StridedView(storage.pointer, elementType.stored, rows: rows, columns: columns, rowStride: columns))
  }
}
