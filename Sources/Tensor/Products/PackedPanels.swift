import KernelTemplate
import Support

/// All panels of a product's right side, kept: what `TiledProduct` otherwise packs anew each time.
struct PackedPanels: Sendable {
  /// Where the panels lie, for as long as somebody holds them.
  ///
  /// Tasks read through this: where they counted references to one object, they would wait for one another.
  struct Place {
    fileprivate let floats: UnsafePointer<Float>
    /// Floats of a step of the depth: the columns, rounded up to whole tiles.
    fileprivate let width: Int
    /// The column of B that is column 0 here.
    fileprivate let first: Int

    /// The panel that begins with a column, a multiple of the tile's columns, for a block of the depth.
    func panel(_ column: Int, _ block: Range<Int>) -> UnsafePointer<Float> {
      floats + block.lowerBound * width + (first + column) * block.count
    }
  }

  private let kernel: Kernel
  private let width: Int
  private let storage: AlignedStorage

  /// Packs B, (columns, depth), for a kernel other than the reference.
  init(_ b: StridedView, columns: Int, depth: Int, for kernel: Kernel) {
    self.kernel = kernel
    let instructions = kernel.instructions
    let tile = instructions.tileColumns
    let panels = (columns + tile - 1) / tile
    width = panels * tile
    storage = AlignedStorage(byteCount: 4 * width * depth)
    let blocks = TiledProduct.blocks(of: 0..<depth)
    let place = place(from: 0)
    Parallel.forEachRange(blocks.count * panels, grain: 8) { range in
      for index in range {
        let (block, panel) = (blocks[index / panels], index % panels)
        b.pack(
          outer: panel * tile..<min(columns, (panel + 1) * tile), depth: block, width: tile, scale: 1,
          into: UnsafeMutablePointer(mutating: place.panel(panel * tile, block)), with: instructions)
      }
    }
  }

  /// The panels from a column of B on; nil where that is in the middle of one, or another kernel asks.
  func place(from column: Int, for kernel: Kernel) -> Place? {
    guard kernel == self.kernel, column % kernel.instructions.tileColumns == 0 else { return nil }
    return place(from: column)
  }

  private func place(from column: Int) -> Place {
    Place(floats: UnsafePointer(storage.pointer.assumingMemoryBound(to: Float.self)), width: width, first: column)
  }
}
