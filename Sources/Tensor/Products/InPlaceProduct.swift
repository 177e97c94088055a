import KernelTemplate
import Support

/// C (+)= A · Bᵀ for some tens of rows of A and B's rows where they are stored.
///
/// `TiledProduct` writes B anew, in panels, and reads these: where A has few rows that is more work than the product. Here A is what is
/// packed, and B's rows are a tile's: a block of some of them is widened into the nearest cache, where it meets all of A. C comes out
/// transposed, and a task turns its part.
///
/// Each element is summed in `TiledProduct`'s order, so that which of them computes it changes no number. A compressed B's rows are
/// expanded where a dense one's are widened, which gives the dense one's numbers, too.
struct InPlaceProduct {
  /// One B and its C, or what a task computes of them.
  struct Target {
    let b: RightSide
    let c: MutableRows
  }

  /// (columns of C, depth).
  enum RightSide {
    /// With its columns side by side.
    case dense(StridedView)
    /// With what expanding looks up.
    case sparse(SparseView, table: UnsafeRawPointer)

    var rows: Int {
      switch self {
      case .dense(let view): view.rows
      case .sparse(let view, _): view.rows
      }
    }

    func part(rows: Range<Int>) -> RightSide {
      switch self {
      case .dense(let view): .dense(view.part(rows: rows))
      case .sparse(let view, let table): .sparse(view.part(rows: rows), table: table)
      }
    }
  }

  /// (rows, depth).
  let a: StridedView
  let accumulate: Bool
  let targets: [Target]
  let instructions: any InstructionSet.Type

  /// Rows of A up to which reading B in place is faster than packing it: eight panels of them, measured
  /// (Documentation/Kernels.md).
  static func mostRows(_ instructions: any InstructionSet.Type) -> Int { 8 * instructions.tileColumns }

  /// Rows of B in a task at most, a multiple of 6 and 12: while a block of the depth lasts, A's part of it is read once for each tile of
  /// them from the second-level cache.
  private static let taskRows = 96

  private var tileRows: Int { instructions.tileRows }
  /// Rows of A, rounded up to whole vectors.
  private var width: Int {
    let lanes = instructions.tileColumns / 2
    return (a.rows + lanes - 1) / lanes * lanes
  }
  private var blocks: [Range<Int>] { TiledProduct.blocks(of: 0..<a.columns) }

  func run(threads: Int) {
    let packed = AlignedStorage(byteCount: 4 * width * a.columns)
    defer { withExtendedLifetime(packed) {} }
    let x = packed.pointer.assumingMemoryBound(to: Float.self)
    pack(into: x, threads)
    let tasks = tasks(threads)
    Parallel.forEach(tasks.count, threads: threads, state: { Scratch(rows: tileRows, width: width) }) {
      multiply(tasks[$1], x, $0)
    }
  }

  /// Memory of a thread.
  private struct Scratch {
    /// (tileRows, RowBlock.stride).
    let rows: AlignedStorage
    /// (taskRows, width).
    let sums: AlignedStorage
    /// Of each row of a tile, how many elements have been expanded.
    let places: AlignedStorage

    init(rows: Int, width: Int) {
      self.rows = AlignedStorage(byteCount: 4 * rows * RowBlock.stride)
      sums = AlignedStorage(byteCount: 4 * taskRows * width)
      places = AlignedStorage(byteCount: rows * MemoryLayout<Int>.stride)
    }
  }

  /// A's panels, block by block of the depth: of `tileColumns` rows each, or of half as many where that is enough for the last ones.
  private func pack(into x: UnsafeMutablePointer<Float>, _ threads: Int) {
    let (blocks, tile, width) = (blocks, instructions.tileColumns, width)
    let panels = (width + tile - 1) / tile
    Parallel.forEachRange(blocks.count * panels, grain: 4, threads: threads) { range in
      for index in range {
        let (block, first) = (blocks[index / panels], index % panels * tile)
        instructions.pack(
          a.part(rows: first..<min(a.rows, first + tile), columns: block), scale: 1,
          width: min(tile, width - first), into: x + width * block.lowerBound + first * block.count)
      }
    }
  }

  /// The rows of all right sides in parts of whole tiles, at least some for each thread.
  private func tasks(_ threads: Int) -> [Target] {
    let tiles = targets.reduce(0) { $0 + ($1.b.rows + tileRows - 1) / tileRows }
    let size = max(1, min(Self.taskRows / tileRows, tiles / (threads * Parallel.tasksPerThread))) * tileRows
    return targets.flatMap { target in
      stride(from: 0, to: target.b.rows, by: size).map { start in
        let part = start..<min(target.b.rows, start + size)
        return Target(b: target.b.part(rows: part), c: target.c.part(rows: 0..<target.c.rows, columns: part))
      }
    }
  }

  private func multiply(_ task: Target, _ x: UnsafePointer<Float>, _ scratch: Scratch) {
    let rows = task.b.rows
    let sums = MutableRows(
      scratch.sums.pointer.assumingMemoryBound(to: Float.self), rows: Self.taskRows, columns: width, stride: width)
    if accumulate {
      for i in 0..<task.c.rows { for j in 0..<rows { sums[j][i] = task.c[i][j] } }
    }
    switch task.b {
    case .dense(let b): multiply(b, x, sums, scratch)
    case .sparse(let b, let table): multiply(b, table, x, sums, scratch)
    }
    for i in 0..<task.c.rows {
      let row = task.c[i]
      for j in 0..<rows { row[j] = sums[j][i] }
    }
  }

  /// Adds the product to a task's sums, all of its rows by one block of A after the other, which then lies in the nearest cache.
  private func multiply(_ b: StridedView, _ x: UnsafePointer<Float>, _ sums: MutableRows, _ scratch: Scratch) {
    let widened = scratch.rows.pointer.assumingMemoryBound(to: Float.self)
    for block in blocks {
      for tile in tiles(of: b.rows) {
        for row in tile {
          instructions.widen(
            source: b.part(rows: row..<row + 1, columns: block).base, type: b.type, count: block.count,
            target: widened + (row - tile.lowerBound) * RowBlock.stride)
        }
        multiply(
          RowBlock(widened, rows: tile.count, depth: block.count), block, x, to: sums.below(tile.lowerBound),
          next: next(b, tile, block))
      }
    }
  }

  /// The same, one tile of rows by one block of A after the other: what a tile reads of a compressed B lies in one place, which is
  /// fetched while the tile before is multiplied.
  private func multiply(
    _ b: SparseView, _ table: UnsafeRawPointer, _ x: UnsafePointer<Float>, _ sums: MutableRows, _ scratch: Scratch
  ) {
    let expanded = scratch.rows.pointer.assumingMemoryBound(to: Float.self)
    let places = scratch.places.pointer.assumingMemoryBound(to: Int.self)
    instructions.fetch(b.part(rows: 0..<min(tileRows, b.rows)).elements)
    let blocks = blocks
    for tile in tiles(of: b.rows) {
      places.update(repeating: 0, count: tile.count)
      let next = b.part(rows: tile.upperBound..<min(b.rows, tile.upperBound + tileRows)).elements
      for (index, block) in blocks.enumerated() {
        instructions.expand(b.part(rows: tile), columns: block, places: places, into: expanded, table: table)
        let part = index * next.columns / blocks.count..<(index + 1) * next.columns / blocks.count
        multiply(
          RowBlock(expanded, rows: tile.count, depth: block.count), block, x, to: sums.below(tile.lowerBound),
          next: next.part(rows: 0..<1, columns: part))
      }
    }
  }

  /// The first rows of each tile, and of the last one as many as there are.
  private func tiles(of rows: Int) -> some Sequence<Range<Int>> {
    stride(from: 0, to: rows, by: tileRows).lazy.map { [tileRows] in $0..<min(rows, $0 + tileRows) }
  }

  /// A tile of rows within a block of the depth by all of A.
  private func multiply(
    _ w: RowBlock, _ block: Range<Int>, _ x: UnsafePointer<Float>, to sums: MutableRows, next: StridedView
  ) {
    instructions.multiplyRows(
      w, by: x + width * block.lowerBound,
      into: MutableRows(sums.first, rows: tileRows, columns: width, stride: width),
      accumulate: accumulate || block.lowerBound > 0, next: next)
  }

  /// What a task reads of B behind some rows of a block, at most as many.
  private func next(_ b: StridedView, _ tile: Range<Int>, _ block: Range<Int>) -> StridedView {
    guard tile.upperBound == b.rows else {
      return b.part(rows: tile.upperBound..<min(b.rows, tile.upperBound + tileRows), columns: block)
    }
    return b.part(
      rows: 0..<min(b.rows, tileRows),
      columns: block.upperBound..<min(b.columns, block.upperBound + RowBlock.mostColumns))
  }
}
