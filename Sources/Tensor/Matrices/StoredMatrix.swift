import KernelTemplate
import Support

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
  private var panels: PackedPanels?

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
  /// Bytes in memory.
  public var byteCount: Int { storage.byteCount }

  /// The same weight with its elements in Float beside it, in the order in which this kernel's tiles read them: 4 bytes an element,
  /// rows rounded up to whole tiles.
  ///
  /// Products of more than 32 rows need not pack it then, and give the same numbers to the bit. It pays where many products of some
  /// hundred rows follow one another; Documentation/Kernels.md has figures.
  public func packed() -> StoredMatrix {
    let kernel = Kernel.current
    guard kernel != .reference, count > 0 else { return self }
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
    withView { view in
      guard let panels else { return body(GeneralProduct.RightSide(view: view.part(rows: range))) }
      return panels.withPlace(from: range.lowerBound, for: Kernel.current) { place in
        body(GeneralProduct.RightSide(view: view.part(rows: range), packed: place))
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
    withBytes { bytes in
      let start = bytes + range.lowerBound * columns * elementType.byteCount
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

  /// Calls `body` with the first byte; valid during the call only.
  package func withBytes<R, E: Error>(_ body: (UnsafeRawPointer) throws(E) -> R) throws(E) -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeRawPointer(storage.pointer))
  }
}
