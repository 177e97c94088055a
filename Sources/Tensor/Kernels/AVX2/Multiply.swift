import KernelTemplate

/// The microkernel of six rows by two vectors of 8 floats, compiled for AVX2 with FMA.
///
/// Call it only where the processor has both.
package func multiplyAVX2(
  depth: Int, a: UnsafePointer<Float>, aRowStride: Int, aDepthStride: Int, b: UnsafePointer<Float>,
  c: UnsafeMutablePointer<Float>, stride: Int,
  rows: Int, columns: Int, accumulate: Bool, edge: UnsafeMutablePointer<Float>
) {
  microkernel(
    depth: depth, a: a, aRowStride: aRowStride, aDepthStride: aDepthStride, b: b, c: c, stride: stride, rows: rows,
    columns: columns, accumulate: accumulate, edge: edge,
    vector: SIMD8<Float>.self, arithmetic: FusedMultiplyAdd.self)
}
