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
  /// Their sums, 24 KiB for a tile of tokens, stay in the second-level cache.
  private static let taskRows = 64
  /// Floats of the activations that all rows of a task read in turn: 24 KiB, which the first-level cache holds.
  private static let blockFloats = 6144

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
    defer { withExtendedLifetime(table) {} }
    let rows = targets.reduce(0) { $0 + $1.view.rows }
    let bytes = targets.reduce(0) { $0 + $1.view.byteCount }
    // Too little to pay for waking a thread stays on this one.
    let threads = bytes * a.rows < 1 << 15 ? 1 : threads
    let (table, instructions) = (UnsafeRawPointer(table.pointer), instructions)
    Parallel.forEachRange(rows, grain: max(1, Self.dotBytes * rows / max(1, bytes)), threads: threads) { range in
      var first = 0
      for target in targets {
        let own = range.clamped(to: first..<first + target.view.rows)
        if !own.isEmpty {
          let part = own.lowerBound - first..<own.upperBound - first
          instructions.sparseDotProducts(
            a, target.view.part(rows: part), into: target.c.part(rows: 0..<target.c.rows, columns: part),
            accumulate: accumulate, table: table)
        }
        first += target.view.rows
      }
    }
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
    /// The kept elements of a task, block by block of the depth, and in each row by row.
    var entries = AlignedStorage(byteCount: 0)
    /// (blocks, taskRows + 1): where the entries of each row begin.
    var starts: [Int] = []
    /// (taskRows, tokenTile).
    let sums: AlignedStorage
    /// (tokenTile, taskRows).
    let transposed: AlignedStorage
  }

  private var tile: Int { instructions.tokenTile }
  private var blockColumns: Int { Self.blockFloats / tile }

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
    unpack(task.view, &scratch)
    let entries = UnsafePointer(scratch.entries.pointer.assumingMemoryBound(to: SparseEntry.self))
    let sums = scratch.sums.pointer.assumingMemoryBound(to: Float.self)
    let transposed = scratch.transposed.pointer.assumingMemoryBound(to: Float.self)
    scratch.starts.withUnsafeBufferPointer { starts in
      guard let starts = starts.baseAddress else { return }
      for (index, first) in stride(from: tokens.lowerBound, to: tokens.upperBound, by: tile).enumerated() {
        let count = min(tile, tokens.upperBound - first)
        sums.update(repeating: 0, count: rows * tile)
        let y = MutableRows(sums, rows: rows, columns: count, stride: tile)
        for (number, column) in stride(from: 0, to: a.columns, by: block).enumerated() {
          instructions.addSparseProduct(
            SparseEntries(entries, starts: starts + number * (rows + 1)),
            of: x + (index * a.columns + column) * tile, to: y)
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
  }

  /// Makes entries of some rows' kept elements.
  private func unpack(_ view: SparseView, _ scratch: inout Scratch) {
    let (rows, block) = (view.rows, blockColumns)
    let count = view.starts[rows] - view.starts[0]
    let bytes = count * MemoryLayout<SparseEntry>.stride
    if scratch.entries.byteCount < bytes { scratch.entries = AlignedStorage(byteCount: bytes + bytes / 4) }
    scratch.starts.removeAll(keepingCapacity: true)
    let entries = scratch.entries.pointer.assumingMemoryBound(to: SparseEntry.self)
    var cursors = Array(UnsafeBufferPointer(start: view.starts, count: rows))
    var next = 0
    let tokenBytes = UInt32(4 * tile)
    func unpack(_ value: (Int) -> Float) {
      for column in stride(from: 0, to: view.columns, by: block) {
        let columns = column..<min(view.columns, column + block)
        for row in 0..<rows {
          scratch.starts.append(next)
          var cursor = cursors[row]
          view.forEachKept(row: row, columns: columns) { kept in
            entries[next] = SparseEntry(offset: UInt32(kept - column) &* tokenBytes, value: value(cursor))
            next += 1
            cursor += 1
          }
          cursors[row] = cursor
        }
        scratch.starts.append(next)
      }
    }
    let (words, halves) = (
      view.values.assumingMemoryBound(to: Float.self), view.values.assumingMemoryBound(to: UInt16.self)
    )
    switch view.type {
    case .float32: unpack { words[$0] }
    case .float16: unpack { Half.widened(halves[$0]) }
    case .bfloat16: unpack { BFloat16.widened(halves[$0]) }
    }
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
