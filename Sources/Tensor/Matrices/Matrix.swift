import KernelTemplate
import Support

/// A dense matrix of Float, row-major, rows directly behind one another, 64-byte aligned.
///
/// A value: copies share their elements until one of them is written.
public struct Matrix: Sendable {
  /// Number of rows.
  public let rows: Int
  /// Number of columns.
  public let columns: Int
  private var storage: AlignedStorage

  /// A matrix of zeros, (rows, columns).
  public init(rows: Int, columns: Int) {
    self.init(uninitializedRows: rows, columns: columns)
    storage.bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// A matrix whose elements the caller writes before anybody reads them.
  package init(uninitializedRows rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0, "a matrix cannot have \(rows) rows and \(columns) columns")
    self.rows = rows
    self.columns = columns
    storage = AlignedStorage(byteCount: rows * columns * MemoryLayout<Float>.stride)
  }

  /// A matrix with the given elements, row by row.
  ///
  /// - Precondition: `elements.count == rows * columns`.
  public init(rows: Int, columns: Int, elements: [Float]) {
    precondition(elements.count == rows * columns, "\(elements.count) elements are not \(rows) times \(columns)")
    self.init(uninitializedRows: rows, columns: columns)
    elements.withUnsafeBytes { storage.bytes.copyMemory(from: $0) }
  }

  /// Number of elements.
  public var count: Int { rows * columns }

  /// One element.
  public subscript(row: Int, column: Int) -> Float {
    get {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "(\(row), \(column)) is outside")
      return withElements { $0[row * columns + column] }
    }
    set {
      precondition(row >= 0 && row < rows && column >= 0 && column < columns, "(\(row), \(column)) is outside")
      let index = row * columns + column
      withMutableElements { $0[index] = newValue }
    }
  }

  /// All elements, row by row.
  public var elements: [Float] {
    withElements { Array(UnsafeBufferPointer(start: $0, count: count)) }
  }

  /// Calls `body` with the first element; valid during the call only.
  public func withElements<R>(_ body: (UnsafePointer<Float>) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafePointer(storage.pointer.assumingMemoryBound(to: Float.self)))
  }

  /// Calls `body` with the first element for writing; valid during the call only.
  ///
  /// Copies the elements first where another value shares them.
  public mutating func withMutableElements<R>(_ body: (UnsafeMutablePointer<Float>) throws -> R) rethrows -> R {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.pointer.assumingMemoryBound(to: Float.self))
  }

  /// Calls `body` with the elements where they lie, for kernels; valid during the call only.
  package func withView<R>(_ body: (StridedView) -> R) -> R {
    withElements { body(StridedView($0, rows: rows, columns: columns, rowStride: columns)) }
  }

  /// Calls `body` with the elements where they lie, for kernels to write; valid during the call only.
  package mutating func withMutableRows<R>(_ body: (MutableRows) -> R) -> R {
    let (rows, columns) = (rows, columns)
    return withMutableElements { body(MutableRows($0, rows: rows, columns: columns, stride: columns)) }
  }

  /// The rows of a range as a matrix of their own.
  public func rows(_ range: Range<Int>) -> Matrix { block(rows: range, columns: 0..<columns) }

  /// Some rows, in the order of their indices, as a matrix of their own.
  package func rows(_ indices: [Int]) -> Matrix {
    precondition(indices.allSatisfy((0..<rows).contains), "some of the rows are outside")
    var result = Matrix(uninitializedRows: indices.count, columns: columns)
    withElements { source in
      result.withMutableElements { target in
        for (i, row) in indices.enumerated() {
          (target + i * columns).update(from: source + row * columns, count: columns)
        }
      }
    }
    return result
  }

  /// A part of the matrix as a matrix of its own.
  package func block(rows part: Range<Int>, columns range: Range<Int>) -> Matrix {
    precondition(part.lowerBound >= 0 && part.upperBound <= rows, "rows \(part) are outside")
    precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) are outside")
    var result = Matrix(uninitializedRows: part.count, columns: range.count)
    withElements { source in
      result.withMutableElements { target in
        for (i, row) in part.enumerated() {
          (target + i * range.count).update(from: source + row * columns + range.lowerBound, count: range.count)
        }
      }
    }
    return result
  }

  /// Overwrites a part of the matrix, from (row, column) on.
  package mutating func replaceBlock(row: Int, column: Int, with part: Matrix) {
    precondition(row >= 0 && row + part.rows <= rows, "rows from \(row) stick out")
    precondition(column >= 0 && column + part.columns <= columns, "columns from \(column) stick out")
    let columns = columns
    withMutableElements { target in
      part.withElements { source in
        for i in 0..<part.rows {
          (target + (row + i) * columns + column).update(from: source + i * part.columns, count: part.columns)
        }
      }
    }
  }

  /// Whether every element is a finite number.
  package var isFinite: Bool {
    let tasks = (rows + 63) / 64
    // x - x is zero for a finite x and NaN for any other: one bit that a vector instruction can find.
    return withElements { x in
      let differences = Parallel.map(tasks) { task in
        var bits: UInt32 = 0
        for i in task * 64 * columns..<min(rows, (task + 1) * 64) * columns { bits |= (x[i] - x[i]).bitPattern }
        return bits
      }
      return differences.allSatisfy { $0 == 0 }
    }
  }

  /// The rows of this matrix with those of another below them.
  public func appending(_ other: Matrix) -> Matrix {
    precondition(columns == other.columns, "\(columns) columns do not continue with \(other.columns)")
    var result = Matrix(uninitializedRows: rows + other.rows, columns: columns)
    result.replaceBlock(row: 0, column: 0, with: self)
    result.replaceBlock(row: rows, column: 0, with: other)
    return result
  }
}

extension Matrix: Equatable {
  /// Whether both have the same shape and equal elements (NaN differs from itself, -0 equals 0).
  public static func == (a: Matrix, b: Matrix) -> Bool {
    guard a.rows == b.rows, a.columns == b.columns else { return false }
    return a.withElements { x in b.withElements { y in (0..<a.count).allSatisfy { x[$0] == y[$0] } } }
  }
}
