import KernelTemplate
import Support

/// C (+)= A · Bᵀ for right sides whose zeros are left out.
///
/// Few rows of A make dot products: four or three rows of B are expanded in registers, a vector at a time, for up to five of A. Many rows, the
/// tokens, are laid out with a column's activations side by side, and every kept element of B multiplies vectors of them: as many
/// multiply-adds as there are elements left. Between them, where one element's vectors are too few to be worth its steps, B's rows are
/// expanded into the nearest cache and multiplied with their zeros, unless B has few elements left, or is floats with
/// as many in every word of its bitmap (`SparseWay`). Where few vectors multiply each element, a kernel that has an instruction for it
/// lists the columns of a row's elements first.
struct SparseProduct {
  let a: StridedView
  let accumulate: Bool
  let targets: [GeneralProduct.SparseTarget]
  let instructions: any InstructionSet.Type
  private let kernel: Kernel
  private let table: AlignedStorage

  /// - Precondition: A has its columns side by side, the product is neither scaled nor a part of one, and its kernel not the reference.
  init(_ product: GeneralProduct, _ targets: [GeneralProduct.SparseTarget]) {
    precondition(product.scale == 1 && product.region == .all && product.a.type == .float32)
    precondition(product.a.columnStride == 1)
    (a, accumulate, self.targets) = (product.a, product.accumulate, targets)
    (kernel, instructions) = (product.kernel, product.kernel.instructions)
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

  func run(threads: Int) {
    if a.rows <= PackingMemory.sparseDotRows(kernel) { return runDots(threads) }
    let isExpanded = targets.map {
      a.rows <= PackingMemory.expandedRows(kernel, vectors: $0.way.expandedVectors)
    }
    let (expanded, others) = (zip(targets, isExpanded).filter(\.1), zip(targets, isExpanded).filter { !$1 })
    if !expanded.isEmpty { runInPlace(expanded.map(\.0), threads) }
    if !others.isEmpty { runTokens(others.map(\.0), threads) }
  }

  // MARK: Some rows

  private func runInPlace(_ targets: [GeneralProduct.SparseTarget], _ threads: Int) {
    let table = UnsafeRawPointer(table.pointer)
    let targets = targets.map { InPlaceProduct.Target(b: .sparse($0.view, table: table), c: $0.c) }
    defer { withExtendedLifetime(self.table) {} }
    InPlaceProduct(a: a, accumulate: accumulate, targets: targets, instructions: instructions).run(threads: threads)
  }

  // MARK: Few rows

  private func runDots(_ threads: Int) {
    let rows = targets.reduce(0) { $0 + $1.view.rows }
    let bytes = targets.reduce(0) { $0 + $1.view.byteCount }
    // Too little to pay for waking a thread stays on this one.
    let threads = bytes * a.rows < 1 << 15 ? 1 : threads
    let (lookups, instructions) = (UnsafeRawPointer(table.pointer), instructions)
    let activations = activations()
    defer { withExtendedLifetime((table, activations)) {} }
    Parallel.forEachRange(rows, grain: max(1, GeneralProduct.dotTaskBytes * rows / max(1, bytes)), threads: threads) {
      range in
      var first = 0
      for target in targets {
        let own = range.clamped(to: first..<first + target.view.rows)
        if !own.isEmpty {
          let part = own.lowerBound - first..<own.upperBound - first
          instructions.sparseDotProducts(
            activations.view(for: target.view.type), target.view.part(rows: part),
            into: target.c.part(rows: 0..<target.c.rows, columns: part),
            accumulate: accumulate, table: lookups)
        }
        first += target.view.rows
      }
    }
  }

  /// A as the products of each type take it.
  private struct Activations {
    let plain: StridedView
    /// (rows, columns), for elements that are expanded pair by pair; nil where no type wants it.
    let arranged: AlignedStorage?
    let instructions: any InstructionSet.Type

    func view(for type: StoredType) -> StridedView {
      guard let arranged, instructions.arrangesActivations(for: type) else { return plain }
      return StridedView(
        arranged.pointer, .float32, rows: plain.rows, columns: plain.columns, rowStride: plain.columns)
    }
  }

  private func activations() -> Activations {
    guard targets.contains(where: { instructions.arrangesActivations(for: $0.view.type) }) else {
      return Activations(plain: a, arranged: nil, instructions: instructions)
    }
    let storage = AlignedStorage(byteCount: 4 * a.rows * a.columns)
    let target = storage.pointer.assumingMemoryBound(to: Float.self)
    for row in 0..<a.rows {
      instructions.arrange(a.floats + row * a.rowStride, count: a.columns, into: target + row * a.columns)
    }
    return Activations(plain: a, arranged: storage, instructions: instructions)
  }
}

extension SparseView {
  /// How many elements are kept.
  var elementCount: Int { starts[rows] - starts[0] }

  /// Bytes of the bitmap and of the kept elements.
  fileprivate var byteCount: Int { rows * bitStride + elementCount * type.byteCount }
}
