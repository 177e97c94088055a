import KernelTemplate
import Support

/// C (+)= A · Bᵀ for right sides whose zeros are left out.
///
/// Few rows of A make dot products: a row of B is expanded in registers, a vector at a time, and read once for eight rows of A. Many
/// rows, the tokens, are laid out with a column's activations side by side, and every kept element of B multiplies a vector of them:
/// as many multiply-adds as there are elements left.
struct SparseProduct {
  /// Bytes of B that a task of dot products reads at most.
  private static let dotBytes = 1 << 16
  /// Rows of B that a task multiplies by all tokens.
  ///
  /// Their sums, up to 32 KiB for a tile of tokens, stay in the second-level cache.
  private static let taskRows = 64
  private let a: StridedView
  private let accumulate: Bool
  private let targets: [GeneralProduct.SparseTarget]
  private let instructions: any InstructionSet.Type
  private let table: AlignedStorage

  /// - Precondition: A has its columns side by side, the product is neither scaled nor a part of one, and its kernel not the reference.
  init(_ product: GeneralProduct, _ targets: [GeneralProduct.SparseTarget]) {
    precondition(product.scale == 1 && product.region == .all && product.a.type == .float32)
    precondition(product.a.columnStride == 1)
    (a, accumulate, self.targets) = (product.a, product.accumulate, targets)
    instructions = product.kernel.instructions
    table = Self.tables[product.kernel] ?? AlignedStorage(byteCount: 0)
  }

  /// What the dot products of each kernel look up.
  private static let tables: [Kernel: AlignedStorage] = {
    let pairs = Kernel.allCases.filter(\.isAvailable).map { kernel in
      let table = AlignedStorage(byteCount: kernel.instructions.expansionTableByteCount)
      kernel.instructions.fillExpansionTable(table.pointer)
      return (kernel, table)
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }()

  /// The fraction of zeros from which on leaving them out is faster than multiplying by them.
  ///
  /// Measured (Documentation/Zeros.md) and not taken anew on each machine: then results would depend on the time of day. Where nobody has
  /// measured a kernel, it is a fraction that pays on the others.
  static func breakEven(_ kernel: Kernel, _ type: ElementType, _ use: ProductUse) -> Double {
    guard kernel != .reference else { return .infinity }
    switch use {
    case .manyTokens: return 0.55
    case .fewTokens:
      guard kernel.instructions.expandsByInstruction else { return .infinity }
      return type == .float32 ? 0.6 : 0.55
    }
  }

  func run(threads: Int) {
    if a.rows <= PackingMemory.expandedRows { runDots(threads) } else { runTokens(threads) }
  }

  // MARK: Few rows

  private func runDots(_ threads: Int) {
    let rows = targets.reduce(0) { $0 + $1.view.rows }
    let bytes = targets.reduce(0) { $0 + $1.view.byteCount }
    // Too little to pay for waking a thread stays on this one.
    let threads = bytes * a.rows < 1 << 15 ? 1 : threads
    let (a, table, instructions) = (a, UnsafeRawPointer(table.pointer), instructions)
    let arranged =
      targets.contains { instructions.arrangesActivations(for: $0.view.type) } ? arrangedActivations() : nil
    defer { withExtendedLifetime((table, arranged)) {} }
    let activations = arranged.map {
      StridedView($0.pointer, .float32, rows: a.rows, columns: a.columns, rowStride: a.columns)
    }
    Parallel.forEachRange(rows, grain: max(1, Self.dotBytes * rows / max(1, bytes)), threads: threads) { range in
      var first = 0
      for target in targets {
        let own = range.clamped(to: first..<first + target.view.rows)
        if !own.isEmpty {
          let part = own.lowerBound - first..<own.upperBound - first
          let x = instructions.arrangesActivations(for: target.view.type) ? activations ?? a : a
          instructions.sparseDotProducts(
            x, target.view.part(rows: part), into: target.c.part(rows: 0..<target.c.rows, columns: part),
            accumulate: accumulate, table: table)
        }
        first += target.view.rows
      }
    }
  }

  /// A, (rows, columns), as dot products by elements that are expanded pair by pair take it.
  private func arrangedActivations() -> AlignedStorage {
    let storage = AlignedStorage(byteCount: 4 * a.rows * a.columns)
    let target = storage.pointer.assumingMemoryBound(to: Float.self)
    for row in 0..<a.rows {
      instructions.arrange(a.floats + row * a.rowStride, count: a.columns, into: target + row * a.columns)
    }
    return storage
  }

  // MARK: Many rows

  /// Some rows of one B.
  private struct Task {
    let view: SparseView
    /// (rows of A, rows of `view`).
    let c: MutableRows
  }

  /// Memory that a thread needs for its tasks.
  private struct Scratch {
    /// The offsets and the values of a task's kept elements, block by block of the depth, and in each row by row.
    var offsets = AlignedStorage(byteCount: 0)
    var values = AlignedStorage(byteCount: 0)
    /// (blocks, rows + 1): where those of each row begin, and where those of the last one end.
    var starts = AlignedStorage(byteCount: 0)
    /// The kept elements as floats, row by row, where they are not stored as such.
    var widened = AlignedStorage(byteCount: 0)
    /// (taskRows, tokenTile).
    let sums: AlignedStorage
    /// (tokenTile, taskRows).
    let transposed: AlignedStorage
  }

  private var tile: Int { instructions.tokenTile }
  /// Columns whose activations all rows of a task read in turn from the first-level cache.
  ///
  /// With AVX-512, of which most processors have 48 KiB, 32 KiB of activations; elsewhere 24 of 32 KiB.
  private var blockColumns: Int { (tile >= 128 ? 8192 : 6144) / tile }

  private func runTokens(_ threads: Int) {
    let (tile, depth) = (tile, a.columns)
    let tiles = (a.rows + tile - 1) / tile
    // As many tiles of activations at a time as the packing memory holds.
    let group = max(1, min(tiles, PackingMemory.productBytes / max(1, 4 * tile * depth)))
    let tasks = tasks(threads)
    let activations = AlignedStorage(byteCount: 4 * group * tile * depth)
    defer { withExtendedLifetime(activations) {} }
    let x = activations.pointer.assumingMemoryBound(to: Float.self)
    for start in stride(from: 0, to: a.rows, by: group * tile) {
      let tokens = start..<min(a.rows, start + group * tile)
      pack(tokens, into: x, threads)
      let sumBytes = 4 * Self.taskRows * tile
      Parallel.forEach(
        tasks.count, threads: threads,
        state: {
          Scratch(sums: AlignedStorage(byteCount: sumBytes), transposed: AlignedStorage(byteCount: sumBytes))
        }
      ) { scratch, index in
        multiply(tasks[index], tokens, x, &scratch)
      }
    }
  }

  /// The rows of all right sides, in parts of equal size as far as possible, at least some for each thread.
  private func tasks(_ threads: Int) -> [Task] {
    let rows = targets.reduce(0) { $0 + $1.view.rows }
    let wanted = max(8, rows / (threads * Parallel.tasksPerThread))
    let size = min(Self.taskRows, (wanted + 7) & ~7)
    return targets.flatMap { target in
      stride(from: 0, to: target.view.rows, by: size).map { start in
        let part = start..<min(target.view.rows, start + size)
        return Task(
          view: target.view.part(rows: part), c: target.c.part(rows: 0..<target.c.rows, columns: part))
      }
    }
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

  private func multiply(
    _ task: Task, _ tokens: Range<Int>, _ x: UnsafeMutablePointer<Float>, _ scratch: inout Scratch
  ) {
    let (tile, rows, block) = (tile, task.view.rows, blockColumns)
    let entries = unpack(task.view, &scratch)
    let sums = scratch.sums.pointer.assumingMemoryBound(to: Float.self)
    let transposed = scratch.transposed.pointer.assumingMemoryBound(to: Float.self)
    for (index, first) in stride(from: tokens.lowerBound, to: tokens.upperBound, by: tile).enumerated() {
      let count = min(tile, tokens.upperBound - first)
      sums.update(repeating: 0, count: rows * tile)
      let y = MutableRows(sums, rows: rows, columns: count, stride: tile)
      for (number, column) in stride(from: 0, to: a.columns, by: block).enumerated() {
        let own = SparseEntries(
          offsets: entries.offsets, values: entries.values, starts: entries.starts + number * (rows + 1))
        instructions.addSparseProduct(own, of: x + (index * a.columns + column) * tile, to: y)
      }
      // Packing works on an even number of rows.
      let width = (rows + 3) & ~3
      instructions.pack(y.view, scale: 1, width: width, into: transposed)
      for token in 0..<count {
        let (row, sums) = (task.c[first + token], transposed + token * width)
        if accumulate { instructions.add(sums, count: rows, to: row) } else { row.update(from: sums, count: rows) }
      }
    }
  }

  /// Lists some rows' kept elements.
  private func unpack(_ view: SparseView, _ scratch: inout Scratch) -> SparseEntries {
    let (rows, blocks) = (view.rows, (view.columns + blockColumns - 1) / blockColumns)
    let count = view.starts[rows] - view.starts[0]
    let room = 4 * (count + blocks * SparseEntries.overhang)
    Self.reserve(room, in: &scratch.offsets)
    Self.reserve(room, in: &scratch.values)
    Self.reserve(blocks * (rows + 1) * MemoryLayout<Int>.stride, in: &scratch.starts)
    let entries = SparseEntries(
      offsets: scratch.offsets.pointer.assumingMemoryBound(to: UInt32.self),
      values: scratch.values.pointer.assumingMemoryBound(to: Float.self),
      starts: scratch.starts.pointer.assumingMemoryBound(to: Int.self))
    let source = view.values + view.starts[0] * view.type.byteCount
    var floats = source.assumingMemoryBound(to: Float.self)
    if view.type != .float32 {
      Self.reserve(4 * (count + SparseEntries.overhang), in: &scratch.widened)
      let widened = scratch.widened.pointer.assumingMemoryBound(to: Float.self)
      instructions.widen(source: source, type: view.type, count: count, target: widened)
      floats = UnsafePointer(widened)
    }
    instructions.listEntries(
      of: view, values: floats, block: blockColumns, into: entries, table: Self.columnTable.pointer)
    return entries
  }

  /// Which columns each byte of a bitmap keeps.
  private static let columnTable: AlignedStorage = {
    let table = AlignedStorage(byteCount: SparseEntries.columnTableByteCount)
    SparseEntries.fillColumnTable(table.pointer)
    return table
  }()

  /// Makes room, and some more, so that most tasks find enough.
  private static func reserve(_ byteCount: Int, in storage: inout AlignedStorage) {
    if storage.byteCount < byteCount { storage = AlignedStorage(byteCount: byteCount + byteCount / 4) }
  }
}

/// What a weight is multiplied by.
public enum ProductUse: String, Sendable, CaseIterable {
  /// A text, many tokens at a time.
  case manyTokens
  /// A text that is being written, token by token.
  case fewTokens
}

extension StoredMatrix {
  /// The fraction of zeros from which on a weight of this type is faster without them, on the kernel in use; infinite where it never is.
  public static func breakEven(_ type: ElementType, for use: ProductUse) -> Double {
    SparseProduct.breakEven(.current, type, use)
  }

  /// The same weight in the form whose products are faster: compressed where enough of it is zero.
  public func inFasterForm(for use: ProductUse) -> StoredMatrix {
    let zeros = Double(zeroCount) / Double(max(1, count))
    return zeros >= Self.breakEven(elementType, for: use) ? compressed() : expanded()
  }
}

extension SparseView {
  /// Bytes of the bitmap and of the kept elements.
  fileprivate var byteCount: Int { rows * bitStride + (starts[rows] - starts[0]) * type.byteCount }
}
