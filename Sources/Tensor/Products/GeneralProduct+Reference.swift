import KernelTemplate

extension GeneralProduct {
  /// Three loops: what every other kernel is compared with, and the text to read first.
  ///
  ///     C[i, j] (+)= scale * sum over p of A[i, p] * B[j, p]
  func runReference(_ target: DenseTarget) {
    let (b, c) = (target.view, target.c)
    for i in 0..<c.rows {
      for j in 0..<(region == .lowerTriangle ? min(i + 1, c.columns) : c.columns) {
        var sum: Float = 0
        for p in 0..<a.columns { sum += a.element(i, p) * b.element(j, p) }
        c[i][j] = accumulate ? c[i][j] + scale * sum : scale * sum
      }
    }
  }
}

extension StridedView {
  fileprivate func element(_ row: Int, _ column: Int) -> Float {
    let index = row * rowStride + column * columnStride
    switch type {
    case .float32: return base.load(fromByteOffset: 4 * index, as: Float.self)
    case .float16: return Half.widened(base.load(fromByteOffset: 2 * index, as: UInt16.self))
    case .bfloat16: return BFloat16.widened(base.load(fromByteOffset: 2 * index, as: UInt16.self))
    }
  }
}
