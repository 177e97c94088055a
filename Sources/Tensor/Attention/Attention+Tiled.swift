import KernelTemplate
import Support

extension AttentionWork {
  /// Blocks of queries and keys on the tile kernel, without a score matrix.
  ///
  /// Keys and values are packed once for all queries. Then each task takes 96 queries of one head and walks over the keys they may
  /// see in blocks of about 256, keeping the running maximum and sum of the softmax (Milakov and Gimelshein, "Online normalizer
  /// calculation for softmax", 2018): no more scores exist than a block. The scores are computed transposed, (keys, queries):
  /// the softmax then runs down the columns, a vector of queries at a time, and leaves its results as the product with the
  /// values wants its left side packed.
  func runTiled() {
    let panels = KeyValuePanels(self)
    let blocks = (queryLength + AttentionTask.queryBlock - 1) / AttentionTask.queryBlock
    // As many sequences at a time as the packing memory holds.
    let step = Int(
      PackingMemory.sequences(Double(sequences), ofBytes: Double(4 * panels.count * shape.keyValueHeads)))
    let packed = AlignedStorage(byteCount: 4 * panels.count * shape.keyValueHeads * step)
    defer { withExtendedLifetime(packed) {} }
    let floats = packed.pointer.assumingMemoryBound(to: Float.self)
    for first in stride(from: 0, to: sequences, by: step) {
      let count = min(step, sequences - first)
      Parallel.forEach(count * shape.keyValueHeads) { index in
        let offset = keyOffset(first + index / shape.keyValueHeads, index % shape.keyValueHeads)
        panels.pack(keys: keys + offset, values: values + offset, into: floats + index * panels.count)
      }
      Parallel.forEach(
        count * shape.heads * blocks, state: { AttentionTask(work: self, panels: panels) }
      ) { task, index in
        // The last queries see the most keys: they come first, so that no thread is left with them at the end.
        let block = blocks - 1 - index / (count * shape.heads)
        let (sequence, head) = (index / shape.heads % count, index % shape.heads)
        let start = block * AttentionTask.queryBlock
        let offset = queryOffset(first + sequence, head) + start * queryStride
        task.run(
          queries: queries + offset, range: start..<min(queryLength, start + AttentionTask.queryBlock),
          packed: floats + (sequence * shape.keyValueHeads + head / shape.group) * panels.count, out: out + offset)
      }
    }
  }
}

/// How the keys and values of one head lie when packed.
private struct KeyValuePanels {
  private let work: AttentionWork
  /// Keys, rounded up to whole tiles: panels of `tileRows` keys × headDimension.
  private let keyRows: Int
  /// Panels of `tileColumns` columns × keyLength.
  private let valuePanels: Int

  init(_ work: AttentionWork) {
    self.work = work
    let (rows, columns) = (work.instructions.tileRows, work.instructions.tileColumns)
    keyRows = (work.keyLength + rows - 1) / rows * rows
    valuePanels = (work.shape.headDimension + columns - 1) / columns
  }

  /// Floats in front of the values: whole cache lines.
  private var keyCount: Int { (keyRows * work.shape.headDimension + 15) & ~15 }

  /// Floats of a head.
  var count: Int { keyCount + (valuePanels * work.instructions.tileColumns * work.keyLength + 15) & ~15 }

  func pack(
    keys: UnsafePointer<Float>, values: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>
  ) {
    let d = work.shape.headDimension
    let rows = work.instructions.tileRows
    let k = StridedView(keys, outerStride: work.keyStride, depthStride: 1)
    for start in stride(from: 0, to: work.keyLength, by: rows) {
      k.pack(
        outer: start..<min(work.keyLength, start + rows), depth: 0..<d, width: rows, scale: 1, into: target + start * d,
        with: work.instructions)
    }
    let columns = work.instructions.tileColumns
    let v = StridedView(values, outerStride: 1, depthStride: work.keyStride)
    for panel in 0..<valuePanels {
      v.pack(
        outer: panel * columns..<min(d, (panel + 1) * columns), depth: 0..<work.keyLength, width: columns, scale: 1,
        into: target + keyCount + panel * columns * work.keyLength, with: work.instructions)
    }
  }

  /// The panel of keys that begins with `key`, a multiple of the tile's rows.
  func keyPanel(_ packed: UnsafePointer<Float>, from key: Int) -> UnsafePointer<Float> {
    packed + key * work.shape.headDimension
  }

  /// The panel of values that begins with `column`, a multiple of the tile's columns, from a key on.
  func valuePanel(_ packed: UnsafePointer<Float>, column: Int, from key: Int) -> UnsafePointer<Float> {
    packed + keyCount + column * work.keyLength + key * work.instructions.tileColumns
  }
}

/// The scratch memory of one thread and the work on one block of queries.
private struct AttentionTask {
  /// A multiple of every tile's rows and columns.
  static let queryBlock = 96

  private let work: AttentionWork
  private let panels: KeyValuePanels
  /// Keys of a block: about 256, in whole tiles.
  private let keyBlock: Int
  private let storage: AlignedStorage
  /// (headDimension, queryBlock) in panels of `tileColumns` queries.
  private let packedQueries: UnsafeMutablePointer<Float>
  /// (keyBlock, queryBlock): scores, then their exponentials.
  private let scores: UnsafeMutablePointer<Float>
  /// A tile that sticks out.
  private let edge: UnsafeMutablePointer<Float>
  /// Per query: the largest score so far, the sum of exponentials relative to it, and what that did to earlier results.
  private let maxima: UnsafeMutablePointer<Float>
  private let sums: UnsafeMutablePointer<Float>
  private let corrections: UnsafeMutablePointer<Float>

  init(work: AttentionWork, panels: KeyValuePanels) {
    self.work = work
    self.panels = panels
    let (rows, columns) = (work.instructions.tileRows, work.instructions.tileColumns)
    keyBlock = 256 / rows * rows
    let block = Self.queryBlock
    let sizes = [block * work.shape.headDimension, keyBlock * block, rows * columns, block, block, block]
    storage = AlignedStorage(byteCount: 4 * sizes.reduce(0) { $0 + ($1 + 15) & ~15 })
    var next = storage.pointer.assumingMemoryBound(to: Float.self)
    let parts = sizes.map { size in
      defer { next += (size + 15) & ~15 }
      return next
    }
    (packedQueries, scores, edge) = (parts[0], parts[1], parts[2])
    (maxima, sums, corrections) = (parts[3], parts[4], parts[5])
  }

  /// - Parameters:
  ///   - range: the queries' indices in their sequence; `queries` and `out` begin with the first.
  func run(
    queries: UnsafePointer<Float>, range: Range<Int>, packed: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>
  ) {
    let d = work.shape.headDimension
    pack(queries, count: range.count)
    maxima.update(repeating: -.infinity, count: Self.queryBlock)
    sums.update(repeating: 0, count: Self.queryBlock)
    let end = work.visible(range.upperBound - 1)
    let columns = work.instructions.tileColumns
    let packedColumns = (range.count + columns - 1) / columns * columns
    for start in stride(from: 0, to: end, by: keyBlock) {
      let keys = start..<min(end, start + keyBlock)
      score(keys, packed, queries: range)
      mask(keys, firstVisible: work.visible(range.lowerBound))
      work.instructions.softmaxStep(
        scores: scores, keys: keys.count, stride: Self.queryBlock, columns: packedColumns, maxima: maxima, sums: sums,
        corrections: corrections)
      if start > 0 {
        for i in 0..<range.count where corrections[i] != 1 {
          work.instructions.scale(out + i * work.queryStride, count: d, by: corrections[i])
        }
      }
      addValues(keys, packed, queries: range, to: out, accumulate: start > 0)
    }
    for i in 0..<range.count { work.instructions.scale(out + i * work.queryStride, count: d, by: 1 / sums[i]) }
  }

  /// Packs the queries, scaled, in panels of `tileColumns`.
  private func pack(_ queries: UnsafePointer<Float>, count: Int) {
    let d = work.shape.headDimension
    let columns = work.instructions.tileColumns
    let q = StridedView(queries, outerStride: work.queryStride, depthStride: 1)
    for start in stride(from: 0, to: count, by: columns) {
      q.pack(
        outer: start..<min(count, start + columns), depth: 0..<d, width: columns, scale: work.scale,
        into: packedQueries + start * d, with: work.instructions)
    }
  }

  /// Scores[key, query] for the keys of a block, less the tiles of which no query sees a key.
  ///
  /// The last panel's columns without a query get the scores of zeros, or what was there; nobody reads their results.
  private func score(_ keys: Range<Int>, _ packed: UnsafePointer<Float>, queries: Range<Int>) {
    let d = work.shape.headDimension
    let (rows, columns) = (work.instructions.tileRows, work.instructions.tileColumns)
    for j in stride(from: 0, to: queries.count, by: columns) {
      let end = min(keys.upperBound, work.visible(queries.lowerBound + min(j + columns, queries.count) - 1))
      for key in stride(from: keys.lowerBound, to: end, by: rows) {
        let panel = panels.keyPanel(packed, from: key)
        work.instructions.multiply(
          depth: d, a: panel, aStride: rows, b: packedQueries + j * d,
          c: scores + (key - keys.lowerBound) * Self.queryBlock + j, stride: Self.queryBlock,
          rows: min(rows, keys.upperBound - key), columns: columns, accumulate: false, edge: edge,
          next: panel + rows * d)
      }
    }
  }

  /// Hides the keys behind each query: key k from the queries that see k keys or fewer.
  private func mask(_ keys: Range<Int>, firstVisible: Int) {
    for key in keys where key >= firstVisible {
      let hidden = min(Self.queryBlock, key + 1 - firstVisible)
      (scores + (key - keys.lowerBound) * Self.queryBlock).update(repeating: -.infinity, count: hidden)
    }
  }

  /// Results[query] += Σ exponential[key, query] · value[key] over the keys of a block that the queries of a tile see.
  private func addValues(
    _ keys: Range<Int>, _ packed: UnsafePointer<Float>, queries: Range<Int>, to out: UnsafeMutablePointer<Float>,
    accumulate: Bool
  ) {
    let d = work.shape.headDimension
    let (rows, columns) = (work.instructions.tileRows, work.instructions.tileColumns)
    for j in stride(from: 0, to: d, by: columns) {
      let b = panels.valuePanel(packed, column: j, from: keys.lowerBound)
      for i in stride(from: 0, to: queries.count, by: rows) {
        let end = min(keys.upperBound, work.visible(queries.lowerBound + min(i + rows, queries.count) - 1))
        guard end > keys.lowerBound else { continue }
        work.instructions.multiply(
          depth: end - keys.lowerBound, a: scores + i, aStride: Self.queryBlock, b: b,
          c: out + i * work.queryStride + j, stride: work.queryStride, rows: min(rows, queries.count - i),
          columns: min(columns, d - j), accumulate: accumulate, edge: edge, next: b)
      }
    }
  }
}
