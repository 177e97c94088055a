import KernelTemplate

/// The templates for what every processor of the compiler's target has: vectors of four floats.
enum Portable: InstructionSet {
  typealias Vector = SIMD4<Float>
  #if arch(arm64)
    // Every such processor has FMA and 32 registers: 24 accumulators, two vectors of B and one of A.
    typealias Arithmetic = FusedMultiplyAdd
    private typealias Upper = EightRows<Vector, Arithmetic>
    private typealias Lower = FourRows<Vector, Arithmetic>
  #else
    // SSE has sixteen registers and no FMA: twelve accumulators, two vectors of B and one of A.
    typealias Arithmetic = SeparateMultiplyAdd
    private typealias Upper = FourRows<Vector, Arithmetic>
    private typealias Lower = TwoRows<Vector, Arithmetic>
  #endif

  static var tileRows: Int { Upper.rows + Lower.rows }

  static func multiply(
    depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>,
    stride: Int, rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>
  ) {
    multiply(
      Upper.self, Lower.self, depth: depth, a: a, aStride: aStride, b: b, c: c, stride: stride, rows: rows,
      columns: columns, accumulate: accumulate, edge: edge)
  }

  static func multiplyAddProbe(iterations: Int, results: UnsafeMutablePointer<Float>) {
    multiplyAddProbe(Stack<Upper, Lower>.self, iterations: iterations, results: results)
  }
}
