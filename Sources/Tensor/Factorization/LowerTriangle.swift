import KernelTemplate
import Support

/// The lower triangle of a square row-major matrix in memory, factored and inverted where it lies.
///
/// Both algorithms halve a range of columns until it is one block: nearly all work is then in large products, and each product
/// has the shape that its half needs, without multiplications by the zeros above the diagonal. Blocks are solved by
/// substitution, not by an inverse of the diagonal block, so the errors are those of the textbook's row by row order.
struct LowerTriangle {
  /// As many rows as columns.
  let elements: MutableRows

  /// Columns of a block: small enough that substitution, half of it on the calling thread alone, is a few per cent of the work,
  /// and large enough that the narrowest products run at speed.
  static let block = 64

  private var n: Int { elements.rows }
  private func row(_ i: Int) -> UnsafeMutablePointer<Float> { elements[i] }

  /// Where a range is halved: at a whole block, so that only the last block of all is narrower.
  private func middle(_ range: Range<Int>) -> Int {
    let blocks = (range.count + Self.block - 1) / Self.block
    return range.lowerBound + (blocks + 1) / 2 * Self.block
  }

  /// Calls `body` with the number of each tile that `count` rows or columns make, and a tile of the thread's own.
  private func forEachTile(_ count: Int, _ body: (_ tile: LaneTile, _ index: Int) -> Void) {
    let tiles = (count + LaneTile.lanes - 1) / LaneTile.lanes
    // Waking a thread pays from some tens of microseconds on; a tile takes five.
    let threads = tiles < 8 ? 1 : Parallel.threadCount
    let kernel = Kernel.current
    Parallel.forEach(tiles, threads: threads, state: { LaneTile(columns: Self.block, kernel: kernel) }) { body($0, $1) }
  }

  /// Replaces columns by those of the factor, from the diagonal down; needs the columns before them to be done.
  func factor(_ columns: Range<Int>) -> CholeskyError? {
    guard columns.count > Self.block else { return factorBlock(columns) }
    let middle = middle(columns)
    let left = columns.lowerBound..<middle
    if let failure = factor(left) { return failure }
    // A22 -= L21 L21ᵀ, for the columns of the right half.
    let right = middle..<columns.upperBound
    let panel = elements.part(rows: middle..<n, columns: left).view
    GeneralProduct(a: panel, scale: -1, accumulate: true, region: .lowerTriangle)
      .run(by: panel.part(rows: 0..<right.count), into: elements.part(rows: middle..<n, columns: right))
    return factor(right)
  }

  /// Factors a block on the diagonal, and solves X L11ᵀ = A21 for the rows below it.
  private func factorBlock(_ columns: Range<Int>) -> CholeskyError? {
    if let failure = factorDiagonal(columns) { return failure }
    let start = columns.lowerBound
    let below = columns.upperBound
    forEachTile(n - below) { tile, index in
      let first = below + index * LaneTile.lanes
      let rows = min(LaneTile.lanes, n - first)
      tile.loadRows(row(first) + start, stride: n, rows: rows, columns: columns.count)
      tile.solve(lower: row(start) + start, stride: n, count: columns.count)
      tile.storeRows(row(first) + start, stride: n, rows: rows, columns: columns.count)
    }
    return nil
  }

  /// The block's columns in turn: each over the root of its pivot, then taken from the columns that follow, row by row, which a
  /// vector does at a time.
  private func factorDiagonal(_ columns: Range<Int>) -> CholeskyError? {
    let (start, count) = (columns.lowerBound, columns.count)
    let diagonal = row(start) + start
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { column in
      guard let column = column.baseAddress else { return nil }
      for j in 0..<count {
        let pivot = diagonal[j * n + j]
        guard pivot > 0, pivot.isFinite else { return CholeskyError(column: start + j, pivot: pivot) }
        let root = pivot.squareRoot()
        diagonal[j * n + j] = root
        for i in j + 1..<count {
          let own = diagonal + i * n
          own[j] /= root
          let factor = own[j]
          column[i] = factor
          for k in j + 1..<i + 1 { own[k] -= factor * column[k] }
        }
      }
      return nil
    }
  }

  /// Writes zeros above the diagonal.
  func clearUpper() {
    Parallel.forEachRange(n, grain: 64) { rows in
      for i in rows { (row(i) + i + 1).update(repeating: 0, count: n - i - 1) }
    }
  }

  /// Replaces the triangle by its inverse; needs zeros above the diagonal.
  func invert() {
    guard n > 0 else { return }
    // The largest of the panels below, (n - middle) × middle.
    let middle = min(middle(0..<n), n)
    let scratch = AlignedStorage(byteCount: 4 * max((n - middle) * middle, Self.block * Self.block))
    invert(0..<n, scratch.pointer.assumingMemoryBound(to: Float.self))
  }

  /// Replaces rows by those of X = L⁻¹, by forward substitution on the identity.
  ///
  /// Needs the rows above to be done, and left of the range the sum -Σ L X over those rows, in the place of the rows of L.
  private func invert(_ rows: Range<Int>, _ scratch: UnsafeMutablePointer<Float>) {
    guard rows.count > Self.block else { return invertBlock(rows, scratch) }
    let middle = middle(rows)
    let upper = rows.lowerBound..<middle
    invert(upper, scratch)
    let count = rows.upperBound - middle
    // -L21 aside, since X takes its place.
    Parallel.forEachRange(count, grain: 32) { range in
      for i in range {
        let source = row(middle + i) + upper.lowerBound
        let target = scratch + i * upper.count
        for k in 0..<upper.count { target[k] = -source[k] }
      }
    }
    let negated = StridedView(scratch, rows: count, columns: upper.count, rowStride: upper.count)
    // One panel of -L21 X: some columns, from the rows of X from `start` on.
    func multiply(from start: Int, columns: Range<Int>, accumulate: Bool) {
      let a = negated.part(rows: 0..<count, columns: start - upper.lowerBound..<upper.count)
      let x = elements.part(rows: start..<middle, columns: columns).view
      GeneralProduct(a: a, accumulate: accumulate)
        .run(by: x.transposed, into: elements.part(rows: middle..<rows.upperBound, columns: columns))
    }
    // Left of the range X11 is full: add to the sums there. Within it X11 is triangular: panels of columns, each from its
    // own diagonal down.
    multiply(from: upper.lowerBound, columns: 0..<upper.lowerBound, accumulate: true)
    let width = max(1, upper.count / (8 * Self.block)) * Self.block
    for start in stride(from: upper.lowerBound, to: middle, by: width) {
      multiply(from: start, columns: start..<min(start + width, middle), accumulate: false)
    }
    invert(middle..<rows.upperBound, scratch)
  }

  /// Solves L11 X = B for the sums left of a block on the diagonal, and inverts the block.
  private func invertBlock(_ rows: Range<Int>, _ inverse: UnsafeMutablePointer<Float>) {
    let start = rows.lowerBound
    let lanes = LaneTile.lanes
    let diagonal = row(start) + start
    // Behind the last tile of the sums, which are whole ones, two of the identity: their place is still needed by the others.
    forEachTile(start + rows.count) { tile, index in
      let column = index * lanes
      let width = min(lanes, start + rows.count - column)
      for (k, i) in rows.enumerated() {
        if column < start {
          tile[k].update(from: row(i) + column, count: lanes)
        } else {
          for lane in 0..<lanes { tile[k][lane] = i == column + lane ? 1 : 0 }
        }
      }
      tile.solve(lower: diagonal, stride: n, count: rows.count)
      for (k, i) in rows.enumerated() {
        let target = column < start ? row(i) + column : inverse + (k * Self.block + column - start)
        target.update(from: tile[k], count: width)
      }
    }
    for (k, i) in rows.enumerated() { (row(i) + start).update(from: inverse + k * Self.block, count: k + 1) }
  }
}
