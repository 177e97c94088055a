import KernelTemplate
import Support

/// A weight as the checkpoint stores it: (rows, columns), row-major, in one of the element types.
///
/// Products read it in this form and widen while packing, so a model in memory is as large as its files. A compressed one leaves its
/// zeros out, which every function here makes up for; products by its rows are sparse. Immutable.
public struct StoredMatrix: Sendable {
  /// Number of rows; for a linear layer, its outputs.
  public let rows: Int
  /// Number of columns; for a linear layer, its inputs.
  public let columns: Int
  /// How the elements are stored.
  public let elementType: ElementType
  private let contents: Contents
  private var panels: PackedPanels?

  private enum Contents {
    /// (rows, columns) elements.
    case dense(AlignedStorage)
    case sparse(SparseMatrix)
  }

  /// Takes over little-endian elements, row by row.
  package init(rows: Int, columns: Int, elementType: ElementType, storage: AlignedStorage) {
    precondition(storage.byteCount == rows * columns * elementType.byteCount)
    self.rows = rows
    self.columns = columns
    self.elementType = elementType
    contents = .dense(storage)
  }

  init(_ sparse: SparseMatrix) {
    (rows, columns, elementType) = (sparse.rows, sparse.columns, sparse.elementType)
    contents = .sparse(sparse)
  }

  /// Rounds a matrix to an element type, to nearest, ties to even; zeros stay exact.
  public init(_ matrix: Matrix, as elementType: ElementType) {
    let storage = AlignedStorage(byteCount: matrix.count * elementType.byteCount)
    matrix.withElements { source in
      let target = storage.pointer
      Parallel.forEachRange(matrix.count, grain: Self.chunk) { range in
        switch elementType {
        case .float32:
          (target + 4 * range.lowerBound).copyMemory(from: source + range.lowerBound, byteCount: 4 * range.count)
        case .float16:
          let target = target.assumingMemoryBound(to: UInt16.self)
          for i in range { target[i] = Half.rounded(source[i]) }
        case .bfloat16:
          let target = target.assumingMemoryBound(to: UInt16.self)
          for i in range { target[i] = BFloat16.rounded(source[i]) }
        }
      }
    }
    self.init(rows: matrix.rows, columns: matrix.columns, elementType: elementType, storage: storage)
  }

  /// Number of elements.
  public var count: Int { rows * columns }
  /// Bytes of the elements, zeros included.
  public var byteCount: Int { count * elementType.byteCount }
  /// Bytes in memory, panels apart: fewer where the matrix is compressed.
  public var residentByteCount: Int { sparse?.byteCount ?? byteCount }
  /// Whether the zeros are left out.
  public var isCompressed: Bool { sparse != nil }

  var sparse: SparseMatrix? {
    if case .sparse(let matrix) = contents { matrix } else { nil }
  }

  /// The same weight without its zeros: 1 bit an element, and the elements that are not +0.
  ///
  /// Products by its rows multiply by those alone. All other functions expand it first.
  public func compressed() -> StoredMatrix {
    isCompressed ? self : StoredMatrix(sparseForm())
  }

  /// The bitmap and the kept elements: those that it has, or new ones.
  func sparseForm() -> SparseMatrix {
    sparse ?? withBytes { SparseMatrix($0, rows: rows, columns: columns, elementType: elementType) }
  }

  /// The same weight with its zeros.
  public func expanded() -> StoredMatrix {
    guard let sparse else { return self }
    let storage = AlignedStorage(byteCount: byteCount)
    sparse.expand(0..<rows, into: storage.pointer)
    return StoredMatrix(rows: rows, columns: columns, elementType: elementType, storage: storage)
  }

  /// The same elements, row by row, in another shape.
  ///
  /// - Precondition: the shape has as many elements.
  func reshaped(rows: Int, columns: Int) -> StoredMatrix {
    guard case .dense(let storage) = expanded().contents else { return self }
    return StoredMatrix(rows: rows, columns: columns, elementType: elementType, storage: storage)
  }

  /// The same weight with its elements in Float beside it, in the order in which this kernel's tiles read them: 4 bytes an element,
  /// rows rounded up to whole tiles.
  ///
  /// Products of more than 23 rows need not pack it then, and give the same numbers to the bit. It pays where many products of some
  /// hundred rows follow one another; Documentation/Kernels.md has figures.
  public func packed() -> StoredMatrix {
    let kernel = Kernel.current
    guard kernel != .reference, count > 0, !isCompressed else { return self }
    var result = self
    result.panels = withView { PackedPanels($0, for: kernel) }
    return result
  }

  /// Calls `body` with the elements where they lie, for kernels; valid during the call only.
  func withView<R>(_ body: (StridedView) -> R) -> R {
    withBytes { body(StridedView($0, elementType.stored, rows: rows, columns: columns, rowStride: columns)) }
  }

  /// Calls `body` with some rows as the right side of a product; valid during the call only.
  func withRightSide<R>(rows range: Range<Int>, _ body: (GeneralProduct.RightSide) -> R) -> R {
    // The oracle has no zeros left out.
    if let sparse, Kernel.current != .reference {
      return sparse.withView { body(.sparse($0.part(rows: range), way: sparse.way)) }
    }
    return withView { view in
      guard let panels else { return body(.dense(view.part(rows: range))) }
      return panels.withPlace(from: range.lowerBound, for: Kernel.current) { place in
        body(.dense(view.part(rows: range), packed: place))
      }
    }
  }

  /// The elements as Float; exact.
  public func widened() -> Matrix {
    var result = Matrix(uninitializedRows: rows, columns: columns)
    result.withMutableElements { widen(0..<rows, into: $0) }
    return result
  }

  /// Widens some rows into `target`, (range.count, columns).
  package func widen(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= rows)
    let instructions = Kernel.current.instructions
    withBytes(rows: range) { start in
      Parallel.forEachRange(range.count * columns, grain: Self.chunk) { chunk in
        instructions.widen(
          source: start + chunk.lowerBound * elementType.byteCount, type: elementType.stored, count: chunk.count,
          target: target + chunk.lowerBound)
      }
    }
  }

  /// Elements of a task: enough to pay for handing it out.
  private static let chunk = 1 << 16

  /// Number of elements that are zero, of either sign.
  public var zeroCount: Int {
    if let sparse {
      // -0 is stored.
      return count - sparse.keptCount + sparse.storedValues.zeroCount
    }
    func zeros<Bits: FixedWidthInteger>(_ bits: UnsafePointer<Bits>, _ range: Range<Int>) -> Int {
      range.reduce(0) { $0 + (bits[$1] &<< 1 == 0 ? 1 : 0) }
    }
    return chunkResults(zeros, zeros).reduce(0, +)
  }

  /// What the function for the width of the elements returns for consecutive ones, in their order.
  private func chunkResults<R>(
    _ narrow: (UnsafePointer<UInt16>, Range<Int>) -> R, _ wide: (UnsafePointer<UInt32>, Range<Int>) -> R
  ) -> [R] {
    withBytes { bytes in
      Parallel.map((count + Self.chunk - 1) / Self.chunk) { index in
        let range = index * Self.chunk..<min(count, (index + 1) * Self.chunk)
        return elementType == .float32
          ? wide(bytes.assumingMemoryBound(to: UInt32.self), range)
          : narrow(bytes.assumingMemoryBound(to: UInt16.self), range)
      }
    }
  }

  /// The position of the first element that is NaN or infinite, or nil where all are finite.
  package var firstNonFiniteIndex: Int? {
    if let sparse, sparse.storedValues.firstNonFiniteIndex == nil { return nil }
    // All ones in the exponent.
    let exponent: UInt32 =
      switch elementType {
      case .float32: 0x7F80_0000
      case .float16: 0x7C00
      case .bfloat16: 0x7F80
      }
    func first<Bits: FixedWidthInteger>(_ bits: UnsafePointer<Bits>, _ range: Range<Int>) -> Int? {
      let exponent = Bits(truncatingIfNeeded: exponent)
      return range.first { bits[$0] & exponent == exponent }
    }
    return chunkResults(first, first).lazy.compactMap { $0 }.first
  }

  /// Calls `body` with the first byte of the elements, zeros included; valid during the call only.
  package func withBytes<R, E: Error>(_ body: (UnsafeRawPointer) throws(E) -> R) throws(E) -> R {
    try withBytes(rows: 0..<rows, body)
  }

  /// Calls `body` with the first byte of some rows; valid during the call only.
  private func withBytes<R, E: Error>(
    rows range: Range<Int>, _ body: (UnsafeRawPointer) throws(E) -> R
  ) throws(E) -> R {
    let rowBytes = columns * elementType.byteCount
    switch contents {
    case .dense(let storage):
      defer { withExtendedLifetime(storage) {} }
      return try body(UnsafeRawPointer(storage.pointer) + range.lowerBound * rowBytes)
    case .sparse(let matrix):
      let storage = AlignedStorage(byteCount: range.count * rowBytes)
      defer { withExtendedLifetime(storage) {} }
      matrix.expand(range, into: storage.pointer)
      return try body(UnsafeRawPointer(storage.pointer))
    }
  }
}
