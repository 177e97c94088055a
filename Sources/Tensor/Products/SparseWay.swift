/// How products go through a compressed matrix: decided once for all of it, so that a part of it gives the same sums
/// (the thresholds are measured: Documentation/Zeros.md).
struct SparseWay: Sendable {
  /// Vectors of rows of A up to which the matrix's rows are expanded.
  let expandedVectors: Int
  /// Whether the columns that a row keeps are listed, where a kernel can, before their elements are multiplied by few vectors of
  /// rows of A.
  let isListed: Bool

  /// By the share of a matrix's elements that are kept.
  ///
  /// - Parameters:
  ///   - isRegular: whether as many are kept in each word of the bitmap, so that the processor guesses right where one ends, and a list
  ///     saves nothing.
  ///   - isFloat: whether the elements are multiplied as they are stored.
  init(kept share: Double, isRegular: Bool, isFloat: Bool) {
    isListed = !isRegular
    expandedVectors =
      if isRegular {
        share > 0.6 ? 3 : isFloat || share <= 0.25 ? 0 : 2
      } else {
        share > 0.43 ? 3 : share > 0.33 ? 2 : 0
      }
  }
}
