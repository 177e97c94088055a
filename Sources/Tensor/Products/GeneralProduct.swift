import KernelTemplate
import Support

/// C (+)= scale · A · Bᵀ for operands at any strides, and for several B with a C each: the one product that all the others are.
struct GeneralProduct {
  /// Which part of C is wanted.
  enum Region {
    case all
    /// Elements on and below the diagonal; those above may be written or not.
    case lowerTriangle
  }

  /// One B, and the C that it makes, for as long as whoever asks holds both.
  struct ProductTarget {
    /// (columns, depth).
    let b: StridedView
    let columns: Int
    /// (rows, columns), row-major.
    let c: UnsafeMutablePointer<Float>
    /// Floats from one row of C to the next.
    let stride: Int
    /// What the tiles read instead of `b`, where it is packed already.
    var packed: PackedPanels.Place?
  }

  var rows: Int
  var depth: Int
  var a: StridedView
  var scale: Float = 1
  var accumulate = false
  var region = Region.all

  /// The product by one B.
  func run(by b: StridedView, columns: Int, into c: UnsafeMutablePointer<Float>, stride: Int) {
    run(by: [ProductTarget(b: b, columns: columns, c: c, stride: stride)])
  }

  /// The products by several, in one go: A is packed once, and threads wait for one another once.
  func run(by sides: [ProductTarget]) {
    let kernel = Kernel.current
    let sides = sides.filter { $0.columns > 0 }
    guard rows > 0, !sides.isEmpty else { return }
    guard depth > 0 else {
      if !accumulate {
        for side in sides {
          for i in 0..<rows { (side.c + i * side.stride).update(repeating: 0, count: side.columns) }
        }
      }
      return
    }
    // A product too small to pay for waking a thread stays on this one.
    let columns = sides.reduce(0) { $0 + $1.columns }
    let threads = rows * columns * depth < 1 << 16 ? 1 : Parallel.threadCount
    if kernel == .reference {
      for side in sides { runReference(side) }
    } else if isNarrow, sides.allSatisfy({ $0.b.depthStride == 1 }) {
      runNarrow(sides, kernel.instructions, threads: threads)
    } else {
      TiledProduct(self, sides, kernel.instructions).run(threads: threads)
    }
  }

  /// Whether the product is one for dot products, if B's rows lie as they want them.
  private var isNarrow: Bool {
    rows <= PackingMemory.unpackedRows && a.elementType == .float32 && a.depthStride == 1 && scale == 1
      && region == .all
  }

  /// Bytes of B that one task reads at most: enough to pay for handing it out, and for the processor to see a stream.
  ///
  /// `Parallel.forEachRange` makes it less where there would be too few tasks for the threads.
  private static let narrowTaskBytes = 1 << 17

  private func runNarrow(_ sides: [ProductTarget], _ instructions: any InstructionSet.Type, threads: Int) {
    // Four outputs side by side are what the kernels compute at a time.
    let quads = sides.map { ($0.columns + 3) / 4 }
    let quadBytes = 4 * depth * (sides.map(\.b.elementType.byteCount).max() ?? 1)
    Parallel.forEachRange(quads.reduce(0, +), grain: Self.narrowTaskBytes / quadBytes, threads: threads) { range in
      var first = 0
      for (side, quads) in zip(sides, quads) {
        let own = range.clamped(to: first..<first + quads)
        if !own.isEmpty {
          runNarrow(side, 4 * (own.lowerBound - first)..<min(side.columns, 4 * (own.upperBound - first)), instructions)
        }
        first += quads
      }
    }
  }

  /// Some columns of the product by one B.
  private func runNarrow(_ side: ProductTarget, _ range: Range<Int>, _ instructions: any InstructionSet.Type) {
    instructions.dotProducts(
      depth: depth, x: a.base.assumingMemoryBound(to: Float.self), xStride: a.outerStride, rows: rows,
      w: side.b.advanced(outer: range.lowerBound, depth: 0).base, weight: side.b.elementType.stored,
      wStride: side.b.outerStride, outputs: range.count, y: side.c + range.lowerBound, yStride: side.stride,
      accumulate: accumulate)
  }
}
