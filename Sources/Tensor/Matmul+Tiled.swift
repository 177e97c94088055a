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

  /// Depth of a panel.
  ///
  /// A panel of B (32 columns × 256 × 4 bytes = 32 KiB at most) stays in the first-level cache while the panels of A (6 KiB
  /// each) pass by.
  private static let depthBlock = 256
  /// Rows of a task: 16 panels of A, 96 KiB, which stay in the second-level cache while B's panels pass by.
  private static let taskRows = 96
  /// Columns of a task.
  ///
  /// Tasks this small (6 M multiply-adds, some 100 µs) leave no core idle at the end.
  private static let taskColumns = 256

  /// Runs the product into C, row-major with `stride` floats from row to row.
  ///
  /// The five loops of Van Zee and Van de Geijn ("BLIS", 2015), arranged for small dynamic tasks: for each block of depth, all
  /// panels of B (and of A, unless it is row-major) are packed in parallel, then tasks of 96 × 256 elements of C run in parallel.
  func run(
    into c: UnsafeMutablePointer<Float>, stride: Int, kernel choice: MatmulKernel = .current,
    threads: Int = Parallel.threadCount, workspace: Workspace = Workspace()
  ) {
    guard rows > 0, columns > 0 else { return }
    guard depth > 0 else {
      if !accumulate { for i in 0..<rows { (c + i * stride).update(repeating: 0, count: columns) } }
      return
    }
    if choice == .reference { return runReference(into: c, stride: stride) }
    let kernel = Microkernel.of(choice)
    let panelsA = (rows + kernel.rows - 1) / kernel.rows
    let panelsB = (columns + kernel.columns - 1) / kernel.columns
    let block = min(depth, Self.depthBlock)
    // A row-major A is read where it lies.
    let direct = scale == 1 ? a.rowMajorFloats : nil
    let packedPanelsA = direct == nil ? panelsA : 0
    let (rowStrideA, depthStrideA) = direct == nil ? (1, kernel.rows) : (a.outerStride, 1)
    let packedA = workspace.a(count: packedPanelsA * kernel.rows * block)
    let packedB = workspace.b(count: panelsB * kernel.columns * block)
    let taskRows = Self.taskRows / kernel.rows
    let taskColumns = Self.taskColumns / kernel.columns
    let tasksDown = (panelsA + taskRows - 1) / taskRows
    let tasksAcross = (panelsB + taskColumns - 1) / taskColumns
    // A product too small to pay for waking a thread stays on this one.
    let threads = rows * columns * depth < 1 << 16 ? 1 : threads

    for start in Swift.stride(from: 0, to: depth, by: block) {
      let range = start..<min(depth, start + block)
      Parallel.forEachRange(packedPanelsA + panelsB, grain: 8, threads: threads) { panels in
        for panel in panels {
          if panel < packedPanelsA {
            pack(a, panel, kernel.rows, range, rows, scale, packedA + panel * kernel.rows * range.count)
          } else {
            let panel = panel - packedPanelsA
            pack(b, panel, kernel.columns, range, columns, 1, packedB + panel * kernel.columns * range.count)
          }
        }
      }
      let adds = accumulate || start > 0
      Parallel.forEach(tasksDown * tasksAcross, threads: threads, state: { EdgeTile(kernel) }) { edge, task in
        let down = task / tasksAcross * taskRows
        let across = task % tasksAcross * taskColumns
        for panelB in across..<min(panelsB, across + taskColumns) {
          for panelA in down..<min(panelsA, down + taskRows) {
            let i = panelA * kernel.rows
            let j = panelB * kernel.columns
            if region == .lowerTriangle, j >= i + kernel.rows { continue }
            let source: UnsafePointer<Float>
            if let direct {
              source = direct + (i * a.outerStride + start)
            } else {
              source = UnsafePointer(packedA + i * range.count)
            }
            kernel.body(
              range.count, source, rowStrideA, depthStrideA,
              packedB + j * range.count, c + i * stride + j, stride, min(kernel.rows, rows - i),
              min(kernel.columns, columns - j), adds, edge.pointer)
          }
        }
      }
    }
  }

  private func pack(
    _ operand: Operand, _ panel: Int, _ width: Int, _ depth: Range<Int>, _ limit: Int, _ scale: Float,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let outer = panel * width..<min(limit, (panel + 1) * width)
    operand.pack(outer: outer, depth: depth, width: width, scale: scale, into: target)
  }

  /// Where a microkernel puts a tile that sticks out over C's edge.
  private struct EdgeTile {
    private let storage: AlignedStorage
    init(_ kernel: Microkernel) { storage = AlignedStorage(byteCount: 4 * kernel.rows * kernel.columns) }
    var pointer: UnsafeMutablePointer<Float> { storage.pointer.assumingMemoryBound(to: Float.self) }
  }

  /// Memory for packed panels, kept from one product to the next: the first touch of fresh memory is expensive.
  final class Workspace {
    private var storageA = AlignedStorage(byteCount: 0)
    private var storageB = AlignedStorage(byteCount: 0)

    fileprivate func a(count: Int) -> UnsafeMutablePointer<Float> { Self.grown(&storageA, count) }
    fileprivate func b(count: Int) -> UnsafeMutablePointer<Float> { Self.grown(&storageB, count) }

    private static func grown(_ storage: inout AlignedStorage, _ count: Int) -> UnsafeMutablePointer<Float> {
      if storage.byteCount < 4 * count { storage = AlignedStorage(byteCount: 4 * count) }
      return storage.pointer.assumingMemoryBound(to: Float.self)
    }
  }
}
