import KernelTemplate

/// Up to 32 rows of a matrix side by side: element (c, r) of the tile is column c of row r.
///
/// What a triangular system does to one row it does to all of them, so each step is a vector operation over the rows (the lanes),
/// and no lane waits for its own last result. Cholesky's blocks and SparseGPT's columns are both computed here. Every element
/// sees the same operations in the same order wherever it lies.
package final class LaneTile {
  /// Rows of a full tile: two of the widest vectors.
  package static let lanes = 32

  private let storage: AlignedStorage
  private let instructions: any InstructionSet.Type

  /// A tile with room for some columns; its elements are whatever was in memory.
  package init(columns: Int, kernel: Kernel) {
    instructions = kernel.instructions
    storage = AlignedStorage(byteCount: 4 * Self.lanes * columns)
  }

  /// The lanes of one column.
  @inline(__always)
  package subscript(column: Int) -> UnsafeMutablePointer<Float> {
    storage.pointer.assumingMemoryBound(to: Float.self) + column * Self.lanes
  }

  /// Reads `rows` rows of `count` columns, which lie `stride` floats apart; lanes without a row become zero.
  package func loadRows(_ source: UnsafePointer<Float>, stride: Int, rows: Int, columns count: Int) {
    let tile = self[0]
    if rows < Self.lanes { tile.update(repeating: 0, count: count * Self.lanes) }
    for r in 0..<rows {
      let row = source + r * stride
      for c in 0..<count { tile[c * Self.lanes + r] = row[c] }
    }
  }

  /// Writes rows back; the opposite of `loadRows`.
  package func storeRows(_ target: UnsafeMutablePointer<Float>, stride: Int, rows: Int, columns count: Int) {
    let tile = self[0]
    for r in 0..<rows {
      let row = target + r * stride
      for c in 0..<count { row[c] = tile[c * Self.lanes + r] }
    }
  }

  /// Subtracts a combination of columns of a tile from one of this: self[target] -= Σ_s coefficients[s] · sources[s], s ascending.
  package func subtract(
    from target: Int, _ sources: LaneTile, _ range: Range<Int>, coefficients: UnsafePointer<Float>
  ) {
    instructions.subtractCombination(
      from: self[target], of: sources[range.lowerBound], depth: range.count,
      coefficients: coefficients + range.lowerBound)
  }

  /// Divides the lanes of a column.
  package func divide(_ column: Int, by divisor: Float) {
    let y = self[column]
    for lane in 0..<Self.lanes { y[lane] /= divisor }
  }

  /// Solves L Y = B in place for a lower triangular L of `count` columns, whose rows lie `stride` floats apart.
  package func solve(lower l: UnsafePointer<Float>, stride: Int, count: Int) {
    for i in 0..<count {
      subtract(from: i, self, 0..<i, coefficients: l + i * stride)
      divide(i, by: l[i * stride + i])
    }
  }
}
