import KernelTemplate
import Support

/// The five loops of Van Zee and Van de Geijn ("BLIS", 2015) around the tile kernel, arranged for small dynamic tasks.
///
/// The depth is cut into blocks; as many blocks as fit the packing memory make a slab. For each slab, all panels of A and B are
/// packed in parallel, and then tasks of 96 × 256 elements of C run in parallel, each over all blocks of the slab.
struct TiledProduct {
  /// Depth of a panel.
  ///
  /// A panel of B, 32 columns × 256 × 4 bytes = 32 KiB at most, streams from the first- or second-level cache while panels of A
  /// (12 KiB) are broadcast, and reading and writing C costs two loads and stores in 256 multiply-adds.
  static let depthBlock = RowBlock.mostColumns
  /// Rows of a task at most, a multiple of 6 and 12.
  ///
  /// Their panels of A, 96 KiB, stay in the second-level cache while B's pass by.
  private static let taskRows = 96
  /// Columns of a task at most.
  ///
  /// Tasks this small (6 M multiply-adds a block, some 100 µs) leave no core idle at the end.
  private static let taskColumns = 256
  /// Multiply-adds that a task has at least, some 10 µs: handing it out costs a hundredth of that.
  private static let leastTask = 1 << 20

  /// `tileColumns` columns of one C, or the last ones, and the rows of B that make them.
  private struct Strip {
    let b: StridedView
    let c: MutableRows
    /// The first column.
    let start: Int
    let source: Source

    enum Source {
      /// Packed for this product, at some place among those that are.
      case loose(place: Int)
      case kept(PackedPanels.Place)
    }
  }

  private let product: GeneralProduct
  private let instructions: any InstructionSet.Type
  private let tileRows: Int
  private let tileColumns: Int
  private let panelsA: Int
  private let panelsB: [Strip]
  /// Those of B that are packed for this product.
  private let loosePanelsB: [Strip]
  /// Depth of a slab.
  private let slab: Int

  init(_ product: GeneralProduct, _ targets: [GeneralProduct.DenseTarget], _ instructions: any InstructionSet.Type) {
    self.product = product
    self.instructions = instructions
    let (rows, columns) = (instructions.tileRows, instructions.tileColumns)
    (tileRows, tileColumns) = (rows, columns)
    panelsA = (product.a.rows + rows - 1) / rows
    var (panels, loose): ([Strip], [Strip]) = ([], [])
    for target in targets {
      for start in stride(from: 0, to: target.c.columns, by: columns) {
        let range = start..<min(target.c.columns, start + columns)
        let panel = Strip(
          b: target.view.part(rows: range), c: target.c.part(rows: 0..<target.c.rows, columns: range), start: start,
          source: target.packed.map { .kept($0) } ?? .loose(place: loose.count))
        panels.append(panel)
        if target.packed == nil { loose.append(panel) }
      }
    }
    (panelsB, loosePanelsB) = (panels, loose)
    let packed = ProductShape(
      rows: Double(panelsA * rows), columns: Double(loosePanelsB.count * columns), depth: Double(product.a.columns))
    slab = Int(packed.slab)
  }

  func run(threads: Int) {
    // Whole cache lines, so that B's panels are aligned to a vector.
    let sizeA = (panelsA * tileRows * slab + 15) & ~15
    let packed = Self.packingMemory(4 * (sizeA + loosePanelsB.count * tileColumns * slab))
    defer { withExtendedLifetime(packed) {} }
    let a = packed.pointer.assumingMemoryBound(to: Float.self)
    for start in stride(from: 0, to: product.a.columns, by: slab) {
      let end = min(product.a.columns, start + slab)
      let blocks = Self.blocks(of: start..<end).map { depth in
        Block(
          depth: depth, a: a + panelsA * tileRows * (depth.lowerBound - start),
          b: a + sizeA + loosePanelsB.count * tileColumns * (depth.lowerBound - start))
      }
      pack(blocks, threads: threads)
      multiply(blocks, threads: threads)
    }
  }

  /// The blocks of a part of the depth that begins with one.
  static func blocks(of depth: Range<Int>) -> [Range<Int>] {
    stride(from: depth.lowerBound, to: depth.upperBound, by: depthBlock).map {
      $0..<min(depth.upperBound, $0 + depthBlock)
    }
  }

  /// A part of the depth, packed.
  private struct Block {
    let depth: Range<Int>
    /// Panel i at i · tileRows · depth.count: `depth.count` columns of A.
    let a: UnsafeMutablePointer<Float>
    /// The panel at place j at j · tileColumns · depth.count.
    let b: UnsafeMutablePointer<Float>
  }

  private func pack(_ blocks: [Block], threads: Int) {
    let panels = panelsA + loosePanelsB.count
    Parallel.forEachRange(blocks.count * panels, grain: 8, threads: threads) { range in
      for index in range {
        let block = blocks[index / panels]
        let panel = index % panels
        if panel < panelsA {
          let first = panel * tileRows
          let rows = product.a.part(rows: first..<min(product.a.rows, first + tileRows), columns: block.depth)
          instructions.pack(
            rows, scale: product.scale, width: tileRows, into: block.a + first * block.depth.count)
        } else {
          let place = panel - panelsA
          let b = loosePanelsB[place].b
          instructions.pack(
            b.part(rows: 0..<b.rows, columns: block.depth), scale: 1, width: tileColumns,
            into: block.b + place * tileColumns * block.depth.count)
        }
      }
    }
  }

  private func multiply(_ blocks: [Block], threads: Int) {
    let (taskRows, taskColumns) = taskShape(depth: blocks.reduce(0) { $0 + $1.depth.count }, threads: threads)
    let tasksDown = (panelsA + taskRows - 1) / taskRows
    let tasksAcross = (panelsB.count + taskColumns - 1) / taskColumns
    Parallel.forEach(
      tasksDown * tasksAcross, threads: threads, state: { AlignedStorage(byteCount: 4 * tileRows * tileColumns) }
    ) { edge, task in
      let down = task / tasksAcross * taskRows
      let across = task % tasksAcross * taskColumns
      for block in blocks {
        multiply(
          block, down..<min(panelsA, down + taskRows), across..<min(panelsB.count, across + taskColumns),
          edge: edge.pointer.assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// Panels of A and of B that a task multiplies: fewer where there would be too few tasks for the threads.
  private func taskShape(depth: Int, threads: Int) -> (rows: Int, columns: Int) {
    var (rows, columns) = (Self.taskRows / tileRows, Self.taskColumns / tileColumns)
    func isTooLarge() -> Bool {
      let tasks = (panelsA + rows - 1) / rows * ((panelsB.count + columns - 1) / columns)
      return tasks < threads * Parallel.tasksPerThread
        && rows * tileRows * columns * tileColumns * depth >= 2 * Self.leastTask
    }
    while isTooLarge() {
      // The longer side, so that what is loaded is used most.
      if columns > 1, columns * tileColumns >= rows * tileRows {
        columns = (columns + 1) / 2
      } else if rows > 1 {
        rows = (rows + 1) / 2
      } else {
        break
      }
    }
    return (rows, columns)
  }

  /// Some panels of A by some of B: what one task does with a block of the depth.
  private func multiply(_ block: Block, _ down: Range<Int>, _ across: Range<Int>, edge: UnsafeMutablePointer<Float>) {
    let depth = block.depth.count
    let accumulate = product.accumulate || block.depth.lowerBound > 0
    // While it computes, each tile fetches a part of the next panel of B, which comes from the last-level cache.
    let part = depth / instructions.stepsPerLine * 16
    let parts = tileColumns * instructions.stepsPerLine / 16
    for j in across {
      let strip = panelsB[j]
      let b = Panel(elements(of: strip, block), depth: depth, stride: tileColumns)
      let next = elements(of: panelsB[min(j + 1, across.upperBound - 1)], block)
      for i in down {
        let row = i * tileRows
        if product.region == .lowerTriangle, strip.start >= row + tileRows { continue }
        instructions.multiply(
          Panel(block.a + row * depth, depth: depth, stride: tileRows), b,
          into: strip.c.part(rows: row..<min(strip.c.rows, row + tileRows), columns: 0..<strip.c.columns),
          accumulate: accumulate, edge: edge, next: next + (i - down.lowerBound) % parts * part)
      }
    }
  }

  /// Where a panel of B is packed for a block of the depth.
  private func elements(of strip: Strip, _ block: Block) -> UnsafePointer<Float> {
    switch strip.source {
    case .loose(let place): UnsafePointer(block.b) + place * tileColumns * block.depth.count
    case .kept(let packed): packed.panel(strip.start, block.depth)
    }
  }

  /// Memory for packed panels, a power of two, so that products of many shapes find one another's in the pool; what is not
  /// touched costs nothing.
  private static func packingMemory(_ byteCount: Int) -> AlignedStorage {
    AlignedStorage(byteCount: 1 << (Int.bitWidth - (byteCount - 1).leadingZeroBitCount))
  }
}
