/// The sizes of a matrix product, (rows, depth) by (depth, columns), and what it packs.
///
/// In Double: sizes from a configuration multiply to anything.
package struct ProductShape: Sendable {
  package let rows: Double
  package let columns: Double
  package let depth: Double

  package init(rows: Double, columns: Double, depth: Double) {
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
  }

  /// Depth of the panels that are packed at a time: as many whole blocks as the packing memory holds, at least one.
  var slab: Double {
    let blockBytes = 4 * (rows + columns) * Double(TiledProduct.depthBlock)
    let blocks = (Double(PackingMemory.productBytes) / blockBytes).rounded(.down)
    return min(depth, max(1, blocks) * Double(TiledProduct.depthBlock))
  }

  /// Bytes of the packed panels.
  var packedByteCount: Double { 4 * slab * (rows + columns) }

  /// Bytes of the panels of products that run in turn: those whose sizes round to one power of two share a region of the pool.
  package static func footprint(of products: [ProductShape]) -> Double {
    let bytes = products.map(\.packedByteCount).filter { $0 >= 1 }
    return Dictionary(grouping: bytes, by: \.exponent).values.reduce(0) { $0 + ($1.max() ?? 0) }
  }
}
