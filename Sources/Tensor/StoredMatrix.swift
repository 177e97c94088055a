/// A weight as the checkpoint stores it: (rows, columns), row-major, in one of the element types.
///
/// Products read it in this form and widen while packing, so a model in memory is as large as its files. Immutable.
public struct StoredMatrix: Sendable {
  /// Number of rows; for a linear layer, its outputs.
  public let rows: Int
  /// Number of columns; for a linear layer, its inputs.
  public let columns: Int
  /// How the elements are stored.
  public let elementType: ElementType
  private let storage: AlignedStorage

  /// Takes over little-endian elements, row by row.
  package init(rows: Int, columns: Int, elementType: ElementType, storage: AlignedStorage) {
    precondition(storage.byteCount == rows * columns * elementType.byteCount)
    self.rows = rows
    self.columns = columns
    self.elementType = elementType
    self.storage = storage
  }

  /// Rounds a matrix to an element type, to nearest, ties to even; zeros stay exact.
  public init(_ matrix: Matrix, as elementType: ElementType) {
    let storage = AlignedStorage(byteCount: matrix.count * elementType.byteCount)
    matrix.withElements { source in
      switch elementType {
      case .float32:
        storage.bytes.copyMemory(from: UnsafeRawBufferPointer(start: source, count: storage.byteCount))
      case .float16:
        let target = storage.pointer.assumingMemoryBound(to: UInt16.self)
        for i in 0..<matrix.count { target[i] = Half.rounded(source[i]) }
      case .bfloat16:
        let target = storage.pointer.assumingMemoryBound(to: UInt16.self)
        for i in 0..<matrix.count { target[i] = BFloat16.rounded(source[i]) }
      }
    }
    self.init(rows: matrix.rows, columns: matrix.columns, elementType: elementType, storage: storage)
  }

  /// Number of elements.
  public var count: Int { rows * columns }
  /// Bytes in memory.
  public var byteCount: Int { storage.byteCount }

  /// The elements as Float; exact.
  public func widened() -> Matrix {
    var result = Matrix(uninitializedRows: rows, columns: columns)
    result.withMutableElements { widen(0..<rows, into: $0) }
    return result
  }

  /// Widens some rows into `target`, (range.count, columns).
  package func widen(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    let count = range.count * columns
    withBytes { bytes in
      let start = bytes + range.lowerBound * columns * elementType.byteCount
      switch elementType {
      case .float32:
        UnsafeMutableRawPointer(target).copyMemory(from: start, byteCount: 4 * count)
      case .float16:
        let source = start.assumingMemoryBound(to: UInt16.self)
        for i in 0..<count { target[i] = Half.widened(source[i]) }
      case .bfloat16:
        let source = start.assumingMemoryBound(to: UInt16.self)
        for i in 0..<count { target[i] = BFloat16.widened(source[i]) }
      }
    }
  }

  /// Number of elements that are zero, of either sign.
  public var zeroCount: Int {
    withBytes { bytes in
      switch elementType {
      case .float32:
        let source = bytes.assumingMemoryBound(to: UInt32.self)
        return (0..<count).reduce(0) { $0 + (source[$1] & 0x7FFF_FFFF == 0 ? 1 : 0) }
      case .float16, .bfloat16:
        let source = bytes.assumingMemoryBound(to: UInt16.self)
        return (0..<count).reduce(0) { $0 + (source[$1] & 0x7FFF == 0 ? 1 : 0) }
      }
    }
  }

  /// The position of the first element that is NaN or infinite, or nil where all are finite.
  package var firstNonFiniteIndex: Int? {
    withBytes { bytes in
      switch elementType {
      case .float32:
        let source = bytes.assumingMemoryBound(to: UInt32.self)
        return (0..<count).first { source[$0] & 0x7F80_0000 == 0x7F80_0000 }
      case .float16:
        let source = bytes.assumingMemoryBound(to: UInt16.self)
        return (0..<count).first { source[$0] & 0x7C00 == 0x7C00 }
      case .bfloat16:
        let source = bytes.assumingMemoryBound(to: UInt16.self)
        return (0..<count).first { source[$0] & 0x7F80 == 0x7F80 }
      }
    }
  }

  /// Calls `body` with the first byte; valid during the call only.
  package func withBytes<R>(_ body: (UnsafeRawPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawPointer(storage.pointer))
  }
}
