extension GeneralProduct {
  /// Three loops: what every other kernel is compared with, and the text to read first.
  ///
  ///     C[i, j] (+)= scale * sum over p of A[i, p] * B[j, p]
  func runReference(_ side: ProductTarget) {
    for i in 0..<rows {
      for j in 0..<(region == .lowerTriangle ? min(i + 1, side.columns) : side.columns) {
        var sum: Float = 0
        for p in 0..<depth { sum += a.element(i, p) * side.b.element(j, p) }
        let target = side.c + (i * side.stride + j)
        target.pointee = accumulate ? target.pointee + scale * sum : scale * sum
      }
    }
  }
}
