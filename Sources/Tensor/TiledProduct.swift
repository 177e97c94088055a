import KernelTemplate

/// The five loops of Van Zee and Van de Geijn ("BLIS", 2015) around the tile kernel, arranged for small dynamic tasks.
///
/// The depth is cut into blocks; as many blocks as fit the packing memory make a slab. For each slab, all panels of A and B are
/// packed in parallel, and then tasks of 96 × 256 elements of C run in parallel, each over all blocks of the slab.
struct TiledProduct {
  /// Depth of a panel.
  ///
  /// A panel of B, 32 columns × 256 × 4 bytes = 32 KiB at most, streams from the first- or second-level cache while panels of A
  /// (12 KiB) are broadcast, and reading and writing C costs two loads and stores in 256 multiply-adds.
  private static let depthBlock = 256
  /// Rows of a task, a multiple of 6 and 12.
  ///
  /// Their panels of A, 96 KiB, stay in the second-level cache while B's pass by.
  private static let taskRows = 96
  /// Columns of a task.
  ///
  /// Tasks this small (6 M multiply-adds a block, some 100 µs) leave no core idle at the end.
  private static let taskColumns = 256

  /// `tileColumns` columns of one C, or the last ones, and the rows of B that make them.
  private struct Panel {
    let side: GeneralProduct.RightSide
    let columns: Range<Int>
  }

  private let product: GeneralProduct
  private let instructions: any InstructionSet.Type
  private let tileRows: Int
  private let tileColumns: Int
  private let panelsA: Int
  private let panelsB: [Panel]
  /// Depth of a slab.
  private let slab: Int

  init(_ product: GeneralProduct, _ sides: [GeneralProduct.RightSide], _ instructions: any InstructionSet.Type) {
    self.product = product
    self.instructions = instructions
    let (rows, columns) = (instructions.tileRows, instructions.tileColumns)
    (tileRows, tileColumns) = (rows, columns)
    panelsA = (product.rows + rows - 1) / rows
    panelsB = sides.flatMap { side in
      stride(from: 0, to: side.columns, by: columns).map {
        Panel(side: side, columns: $0..<min(side.columns, $0 + columns))
      }
    }
    let bytesOfDepth = 4 * (panelsA * rows + panelsB.count * columns)
    let blocks = max(1, PackingMemory.productBytes / (bytesOfDepth * Self.depthBlock))
    slab = min(product.depth, blocks * Self.depthBlock)
  }

  func run(threads: Int) {
    // Whole cache lines, so that B's panels are aligned to a vector.
    let sizeA = (panelsA * tileRows * slab + 15) & ~15
    let packed = Self.packingMemory(4 * (sizeA + panelsB.count * tileColumns * slab))
    defer { withExtendedLifetime(packed) {} }
    let a = packed.pointer.assumingMemoryBound(to: Float.self)
    for start in stride(from: 0, to: product.depth, by: slab) {
      let end = min(product.depth, start + slab)
      let blocks = stride(from: start, to: end, by: Self.depthBlock).map { block in
        Block(
          depth: block..<min(end, block + Self.depthBlock), a: a + panelsA * tileRows * (block - start),
          b: a + sizeA + panelsB.count * tileColumns * (block - start))
      }
      pack(blocks, threads: threads)
      multiply(blocks, threads: threads)
    }
  }

  /// A part of the depth, packed.
  private struct Block {
    let depth: Range<Int>
    /// Panel i at i · tileRows · depth.count: `depth.count` columns of A.
    let a: UnsafeMutablePointer<Float>
    /// Panel j at j · tileColumns · depth.count.
    let b: UnsafeMutablePointer<Float>
  }

  private func pack(_ blocks: [Block], threads: Int) {
    let panels = panelsA + panelsB.count
    Parallel.forEachRange(blocks.count * panels, grain: 8, threads: threads) { range in
      for index in range {
        let block = blocks[index / panels]
        let panel = index % panels
        if panel < panelsA {
          let first = panel * tileRows
          product.a.pack(
            outer: first..<min(product.rows, first + tileRows), depth: block.depth, width: tileRows,
            scale: product.scale, into: block.a + first * block.depth.count, with: instructions)
        } else {
          let panel = panel - panelsA
          panelsB[panel].side.b.pack(
            outer: panelsB[panel].columns, depth: block.depth, width: tileColumns, scale: 1,
            into: block.b + panel * tileColumns * block.depth.count, with: instructions)
        }
      }
    }
  }

  private func multiply(_ blocks: [Block], threads: Int) {
    let taskRows = Self.taskRows / tileRows
    let taskColumns = Self.taskColumns / tileColumns
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

  /// Some panels of A by some of B: what one task does with a block of the depth.
  private func multiply(_ block: Block, _ down: Range<Int>, _ across: Range<Int>, edge: UnsafeMutablePointer<Float>) {
    let depth = block.depth.count
    let accumulate = product.accumulate || block.depth.lowerBound > 0
    // While it computes, each tile fetches a part of the next panel of B, which comes from the last-level cache.
    let part = depth / instructions.stepsPerLine * 16
    let parts = tileColumns * instructions.stepsPerLine / 16
    for j in across {
      let panel = panelsB[j]
      let (c, stride) = (panel.side.c + panel.columns.lowerBound, panel.side.stride)
      let next = block.b + min(j + 1, across.upperBound - 1) * tileColumns * depth
      for i in down {
        let row = i * tileRows
        if product.region == .lowerTriangle, panel.columns.lowerBound >= row + tileRows { continue }
        instructions.multiply(
          depth: depth, a: block.a + row * depth, aStride: tileRows, b: block.b + j * tileColumns * depth,
          c: c + row * stride, stride: stride, rows: min(tileRows, product.rows - row), columns: panel.columns.count,
          accumulate: accumulate, edge: edge, next: next + (i - down.lowerBound) % parts * part)
      }
    }
  }

  /// Memory for packed panels, a power of two, so that products of many shapes find one another's in the pool; what is not
  /// touched costs nothing.
  private static func packingMemory(_ byteCount: Int) -> AlignedStorage {
    AlignedStorage(byteCount: 1 << (Int.bitWidth - (byteCount - 1).leadingZeroBitCount))
  }
}
