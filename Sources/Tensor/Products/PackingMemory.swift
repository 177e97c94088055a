/// What is packed, and how much of it at a time.
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

  /// Rows up to which a product reads B in place instead of packing it, and sums in another order.
  ///
  /// Packing costs as much as reading a weight some five times; dot products need a pass over the nearest cache for every four rows.
  /// At 32 rows the two take about the same time on every kernel, below that dot products win.
  package static let unpackedRows = 32

  /// Rows up to which a product by a compressed B expands its rows in registers instead of laying A out by columns: as many as there are
  /// sums for in sixteen registers.
  package static let expandedRows = 8

  /// Rows up to which a product by a compressed B expands some of its rows at a time into the nearest caches, from which dot products read
  /// them as if they were dense; more rows are the tokens that are laid out by columns.
  package static let expandedTogetherRows = 47
}
