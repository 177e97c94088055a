/// Which products of how many rows pack what they read, and how much of it at a time.
package enum PackingMemory {
  /// Bytes of a product's panels, where that is enough for one step: more would leave the last-level cache, less means more
  /// waiting for the last task.
  package static let productBytes = 24 << 20
  /// Bytes of packed keys and values, where that is enough for one head.
  package static let attentionBytes = 12 << 20
  /// Sequences whose keys and values are packed at a time, of `count` that take `byteCount` each.
  static func sequences(_ count: Double, ofBytes byteCount: Double) -> Double {
    max(1, min(count, (Double(attentionBytes) / byteCount).rounded(.down)))
  }

  /// Rows up to which a product is made of dot products, and sums in another order than larger ones.
  ///
  /// Dot products need a pass over the nearest cache for every four to six rows, but take no notice of how many rows fill a vector. On every
  /// kernel, 24 rows are the first for which tiles are about as fast (Documentation/Kernels.md).
  package static let unpackedRows = 23

  /// Rows up to which a product by a compressed B is made of dot products, whose elements are expanded in registers.
  ///
  /// As many as by a dense B where expanding takes little more time than widening. Elsewhere as many as one row of B is multiplied by at a
  /// time: more rows pay for being laid out by columns (Documentation/Zeros.md).
  package static func sparseDotRows(_ kernel: Kernel) -> Int {
    kernel.instructions.expandsInRegisters ? unpackedRows : 8
  }

  /// Rows up to which a product by a compressed B expands B's rows into the nearest cache: so many vectors of rows of A.
  ///
  /// Where each kept element multiplies no more vectors than that, taking one by one costs more than their zeros do
  /// (Documentation/Zeros.md).
  package static func expandedRows(_ kernel: Kernel, vectors: Int) -> Int {
    min(vectors, mostExpandedVectors(kernel)) * kernel.instructions.tileColumns / 2
  }

  /// Three narrow vectors for each kept element are faster than all zeros whatever the matrix; wide ones where no columns are listed.
  private static func mostExpandedVectors(_ kernel: Kernel) -> Int { kernel.instructions.listedColumns > 0 ? 3 : 2 }

  /// Rows up to which the last bits of a product's row may depend on how many others there are, whatever B is.
  package static func batchDependentRows(_ kernel: Kernel) -> Int {
    max(unpackedRows, expandedRows(kernel, vectors: mostExpandedVectors(kernel)))
  }
}
