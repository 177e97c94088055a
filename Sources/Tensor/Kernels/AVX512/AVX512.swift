import KernelTemplate

/// The templates for AVX-512 with FMA; call them only where the processor has both.
///
/// Twelve rows of two vectors are 24 accumulators of 32 registers: enough to hide the latency of a multiply-add (4 cycles, 2 a
/// cycle), and 24 of them for 14 loads.
package enum AVX512: InstructionSet {
  package typealias Vector = SIMD16<Float>
  package typealias Arithmetic = FusedMultiplyAdd

  private typealias Upper = EightRows<Vector, Arithmetic>
  private typealias Lower = FourRows<Vector, Arithmetic>

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
