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
        let rows = keyRows(of: first + index / shape.keyValueHeads)
        let columns = columns(of: index % shape.keyValueHeads)
        panels.pack(
          keys: keys.part(rows: rows, columns: columns), values: values.part(rows: rows, columns: columns),
          into: floats + index * panels.count)
      }
      Parallel.forEach(
        count * shape.heads * blocks, state: { AttentionTask(work: self, panels: panels) }
      ) { task, index in
        // The last queries see the most keys: they come first, so that no thread is left with them at the end.
        let block = blocks - 1 - index / (count * shape.heads)
        let (sequence, head) = (index / shape.heads % count, index % shape.heads)
        let start = block * AttentionTask.queryBlock
        let range = start..<min(queryLength, start + AttentionTask.queryBlock)
        let (rows, columns) = (rows(range, of: first + sequence), columns(of: head))
        task.run(
          range, queries: queries.part(rows: rows, columns: columns),
          packed: floats + (sequence * shape.keyValueHeads + head / shape.group) * panels.count,
          into: out.part(rows: rows, columns: columns), row: rows.lowerBound, head: head)
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

  func pack(keys: StridedView, values: StridedView, into target: UnsafeMutablePointer<Float>) {
    let instructions = work.instructions
    keys.pack(width: instructions.tileRows, into: target, with: instructions)
    values.transposed.pack(width: instructions.tileColumns, into: target + keyCount, with: instructions)
  }

  /// The panel of keys that begins with `key`, a multiple of the tile's rows.
  func keyPanel(_ packed: UnsafePointer<Float>, from key: Int) -> Panel {
    let d = work.shape.headDimension
    return Panel(packed + key * d, depth: d, stride: work.instructions.tileRows)
  }

  /// The panel of values that begins with `column`, a multiple of the tile's columns, for some keys.
  func valuePanel(_ packed: UnsafePointer<Float>, column: Int, _ keys: Range<Int>) -> Panel {
    let columns = work.instructions.tileColumns
    let start = packed + keyCount + column * work.keyLength + keys.lowerBound * columns
    return Panel(start, depth: keys.count, stride: columns)
  }
}

extension StridedView {
  /// Packs all rows, `width` to a panel, one panel behind the other.
  fileprivate func pack(
    scale: Float = 1, width: Int, into target: UnsafeMutablePointer<Float>, with instructions: any InstructionSet.Type
  ) {
    for start in stride(from: 0, to: rows, by: width) {
      instructions.pack(
        part(rows: start..<min(rows, start + width)), scale: scale, width: width, into: target + start * columns)
    }
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
  private let scores: MutableRows
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
    scores = MutableRows(parts[1], rows: keyBlock, columns: block, stride: block)
    (packedQueries, edge) = (parts[0], parts[2])
    (maxima, sums, corrections) = (parts[3], parts[4], parts[5])
  }

  /// - Parameters:
  ///   - range: the queries' indices in their sequence.
  ///   - row: that of the first among all queries.
  func run(
    _ range: Range<Int>, queries: StridedView, packed: UnsafePointer<Float>, into out: MutableRows, row: Int, head: Int
  ) {
    let columns = work.instructions.tileColumns
    queries.pack(scale: work.scale, width: columns, into: packedQueries, with: work.instructions)
    maxima.update(repeating: -.infinity, count: Self.queryBlock)
    sums.update(repeating: 0, count: Self.queryBlock)
    let end = work.visible(range.upperBound - 1)
    let packedColumns = (range.count + columns - 1) / columns * columns
    for start in stride(from: 0, to: end, by: keyBlock) {
      let keys = start..<min(end, start + keyBlock)
      score(keys, packed, queries: range)
      mask(keys, firstVisible: work.visible(range.lowerBound))
      work.instructions.softmaxStep(
        scores.part(rows: 0..<keys.count, columns: 0..<packedColumns), maxima: maxima, sums: sums,
        corrections: corrections)
      if start > 0 {
        for i in 0..<out.rows where corrections[i] != 1 {
          work.instructions.scale(out[i], count: out.columns, by: corrections[i])
        }
      }
      addValues(keys, packed, queries: range, to: out, accumulate: start > 0)
    }
    for i in 0..<out.rows {
      work.instructions.scale(out[i], count: out.columns, by: 1 / sums[i])
      work.statistics?.record(row: row + i, head: head, largest: maxima[i], sum: sums[i])
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
        let own = key - keys.lowerBound..<min(key + rows, keys.upperBound) - keys.lowerBound
        work.instructions.multiply(
          panel, Panel(packedQueries + j * d, depth: d, stride: columns),
          into: scores.part(rows: own, columns: j..<j + columns), accumulate: false, edge: edge,
          next: panel.elements + rows * d)
      }
    }
  }

  /// Hides the keys behind each query: key k from the queries that see k keys or fewer.
  private func mask(_ keys: Range<Int>, firstVisible: Int) {
    for key in keys where key >= firstVisible {
      let hidden = min(Self.queryBlock, key + 1 - firstVisible)
      scores[key - keys.lowerBound].update(repeating: -.infinity, count: hidden)
    }
  }

  /// Results[query] += Σ exponential[key, query] · value[key] over the keys of a block that the queries of a tile see.
  private func addValues(
    _ keys: Range<Int>, _ packed: UnsafePointer<Float>, queries: Range<Int>, to out: MutableRows, accumulate: Bool
  ) {
    let (rows, columns) = (work.instructions.tileRows, work.instructions.tileColumns)
    for j in stride(from: 0, to: out.columns, by: columns) {
      let b = panels.valuePanel(packed, column: j, keys)
      for i in stride(from: 0, to: out.rows, by: rows) {
        let end = min(keys.upperBound, work.visible(queries.lowerBound + min(i + rows, queries.count) - 1))
        guard end > keys.lowerBound else { continue }
        work.instructions.multiply(
          Panel(scores.first + i, depth: end - keys.lowerBound, stride: scores.stride), b,
          into: out.part(rows: i..<min(out.rows, i + rows), columns: j..<min(out.columns, j + columns)),
          accumulate: accumulate, edge: edge, next: b.elements)
      }
    }
  }
}
