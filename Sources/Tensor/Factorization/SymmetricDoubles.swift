/// A symmetric matrix of Double with both triangles in memory, which eigenvalues are computed in.
///
/// Rows are padded with zeros to whole vectors, so that no loop over a row has a rest.
struct SymmetricDoubles {
  /// Rows, and columns that count.
  let count: Int
  /// Doubles from one row to the next.
  let stride: Int
  private let storage: AlignedStorage

  typealias Vector = SIMD8<Double>

  /// Zeros.
  init(count: Int) {
    self.count = count
    stride = Self.padded(count)
    storage = AlignedStorage(byteCount: 8 * count * stride)
    storage.bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Numbers of a row of `count`, with those behind it.
  static func padded(_ count: Int) -> Int { (count + Vector.scalarCount - 1) / Vector.scalarCount * Vector.scalarCount }

  /// Bytes that a matrix takes.
  static func byteCount(_ count: Double) -> Double { 8 * count * (count + Double(Vector.scalarCount)) }

  /// Calls `body` with the first row; valid during the call only.
  func withElements<R>(_ body: (UnsafeMutablePointer<Double>) -> R) -> R {
    defer { withExtendedLifetime(storage) {} }
    return body(storage.pointer.assumingMemoryBound(to: Double.self))
  }
}
