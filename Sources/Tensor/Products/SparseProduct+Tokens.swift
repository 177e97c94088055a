import KernelTemplate
import Support

// The products of many rows of A, the tokens.
//
// The activations of a tile of tokens stay in the second-level cache while all rows of B pass it; those of a block of columns stay in the
// first-level cache for the rows of a task.
extension SparseProduct {
  /// Rows of B in a task at most: their sums, up to 64 KiB for a tile of tokens, stay near.
  private static let taskRows = 128
  /// Vectors of tokens in a tile at most.
  private static let tileVectors = 8
  /// Bytes of the activations that are laid out at a time, where that is enough for a tile.
  private static let activationBytes = PackingMemory.productBytes / 3 * 2

  /// Some rows of one B.
  private struct Task {
    let view: SparseView
    /// Whether its columns are listed where that pays.
    let isListed: Bool
    /// (rows of A, rows of `view`).
    let c: MutableRows
  }

  /// Tokens whose activations lie side by side.
  private struct PackedTokens {
    /// Rows of A.
    let rows: Range<Int>
    /// As many, in whole vectors.
    let width: Int
    /// (depth, width).
    let x: UnsafeMutablePointer<Float>
  }

  /// Memory that a thread needs for its sums.
  private struct Scratch {
    /// (taskRows, tokenTile).
    let sums: AlignedStorage
    /// (tokenTile, taskRows).
    let transposed: AlignedStorage
    /// Of each row of a task, how many elements have been multiplied.
    let places = AlignedStorage(byteCount: taskRows * MemoryLayout<Int>.stride)
    /// The elements of a task as floats, where they are widened.
    let floats: AlignedStorage
    /// Columns that are listed.
    let lists: AlignedStorage

    init(tile: Int, elements: Int, listBytes: Int) {
      sums = AlignedStorage(byteCount: 4 * taskRows * tile)
      transposed = AlignedStorage(byteCount: 4 * taskRows * tile)
      floats = AlignedStorage(byteCount: 4 * elements)
      lists = AlignedStorage(byteCount: listBytes)
    }
  }

  func runTokens(_ targets: [GeneralProduct.SparseTarget], _ threads: Int) {
    let (tile, depth) = (instructions.tokenTile, a.columns)
    let group = max(1, Self.activationBytes / max(1, 4 * tile * depth))
    let activations = AlignedStorage(byteCount: 4 * min(group * tile, a.rows + tile) * depth)
    defer { withExtendedLifetime(activations) {} }
    for start in stride(from: 0, to: a.rows, by: group * tile) {
      let tiles = tiles(
        of: start..<min(a.rows, start + group * tile), in: activations.pointer.assumingMemoryBound(to: Float.self))
      pack(tiles, threads)
      let tasks = tasks(of: targets, tiles: tiles.count, threads)
      let elements = tasks.lazy.filter { Self.isWidened($0.view.type) }.map { $0.view.elementCount }.max() ?? 0
      // All tasks of a tile in turn, so that its activations are read from memory once a thread.
      let scratch = { Scratch(tile: tile, elements: elements, listBytes: instructions.columnListByteCount) }
      Parallel.forEach(tiles.count * tasks.count, threads: threads, state: scratch) { scratch, index in
        multiply(tasks[index % tasks.count], tiles[index / tasks.count], scratch)
      }
    }
  }

  /// Tokens in tiles as wide as each other, as far as whole vectors allow: a narrow one would wait for its loads.
  private func tiles(of tokens: Range<Int>, in memory: UnsafeMutablePointer<Float>) -> [PackedTokens] {
    let lanes = instructions.tokenTile / Self.tileVectors
    let vectors = (tokens.count + lanes - 1) / lanes
    let count = (vectors + Self.tileVectors - 1) / Self.tileVectors
    return (0..<count).map { index in
      let (first, end) = (index * vectors / count * lanes, (index + 1) * vectors / count * lanes)
      return PackedTokens(
        rows: tokens.lowerBound + first..<min(tokens.upperBound, tokens.lowerBound + end), width: end - first,
        x: memory + first * a.columns)
    }
  }

  /// The rows of all right sides, in parts of equal size as far as possible, at least some for each thread.
  private func tasks(of targets: [GeneralProduct.SparseTarget], tiles: Int, _ threads: Int) -> [Task] {
    let rows = targets.reduce(0) { $0 + $1.view.rows }
    let wanted = max(8, rows * tiles / (threads * Parallel.tasksPerThread))
    let size = min(Self.taskRows, (wanted + 7) & ~7)
    return targets.flatMap { target in
      stride(from: 0, to: target.view.rows, by: size).map { start in
        let part = start..<min(target.view.rows, start + size)
        return Task(
          view: target.view.part(rows: part), isListed: target.way.isListed,
          c: target.c.part(rows: 0..<target.c.rows, columns: part))
      }
    }
  }

  /// Lays tokens out with a column's activations side by side.
  private func pack(_ tiles: [PackedTokens], _ threads: Int) {
    // Parts of the depth, so that there are some for each thread.
    let part = 256
    let parts = (a.columns + part - 1) / part
    Parallel.forEach(tiles.count * parts, threads: threads) { index in
      let (tile, first) = (tiles[index / parts], index % parts * part)
      instructions.pack(
        a.part(rows: tile.rows, columns: first..<min(a.columns, first + part)), scale: 1, width: tile.width,
        into: tile.x + first * tile.width)
    }
  }

  /// Columns whose activations all rows of a task read in turn from the first-level cache, a multiple of 64.
  ///
  /// With AVX-512, of whose processors the newer ones have 48 KiB, up to 36 KiB of activations, which three vectors of 192 columns are:
  /// with 128, their lists end so often that they gain nothing. Elsewhere 24 of 32 KiB.
  private func blockColumns(_ width: Int, isListed: Bool) -> Int {
    let columns = max(64, (instructions.tokenTile >= 128 ? 9216 : 6144) / width & ~63)
    return isListed && instructions.listedColumns > 0 ? min(columns, instructions.listedColumns) : columns
  }

  private static func isWidened(_ type: StoredType) -> Bool { type != .float32 }

  /// A task's rows with floats as their elements: many are widened by one instruction, and all are read from memory in their order, which a
  /// processor follows better than that of the product, a few of every row in turn.
  private func widened(_ view: SparseView, in memory: AlignedStorage) -> SparseView {
    guard Self.isWidened(view.type) else { return view }
    let (first, floats) = (view.starts[0], memory.pointer.assumingMemoryBound(to: Float.self))
    instructions.widen(
      source: view.values + first * view.type.byteCount, type: view.type, count: view.elementCount, target: floats)
    return SparseView(
      bits: view.bits, bitStride: view.bitStride, values: UnsafeRawPointer(floats) - 4 * first, .float32,
      starts: view.starts, rows: view.rows, columns: view.columns)
  }

  /// Multiplies the rows of a task by the activations of a tile.
  private func multiply(_ task: Task, _ tile: PackedTokens, _ scratch: Scratch) {
    let (rows, block) = (task.view.rows, blockColumns(tile.width, isListed: task.isListed))
    let sums = scratch.sums.pointer.assumingMemoryBound(to: Float.self)
    let transposed = scratch.transposed.pointer.assumingMemoryBound(to: Float.self)
    let places = scratch.places.pointer.assumingMemoryBound(to: Int.self)
    sums.update(repeating: 0, count: rows * tile.width)
    places.update(repeating: 0, count: rows)
    let w = widened(task.view, in: scratch.floats)
    let y = MutableRows(sums, rows: rows, columns: tile.rows.count, stride: tile.width)
    for first in stride(from: 0, to: a.columns, by: block) {
      instructions.addSparseProduct(
        w, columns: first..<min(a.columns, first + block), places: places, of: tile.x + first * tile.width,
        to: y, lists: task.isListed ? scratch.lists.pointer : nil)
    }
    // Packing works on an even number of rows.
    let width = (rows + 3) & ~3
    instructions.pack(y.view, scale: 1, width: width, into: transposed)
    for (number, token) in tile.rows.enumerated() {
      let (row, sums) = (task.c[token], transposed + number * width)
      if accumulate { instructions.add(sums, count: rows, to: row) } else { row.update(from: sums, count: rows) }
    }
  }
}
