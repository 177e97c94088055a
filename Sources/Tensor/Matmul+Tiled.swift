import KernelTemplate

/// C (+)= scale · A · Bᵀ for operands at any strides: the one product that all the others are.
struct GeneralProduct {
  /// Which part of C is wanted.
  enum Region {
    case all
    /// Elements on and below the diagonal; those above may be written or not.
    case lowerTriangle
  }

  var rows: Int
  var columns: Int
  var depth: Int
  var a: Operand
  var b: Operand
  var scale: Float = 1
  var accumulate = false
  var region = Region.all

  /// Rows up to which a product reads B in place, once, instead of packing it.
  static let narrowRows = 8

  /// Runs the product into C, row-major with `stride` floats from row to row.
  func run(
    into c: UnsafeMutablePointer<Float>, stride: Int, kernel: MatmulKernel = .current,
    threads: Int = Parallel.threadCount
  ) {
    guard rows > 0, columns > 0 else { return }
    guard depth > 0 else {
      if !accumulate { for i in 0..<rows { (c + i * stride).update(repeating: 0, count: columns) } }
      return
    }
    // A product too small to pay for waking a thread stays on this one.
    let threads = rows * columns * depth < 1 << 16 ? 1 : threads
    if kernel == .reference {
      runReference(into: c, stride: stride)
    } else if isNarrow {
      runNarrow(into: c, stride: stride, instructions: kernel.instructions, threads: threads)
    } else {
      TiledProduct(self, kernel.instructions).run(into: c, stride: stride, threads: threads)
    }
  }

  /// Whether rows of A and B lie as the dot products of a narrow product want them.
  private var isNarrow: Bool {
    rows <= Self.narrowRows && a.elementType == .float32 && a.depthStride == 1 && b.depthStride == 1 && scale == 1
      && region == .all
  }

  /// Bytes of B that one task reads: enough to pay for handing it out, and for the processor to see a stream.
  private static let narrowTaskBytes = 1 << 17

  private func runNarrow(
    into c: UnsafeMutablePointer<Float>, stride: Int, instructions: any InstructionSet.Type, threads: Int
  ) {
    let grain = max(4, Self.narrowTaskBytes / (depth * b.elementType.byteCount) & ~3)
    Parallel.forEachRange(columns, grain: grain, threads: threads) { range in
      instructions.dotProducts(
        depth: depth, x: a.base.assumingMemoryBound(to: Float.self), xStride: a.outerStride, rows: rows,
        w: b.advanced(outer: range.lowerBound, depth: 0).base, weight: b.elementType.stored, wStride: b.outerStride,
        outputs: range.count, y: c + range.lowerBound, yStride: stride, accumulate: accumulate)
    }
  }
}

/// The five loops of Van Zee and Van de Geijn ("BLIS", 2015) around the tile kernel, arranged for small dynamic tasks.
///
/// The depth is cut into blocks; as many blocks as fit the packing memory make a slab. For each slab, all panels of A and B are
/// packed in parallel, and then tasks of 96 × 256 elements of C run in parallel, each over all blocks of the slab.
private struct TiledProduct {
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
  /// Bytes of packed panels at a time: more would leave the last-level cache, less means more waiting for the last task.
  private static let slabBytes = 12 << 20

  let product: GeneralProduct
  let instructions: any InstructionSet.Type
  let tileRows: Int
  let tileColumns: Int
  let panelsA: Int
  let panelsB: Int
  /// Depth of a slab.
  let slab: Int

  init(_ product: GeneralProduct, _ instructions: any InstructionSet.Type) {
    self.product = product
    self.instructions = instructions
    tileRows = instructions.tileRows
    tileColumns = instructions.tileColumns
    panelsA = (product.rows + tileRows - 1) / tileRows
    panelsB = (product.columns + tileColumns - 1) / tileColumns
    let bytesOfDepth = 4 * (panelsA * tileRows + panelsB * tileColumns)
    let blocks = max(1, Self.slabBytes / (bytesOfDepth * Self.depthBlock))
    slab = min(product.depth, blocks * Self.depthBlock)
  }

  func run(into c: UnsafeMutablePointer<Float>, stride: Int, threads: Int) {
    let packedRows = panelsA * tileRows
    let packedColumns = panelsB * tileColumns
    // Whole cache lines, so that B's panels are aligned to a vector.
    let sizeA = (packedRows * slab + 15) & ~15
    let packed = Self.packingMemory(4 * (sizeA + packedColumns * slab))
    defer { withExtendedLifetime(packed) {} }
    let packedA = packed.pointer.assumingMemoryBound(to: Float.self)
    let packedB = packedA + sizeA
    let taskRows = Self.taskRows / tileRows
    let taskColumns = Self.taskColumns / tileColumns
    let stepsPerLine = instructions.stepsPerLine
    let parts = tileColumns * stepsPerLine / 16
    let tasksDown = (panelsA + taskRows - 1) / taskRows
    let tasksAcross = (panelsB + taskColumns - 1) / taskColumns

    for start in Swift.stride(from: 0, to: product.depth, by: slab) {
      let blocks = Swift.stride(from: start, to: min(product.depth, start + slab), by: Self.depthBlock).map {
        $0..<min(product.depth, $0 + Self.depthBlock)
      }
      let panels = panelsA + panelsB
      Parallel.forEachRange(blocks.count * panels, grain: 8, threads: threads) { range in
        for index in range {
          let depth = blocks[index / panels]
          let panel = index % panels
          if panel < panelsA {
            let target = packedA + (packedRows * (depth.lowerBound - start) + panel * tileRows * depth.count)
            pack(product.a, panel, tileRows, depth, product.rows, product.scale, target)
          } else {
            let panel = panel - panelsA
            let target = packedB + (packedColumns * (depth.lowerBound - start) + panel * tileColumns * depth.count)
            pack(product.b, panel, tileColumns, depth, product.columns, 1, target)
          }
        }
      }
      Parallel.forEach(
        tasksDown * tasksAcross, threads: threads, state: { AlignedStorage(byteCount: 4 * tileRows * tileColumns) }
      ) { edge, task in
        let edge = edge.pointer.assumingMemoryBound(to: Float.self)
        let down = task / tasksAcross * taskRows
        let across = task % tasksAcross * taskColumns
        for depth in blocks {
          let a = packedA + packedRows * (depth.lowerBound - start)
          let b = packedB + packedColumns * (depth.lowerBound - start)
          let lastB = min(panelsB, across + taskColumns) - 1
          for panelB in across...lastB {
            // While it computes, each tile fetches a part of the next panel of B, which comes from the last-level cache.
            let next = b + min(panelB + 1, lastB) * tileColumns * depth.count
            let part = depth.count / stepsPerLine * 16
            for panelA in down..<min(panelsA, down + taskRows) {
              let i = panelA * tileRows
              let j = panelB * tileColumns
              if product.region == .lowerTriangle, j >= i + tileRows { continue }
              instructions.multiply(
                depth: depth.count, a: a + i * depth.count, aStride: tileRows, b: b + j * depth.count,
                c: c + (i * stride + j), stride: stride, rows: min(tileRows, product.rows - i),
                columns: min(tileColumns, product.columns - j),
                accumulate: product.accumulate || depth.lowerBound > 0, edge: edge,
                next: next + (panelA - down) % parts * part)
            }
          }
        }
      }
    }
  }

  /// Memory for packed panels, a power of two, so that products of many shapes find one another's in the pool; what is not
  /// touched costs nothing.
  private static func packingMemory(_ byteCount: Int) -> AlignedStorage {
    AlignedStorage(byteCount: 1 << (Int.bitWidth - (byteCount - 1).leadingZeroBitCount))
  }

  private func pack(
    _ operand: Operand, _ panel: Int, _ width: Int, _ depth: Range<Int>, _ limit: Int, _ scale: Float,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let outer = panel * width..<min(limit, (panel + 1) * width)
    operand.pack(outer: outer, depth: depth, width: width, scale: scale, into: target, with: instructions)
  }
}
