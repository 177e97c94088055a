extension GeneralProduct {
  /// Three loops: what every other kernel is compared with, and the text to read first.
  ///
  ///     C[i, j] (+)= scale * sum over p of A[i, p] * B[j, p]
  func runReference(into c: UnsafeMutablePointer<Float>, stride: Int) {
    for i in 0..<rows {
      for j in 0..<(region == .lowerTriangle ? min(i + 1, columns) : columns) {
        var sum: Float = 0
        for p in 0..<depth { sum += a.element(i, p) * b.element(j, p) }
        c[i * stride + j] = accumulate ? c[i * stride + j] + scale * sum : scale * sum
      }
    }
  }
}
