import Support
import Tensor

extension Matrix {
  /// Normally distributed elements from a seed.
  package static func random(_ rows: Int, _ columns: Int, seed: UInt64, scale: Float = 1) -> Matrix {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in scale * Float(generator.normal()) })
  }
}
