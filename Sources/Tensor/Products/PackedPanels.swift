import KernelTemplate
import Support

/// All panels of a product's right side, kept: what `TiledProduct` otherwise packs anew each time.
struct PackedPanels: Sendable {
  /// Where the panels lie.
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
  init(_ b: StridedView, for kernel: Kernel) {
    let (columns, depth) = (b.rows, b.columns)
    self.kernel = kernel
    let instructions = kernel.instructions
    let tile = instructions.tileColumns
    let panels = (columns + tile - 1) / tile
    width = panels * tile
    storage = AlignedStorage(byteCount: 4 * width * depth)
    let blocks = TiledProduct.blocks(of: 0..<depth)
    let place = place(from: 0)
    defer { withExtendedLifetime(storage) {} }
    Parallel.forEachRange(blocks.count * panels, grain: 8) { range in
      for index in range {
        let (block, panel) = (blocks[index / panels], index % panels)
        instructions.pack(
          b.part(rows: panel * tile..<min(columns, (panel + 1) * tile), columns: block), scale: 1, width: tile,
          into: UnsafeMutablePointer(mutating: place.panel(panel * tile, block)))
      }
    }
  }

  /// Calls `body` with the panels from a column of B on, valid during the call only; with nil where that is in the middle of one, or
  /// another kernel asks.
  func withPlace<R>(from column: Int, for kernel: Kernel, _ body: (Place?) -> R) -> R {
    guard kernel == self.kernel, column % kernel.instructions.tileColumns == 0 else { return body(nil) }
    defer { withExtendedLifetime(storage) {} }
    return body(place(from: column))
  }

  private func place(from column: Int) -> Place {
    Place(floats: UnsafePointer(storage.pointer.assumingMemoryBound(to: Float.self)), width: width, first: column)
  }
}
