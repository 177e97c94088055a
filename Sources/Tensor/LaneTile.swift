/// Up to 32 rows of a matrix side by side: element (c, r) of the tile is column c of row r.
///
/// What a triangular system does to one row it does to all of them, so each step is a vector operation over the rows (the lanes),
/// and no lane waits for its own last result. Cholesky's blocks and SparseGPT's columns are both computed here. Every element
/// sees the same operations in the same order wherever it lies.
package final class LaneTile {
  /// Rows of a full tile: four vectors of eight, enough independent sums to hide the latency of an addition.
  package static let lanes = 32

  /// Columns there is room for.
  package let columns: Int
  private let storage: AlignedStorage

  /// A tile with room for some columns; its elements are whatever was in memory.
  package init(columns: Int) {
    self.columns = columns
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

  /// Subtracts a combination of the first `depth` columns from another: self[target] -= Σ_s c[s] · self[s], s ascending.
  package func subtract(from target: Int, depth: Int, coefficients: UnsafePointer<Float>, stride: Int) {
    subtractCombination(from: self[target], of: self[0], depth: depth, coefficients: coefficients, stride: stride)
  }

  /// Divides the lanes of a column.
  package func divide(_ column: Int, by divisor: Float) {
    let y = UnsafeMutableRawPointer(self[column])
    for v in 0..<4 {
      let value = y.load(fromByteOffset: 32 * v, as: FloatVector.self)
      y.storeBytes(of: value / FloatVector(repeating: divisor), toByteOffset: 32 * v, as: FloatVector.self)
    }
  }

  /// Solves L Y = B in place for a lower triangular L of `count` columns, whose rows lie `stride` floats apart.
  package func solve(lower l: UnsafePointer<Float>, stride: Int, count: Int) {
    for i in 0..<count {
      subtract(from: i, depth: i, coefficients: l + i * stride, stride: 1)
      divide(i, by: l[i * stride + i])
    }
  }
}

/// y -= Σ_s c[s · stride] · x[s] over 32 lanes.
///
/// `x` is a row of lanes for each s, one behind the other.
private func subtractCombination(
  from y: UnsafeMutablePointer<Float>, of x: UnsafePointer<Float>, depth: Int,
  coefficients: UnsafePointer<Float>, stride: Int
) {
  let target = UnsafeMutableRawPointer(y)
  var a = target.load(as: FloatVector.self)
  var b = target.load(fromByteOffset: 32, as: FloatVector.self)
  var c = target.load(fromByteOffset: 64, as: FloatVector.self)
  var d = target.load(fromByteOffset: 96, as: FloatVector.self)
  var row = UnsafeRawPointer(x)
  var coefficient = coefficients
  for _ in 0..<depth {
    let factor = FloatVector(repeating: coefficient.pointee)
    a -= factor * row.load(as: FloatVector.self)
    b -= factor * row.load(fromByteOffset: 32, as: FloatVector.self)
    c -= factor * row.load(fromByteOffset: 64, as: FloatVector.self)
    d -= factor * row.load(fromByteOffset: 96, as: FloatVector.self)
    row += 4 * LaneTile.lanes
    coefficient += stride
  }
  target.storeBytes(of: a, as: FloatVector.self)
  target.storeBytes(of: b, toByteOffset: 32, as: FloatVector.self)
  target.storeBytes(of: c, toByteOffset: 64, as: FloatVector.self)
  target.storeBytes(of: d, toByteOffset: 96, as: FloatVector.self)
}
