import KernelTemplate

/// The templates for AVX2 with FMA; call them only where the processor has both.
///
/// Six rows of two vectors are twelve accumulators, which with two vectors of B and one of A fit the sixteen registers.
package enum AVX2: InstructionSet {
  package typealias Vector = SIMD8<Float>
  package typealias Arithmetic = FusedMultiplyAdd

  private typealias Upper = FourRows<Vector, Arithmetic>
  private typealias Lower = TwoRows<Vector, Arithmetic>

  package static var tileRows: Int { Upper.rows + Lower.rows }

  package static func multiply(
    depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    stride: Int, rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>
  ) {
    multiply(
      Upper.self, Lower.self, depth: depth, a: a, aStride: aStride, b: b, c: c, stride: stride, rows: rows,
      columns: columns, accumulate: accumulate, edge: edge)
  }

  package static func multiplyAddProbe(iterations: Int, results: UnsafeMutablePointer<Float>) {
    multiplyAddProbe(Stack<Upper, Lower>.self, iterations: iterations, results: results)
  }
}
