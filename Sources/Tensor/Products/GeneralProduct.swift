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

  /// One B, (columns, depth).
  enum RightSide {
    /// With what the tiles read instead, where it is packed already.
    case dense(StridedView, packed: PackedPanels.Place? = nil)
    /// With the way through the whole matrix.
    case sparse(SparseView, way: SparseWay)
  }

  /// One B, and the C that it makes: (rows, columns).
  struct ProductTarget {
    let b: RightSide
    let c: MutableRows
  }

  /// A target of which nothing is left out.
  struct DenseTarget {
    let view: StridedView
    let packed: PackedPanels.Place?
    let c: MutableRows
  }

  /// A target whose zeros are left out.
  struct SparseTarget {
    let view: SparseView
    let way: SparseWay
    let c: MutableRows
  }

  /// (rows, depth).
  var a: StridedView
  var scale: Float = 1
  var accumulate = false
  var region = Region.all
  /// A task of some larger work tells both, because a thread that helps knows nothing of its caller's.
  var kernel = Kernel.current
  var threads = Parallel.threadCount

  /// The product by one B.
  func run(by b: StridedView, into c: MutableRows) {
    run(by: [ProductTarget(b: .dense(b), c: c)])
  }

  /// The products by several, in one go: A is packed once, and threads wait for one another once.
  func run(by targets: [ProductTarget]) {
    let targets = targets.filter { $0.c.columns > 0 }
    guard a.rows > 0, !targets.isEmpty else { return }
    guard a.columns > 0 else {
      if !accumulate {
        for c in targets.map(\.c) { for i in 0..<c.rows { c[i].update(repeating: 0, count: c.columns) } }
      }
      return
    }
    var (dense, sparse): ([DenseTarget], [SparseTarget]) = ([], [])
    for target in targets {
      switch target.b {
      case .dense(let view, let packed): dense.append(DenseTarget(view: view, packed: packed, c: target.c))
      case .sparse(let view, let way): sparse.append(SparseTarget(view: view, way: way, c: target.c))
      }
    }
    if !sparse.isEmpty { SparseProduct(self, sparse).run(threads: threads) }
    if !dense.isEmpty { run(by: dense) }
  }

  private func run(by targets: [DenseTarget]) {
    // A product too small to pay for waking a thread stays on this one.
    let columns = targets.reduce(0) { $0 + $1.c.columns }
    let threads = a.rows * columns * a.columns < 1 << 16 ? 1 : self.threads
    let instructions = kernel.instructions
    let isReadable = isPlain && targets.allSatisfy { $0.view.columnStride == 1 }
    if kernel == .reference {
      for target in targets { runReference(target) }
    } else if isReadable, a.rows <= PackingMemory.unpackedRows {
      runNarrow(targets, instructions, threads: threads)
    } else if isReadable, a.rows <= InPlaceProduct.mostRows(instructions), targets.allSatisfy({ $0.packed == nil }) {
      let rows = targets.map { InPlaceProduct.Target(b: .dense($0.view), c: $0.c) }
      InPlaceProduct(a: a, accumulate: accumulate, targets: rows, instructions: instructions).run(threads: threads)
    } else {
      TiledProduct(self, targets, instructions).run(threads: threads)
    }
  }

  /// Whether B's rows can be read in place, if their columns lie side by side.
  private var isPlain: Bool { a.type == .float32 && a.columnStride == 1 && scale == 1 && region == .all }

  /// Bytes of B that one task of dot products reads at most.
  ///
  /// Its first lines in each of four places are not asked for ahead: of a quarter as many bytes they would cost a tenth of the time.
  /// `Parallel.forEachRange` makes it less where there would be too few tasks for the threads.
  static let dotTaskBytes = 1 << 19

  private func runNarrow(_ targets: [DenseTarget], _ instructions: any InstructionSet.Type, threads: Int) {
    // Whole steps of four rows of B; where a kernel takes three at a time, the last steps of a task have fewer.
    let quads = targets.map { ($0.c.columns + 3) / 4 }
    let quadBytes = 4 * a.columns * (targets.map(\.view.type.byteCount).max() ?? 1)
    Parallel.forEachRange(quads.reduce(0, +), grain: Self.dotTaskBytes / quadBytes, threads: threads) { range in
      var first = 0
      for (target, quads) in zip(targets, quads) {
        let own = range.clamped(to: first..<first + quads)
        if !own.isEmpty {
          let c = target.c
          let columns = 4 * (own.lowerBound - first)..<min(c.columns, 4 * (own.upperBound - first))
          instructions.dotProducts(
            a, target.view.part(rows: columns), into: c.part(rows: 0..<c.rows, columns: columns),
            accumulate: accumulate)
        }
        first += quads
      }
    }
  }
}
