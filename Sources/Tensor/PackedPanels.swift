import KernelTemplate

/// All panels of a product's right side, kept: what `TiledProduct` otherwise packs anew each time.
struct PackedPanels: Sendable {
  private let kernel: Kernel
  /// Floats of a step of the depth: the columns, rounded up to whole tiles.
  private let width: Int
  /// The column of B that is column 0 here.
  private var first = 0
  private let storage: AlignedStorage

  /// Packs B, (columns, depth), for a kernel other than the reference.
  init(_ b: Operand, columns: Int, depth: Int, for kernel: Kernel) {
    self.kernel = kernel
    let instructions = kernel.instructions
    let tile = instructions.tileColumns
    let panels = (columns + tile - 1) / tile
    width = panels * tile
    storage = AlignedStorage(byteCount: 4 * width * depth)
    let blocks = TiledProduct.blocks(of: 0..<depth)
    Parallel.forEachRange(blocks.count * panels, grain: 8) { range in
      for index in range {
        let (block, panel) = (blocks[index / panels], index % panels)
        b.pack(
          outer: panel * tile..<min(columns, (panel + 1) * tile), depth: block, width: tile, scale: 1,
          into: UnsafeMutablePointer(mutating: self.panel(panel * tile, block)), with: instructions)
      }
    }
  }

  /// The same from a column of B on; nil where that is in the middle of a panel, or another kernel asks.
  func from(_ column: Int, for kernel: Kernel) -> PackedPanels? {
    guard kernel == self.kernel, column % kernel.instructions.tileColumns == 0 else { return nil }
    var result = self
    result.first = column
    return result
  }

  /// The panel that begins with a column, a multiple of the tile's columns, for a block of the depth.
  func panel(_ column: Int, _ block: Range<Int>) -> UnsafePointer<Float> {
    let floats = UnsafePointer(storage.pointer.assumingMemoryBound(to: Float.self))
    return floats + block.lowerBound * width + (first + column) * block.count
  }
}
