import KernelTemplate
import Support

// The products of many rows of A, the tokens.
//
// The activations of a tile of tokens stay in the second-level cache while all rows of B pass it, whose elements are listed once for all
// tiles; those of a block of columns stay in the first-level cache for the rows of a task.
extension SparseProduct {
  /// Rows of B in a task: their sums, up to 32 KiB for a tile of tokens, stay near.
  private static let taskRows = 64
  /// Bytes of the activations that are laid out at a time, where that is enough for a tile.
  private static let activationBytes = PackingMemory.productBytes / 3 * 2
  /// Bytes of the elements that are listed at a time, where that is enough for a task.
  private static let listBytes = PackingMemory.productBytes / 3

  /// Some rows of one B.
  private struct Task {
    let view: SparseView
    /// (rows of A, rows of `view`).
    let c: MutableRows
    /// Where in the lists its elements are, and the numbers of its rows.
    var place = 0
    var startPlace = 0
  }

  /// Tasks whose elements are listed at the same time.
  private struct Chunk {
    var tasks: [Task] = []
    var entries = 0
    var starts = 0
  }

  /// Memory for the lists of a chunk.
  private struct Lists {
    let offsets: AlignedStorage
    let values: AlignedStorage
    let starts: AlignedStorage

    init(for chunks: [Chunk]) {
      let entries = chunks.map(\.entries).max() ?? 0
      offsets = AlignedStorage(byteCount: 4 * entries)
      values = AlignedStorage(byteCount: 4 * entries)
      starts = AlignedStorage(byteCount: (chunks.map(\.starts).max() ?? 0) * MemoryLayout<Int>.stride)
    }

    /// The lists of a task.
    func entries(of task: Task) -> SparseEntries {
      SparseEntries(
        offsets: offsets.pointer.assumingMemoryBound(to: UInt32.self) + task.place,
        values: values.pointer.assumingMemoryBound(to: Float.self) + task.place,
        starts: starts.pointer.assumingMemoryBound(to: Int.self) + task.startPlace)
    }
  }

  /// Memory that a thread needs for its sums.
  private struct Scratch {
    /// (taskRows, tokenTile).
    let sums: AlignedStorage
    /// (tokenTile, taskRows).
    let transposed: AlignedStorage

    init(tile: Int) {
      sums = AlignedStorage(byteCount: 4 * taskRows * tile)
      transposed = AlignedStorage(byteCount: 4 * taskRows * tile)
    }
  }

  private var tile: Int { instructions.tokenTile }
  /// Columns whose activations all rows of a task read in turn from the first-level cache.
  ///
  /// With AVX-512, of which most processors have 48 KiB, 32 KiB of activations; elsewhere 24 of 32 KiB.
  private var blockColumns: Int { (tile >= 128 ? 8192 : 6144) / tile }
  private var blocks: Int { (a.columns + blockColumns - 1) / blockColumns }

  func runTokens(_ threads: Int) {
    let (tile, depth) = (tile, a.columns)
    let tiles = (a.rows + tile - 1) / tile
    let group = max(1, min(tiles, Self.activationBytes / max(1, 4 * tile * depth)))
    let chunks = chunks(tiles: group, threads)
    let activations = AlignedStorage(byteCount: 4 * group * tile * depth)
    let lists = Lists(for: chunks)
    defer { withExtendedLifetime((activations, lists)) {} }
    let x = activations.pointer.assumingMemoryBound(to: Float.self)
    for start in stride(from: 0, to: a.rows, by: group * tile) {
      let tokens = start..<min(a.rows, start + group * tile)
      pack(tokens, into: x, threads)
      for chunk in chunks {
        if start == 0 || chunks.count > 1 { list(chunk, in: lists, threads) }
        let count = chunk.tasks.count
        // All tasks of a tile in turn, so that its activations are read from memory once a thread.
        let tilesOfGroup = (tokens.count + tile - 1) / tile
        Parallel.forEach(tilesOfGroup * count, threads: threads, state: { Scratch(tile: tile) }) { scratch, index in
          let first = tokens.lowerBound + index / count * tile
          multiply(
            chunk.tasks[index % count], lists, x + index / count * tile * depth,
            tokens: first..<min(tokens.upperBound, first + tile), scratch)
        }
      }
    }
  }

  /// The rows of all right sides, in parts of equal size as far as possible, at least some for each thread.
  private func chunks(tiles: Int, _ threads: Int) -> [Chunk] {
    let rows = targets.reduce(0) { $0 + $1.view.rows }
    let wanted = max(8, rows * tiles / (threads * Parallel.tasksPerThread))
    let size = min(Self.taskRows, (wanted + 7) & ~7)
    var chunks: [Chunk] = []
    var current = Chunk()
    for target in targets {
      for start in stride(from: 0, to: target.view.rows, by: size) {
        let part = start..<min(target.view.rows, start + size)
        var task = Task(
          view: target.view.part(rows: part), c: target.c.part(rows: 0..<target.c.rows, columns: part))
        let kept = task.view.starts[part.count] - task.view.starts[0]
        let room = kept + blocks * SparseEntries.overhang
        if !current.tasks.isEmpty, 8 * (current.entries + room) > Self.listBytes {
          chunks.append(current)
          current = Chunk()
        }
        (task.place, task.startPlace) = (current.entries, current.starts)
        current.entries += room
        current.starts += blocks * (part.count + 1)
        current.tasks.append(task)
      }
    }
    return chunks + [current]
  }

  /// Lays tokens out: tile t at t · tile · depth, with a column's activations side by side.
  private func pack(_ tokens: Range<Int>, into x: UnsafeMutablePointer<Float>, _ threads: Int) {
    let (tile, instructions) = (tile, instructions)
    let tiles = (tokens.count + tile - 1) / tile
    // Parts of the depth, so that there are some for each thread.
    let part = 256
    let parts = (a.columns + part - 1) / part
    Parallel.forEach(tiles * parts, threads: threads) { index in
      let columns = index % parts * part..<min(a.columns, (index % parts + 1) * part)
      let first = tokens.lowerBound + index / parts * tile
      instructions.pack(
        a.part(rows: first..<min(tokens.upperBound, first + tile), columns: columns), scale: 1, width: tile,
        into: x + (index / parts * a.columns + columns.lowerBound) * tile)
    }
  }

  /// Lists the elements of a chunk.
  private func list(_ chunk: Chunk, in lists: Lists, _ threads: Int) {
    let table = UnsafeRawPointer(Self.columnTable.pointer)
    // The elements of a task as floats, where they are not stored as such.
    Parallel.forEach(chunk.tasks.count, threads: threads, state: { AlignedStorage(byteCount: 0) }) { widened, index in
      let task = chunk.tasks[index]
      let view = task.view
      let count = view.starts[view.rows] - view.starts[0]
      let source = view.values + view.starts[0] * view.type.byteCount
      var floats = source.assumingMemoryBound(to: Float.self)
      if view.type != .float32 {
        let bytes = 4 * (count + SparseEntries.overhang)
        if widened.byteCount < bytes { widened = AlignedStorage(byteCount: bytes + bytes / 4) }
        let target = widened.pointer.assumingMemoryBound(to: Float.self)
        instructions.widen(source: source, type: view.type, count: count, target: target)
        floats = UnsafePointer(target)
      }
      instructions.listEntries(
        of: view, values: floats, block: blockColumns, into: lists.entries(of: task), table: table)
    }
  }

  /// Multiplies the rows of a task by the activations of at most a tile of tokens.
  private func multiply(
    _ task: Task, _ lists: Lists, _ x: UnsafePointer<Float>, tokens: Range<Int>, _ scratch: Scratch
  ) {
    let (rows, entries) = (task.view.rows, lists.entries(of: task))
    let sums = scratch.sums.pointer.assumingMemoryBound(to: Float.self)
    let transposed = scratch.transposed.pointer.assumingMemoryBound(to: Float.self)
    sums.update(repeating: 0, count: rows * tile)
    let y = MutableRows(sums, rows: rows, columns: tokens.count, stride: tile)
    for number in 0..<blocks {
      let own = SparseEntries(
        offsets: entries.offsets, values: entries.values, starts: entries.starts + number * (rows + 1))
      instructions.addSparseProduct(own, of: x + number * blockColumns * tile, to: y)
    }
    // Packing works on an even number of rows.
    let width = (rows + 3) & ~3
    instructions.pack(y.view, scale: 1, width: width, into: transposed)
    for (number, token) in tokens.enumerated() {
      let (row, sums) = (task.c[token], transposed + number * width)
      if accumulate { instructions.add(sums, count: rows, to: row) } else { row.update(from: sums, count: rows) }
    }
  }

  /// Which columns each byte of a bitmap keeps.
  private static let columnTable: AlignedStorage = {
    let table = AlignedStorage(byteCount: SparseEntries.columnTableByteCount)
    SparseEntries.fillColumnTable(table.pointer)
    return table
  }()
}
