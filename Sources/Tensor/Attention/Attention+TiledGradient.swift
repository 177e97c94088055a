import KernelTemplate
import Support

extension AttentionGradientWork {
  /// Blocks of queries and keys, each pair five products, without a score matrix.
  ///
  /// A task has one sequence and one key head, and takes the heads that share it, their queries and the keys in order: nothing that
  /// it adds to belongs to anybody else, so that sums have the same order on any number of threads.
  func runTiled() {
    Parallel.forEach(sequences * shape.keyValueHeads, state: { AttentionGradientTask(self) }) { task, index in
      task.run(sequence: index / shape.keyValueHeads, keyHead: index % shape.keyValueHeads)
    }
  }
}

/// The scratch memory of one thread and the work on one key head of a sequence.
private struct AttentionGradientTask {
  private static let queryBlock = 96
  private static let keyBlock = 256

  private let work: AttentionGradientWork
  private let storage: AlignedStorage
  /// (queryBlock, keyBlock): scores, their exponentials, then shares.
  private let shares: MutableRows
  /// (queryBlock, keyBlock): the gradient at the shares, then at the scores.
  private let atScores: MutableRows

  init(_ work: AttentionGradientWork) {
    self.work = work
    let count = Self.queryBlock * Self.keyBlock
    storage = AlignedStorage(byteCount: 8 * count)
    let floats = storage.pointer.assumingMemoryBound(to: Float.self)
    func block(_ first: UnsafeMutablePointer<Float>) -> MutableRows {
      MutableRows(first, rows: Self.queryBlock, columns: Self.keyBlock, stride: Self.keyBlock)
    }
    (shares, atScores) = (block(floats), block(floats + count))
  }

  func run(sequence: Int, keyHead: Int) {
    let group = work.shape.group
    for head in keyHead * group..<(keyHead + 1) * group {
      for start in stride(from: 0, to: work.queryLength, by: Self.queryBlock) {
        run(start..<min(work.queryLength, start + Self.queryBlock), head: head, of: sequence)
      }
    }
  }

  /// Some queries of a head with all keys that they see.
  private func run(_ range: Range<Int>, head: Int, of sequence: Int) {
    let (rows, own) = (work.rows(range, of: sequence), work.columns(of: head))
    let queries = work.queries.part(rows: rows, columns: own)
    let gradient = work.gradient.part(rows: rows, columns: own)
    let means = means(gradient, work.outputs.part(rows: rows, columns: own))
    let shared = work.columns(of: head / work.shape.group)
    let end = work.visible(range.upperBound - 1)
    for start in stride(from: 0, to: end, by: Self.keyBlock) {
      let block = start..<min(end, start + Self.keyBlock)
      let first = work.keyRows(of: sequence).lowerBound
      let keyRows = first + block.lowerBound..<first + block.upperBound
      let keys = work.keys.part(rows: keyRows, columns: shared)
      let shares = shares.part(rows: 0..<range.count, columns: 0..<block.count)
      let atScores = atScores.part(rows: 0..<range.count, columns: 0..<block.count)
      product(queries, scale: work.scale).run(by: keys, into: shares)
      product(gradient).run(by: work.values.part(rows: keyRows, columns: shared), into: atScores)
      turnBackSoftmax(block, range, row: rows.lowerBound, head: head, means)
      func target(_ all: MutableRows) -> MutableRows { all.part(rows: keyRows, columns: shared) }
      product(shares.view.transposed, accumulate: true).run(by: gradient.transposed, into: target(work.atValues))
      product(atScores.view.transposed, accumulate: true).run(by: queries.transposed, into: target(work.atKeys))
      product(atScores.view, accumulate: true).run(
        by: keys.transposed, into: work.atQueries.part(rows: rows, columns: own))
    }
  }

  /// A product on this thread.
  private func product(_ a: StridedView, scale: Float = 1, accumulate: Bool = false) -> GeneralProduct {
    GeneralProduct(a: a, scale: scale, accumulate: accumulate, kernel: work.kernel, threads: 1)
  }

  /// Σ gradient · output of every query, which is the mean of the gradient at its shares.
  private func means(_ gradient: StridedView, _ outputs: StridedView) -> [Float] {
    (0..<gradient.rows).map { i in
      var sum: Float = 0
      withUnsafeMutablePointer(to: &sum) { sum in
        work.instructions.dotProducts(
          gradient.part(rows: i..<i + 1), outputs.part(rows: i..<i + 1),
          into: MutableRows(sum, rows: 1, columns: 1, stride: 1), accumulate: false)
      }
      return sum
    }
  }

  /// Scores become shares, and the gradient at the shares becomes that at the scores; both are zero for keys that a query does not
  /// see.
  private func turnBackSoftmax(_ keys: Range<Int>, _ queries: Range<Int>, row: Int, head: Int, _ means: [Float]) {
    for (i, query) in queries.enumerated() {
      let (powers, gradient) = (shares[i], atScores[i])
      let seen = min(max(work.visible(query) - keys.lowerBound, 0), keys.count)
      let largest = work.maxima.floats[(row + i) * work.maxima.rowStride + head]
      let sum = work.sums.floats[(row + i) * work.sums.rowStride + head]
      _ = work.instructions.exponentiate(powers, count: seen, minus: largest)
      work.instructions.softmaxGradient(
        powers: powers, gradient: gradient, normalizer: 1 / sum, mean: means[i], scale: work.scale, count: seen)
      (powers + seen).update(repeating: 0, count: keys.count - seen)
      (gradient + seen).update(repeating: 0, count: keys.count - seen)
    }
  }
}
