import Tensor

/// SparseGPT's way through the columns of a weight, with the factor U of the inverse Hessian at hand.
struct ColumnSweep: PreparedPruner {
  /// (inputs, inputs), upper triangular.
  let factor: Matrix
  let dampening: Double
  /// Inputs that were always zero.
  let deadInputs: [Int]
  let blockSize: Int
  let rule: CountingRule

  /// Prunes a weight, (outputs, inputs), in place.
  ///
  /// Complexity: O(outputs · inputs²).
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    zeroDeadInputs(of: &weight)
    var outcome = PruningOutcome(loss: 0, dampening: dampening, deadInputs: deadInputs.count)
    for start in stride(from: 0, to: weight.columns, by: blockSize) {
      let block = ColumnBlock(start..<min(weight.columns, start + blockSize), factor: factor, pattern: pattern)
      let (errors, pruned, loss) = block.prune(&weight, rule: rule)
      outcome.prunedCount += pruned
      outcome.loss = (outcome.loss ?? 0) + loss
      let rest = start + block.width..<weight.columns
      if !rest.isEmpty {
        weight.subtractProduct(errors, factor, rows: start..<rest.lowerBound, columns: rest)
      }
    }
    return outcome
  }

  private func zeroDeadInputs(of weight: inout Matrix) {
    guard !deadInputs.isEmpty else { return }
    let (rows, columns) = (weight.rows, weight.columns)
    weight.withMutableElements { w in
      for i in 0..<rows {
        for j in deadInputs { w[i * columns + j] = 0 }
      }
    }
  }
}

/// One block of columns on its way through SparseGPT.
private struct ColumnBlock {
  let range: Range<Int>
  let pattern: SparsityPattern
  /// The block of U on the diagonal, transposed: column k of U is row k here, (width, width).
  private let columnsOfFactor: Matrix
  private let diagonal: [Float]

  init(_ range: Range<Int>, factor: Matrix, pattern: SparsityPattern) {
    self.range = range
    self.pattern = pattern
    let width = range.count
    let n = factor.columns
    var transposed = Matrix(rows: width, columns: width)
    transposed.withMutableElements { target in
      factor.withElements { u in
        for s in 0..<width {
          for k in s..<width { target[k * width + s] = u[(range.lowerBound + s) * n + range.lowerBound + k] }
        }
      }
    }
    columnsOfFactor = transposed
    diagonal = transposed.withElements { u in (0..<width).map { u[$0 * width + $0] } }
  }

  var width: Int { range.count }
  /// Columns that are chosen together: a group of N:M, or one of an unstructured pattern.
  private var groupSize: Int { if case .structured(_, let of) = pattern { of } else { 1 } }

  /// Prunes the block's columns of a weight.
  ///
  /// Rows do not depend on one another: 32 of them side by side are a tile, and tiles run in parallel.
  ///
  /// - Returns: w / U_jj of the pruned weights and 0 elsewhere, (rows, width); how many they are; the loss.
  func prune(_ weight: inout Matrix, rule: CountingRule) -> (errors: Matrix, pruned: Int, loss: Double) {
    let (rows, stride) = (weight.rows, weight.columns)
    let mask = chosen(of: weight, rule: rule)
    var errors = Matrix(uninitializedRows: rows, columns: width)
    var losses = [Double](repeating: 0, count: rows)
    var counts = [Int](repeating: 0, count: rows)
    let kernel = MatmulKernel.current
    weight.withMutableElements { w in
      errors.withMutableElements { e in
        losses.withUnsafeMutableBufferPointer { losses in
          counts.withUnsafeMutableBufferPointer { counts in
            let (losses, counts) = (losses, counts)
            Parallel.forEach(
              (rows + LaneTile.lanes - 1) / LaneTile.lanes, state: { RowTile(width: width, kernel: kernel) }
            ) { tile, index in
              let first = index * LaneTile.lanes
              let count = min(LaneTile.lanes, rows - first)
              tile.load(w + first * stride + range.lowerBound, stride: stride, rows: count, mask: mask, from: first)
              sweep(&tile)
              tile.weights.storeRows(
                w + first * stride + range.lowerBound, stride: stride, rows: count, columns: width)
              tile.errors.storeRows(e + first * width, stride: width, rows: count, columns: width)
              for lane in 0..<count {
                (losses[first + lane], counts[first + lane]) = tile.lossAndCount(lane)
              }
            }
          }
        }
      }
    }
    return (errors, counts.reduce(0, +), losses.reduce(0, +))
  }

  /// The cost of removing each weight as the block stands decides an unstructured pattern: one threshold for all rows.
  ///
  /// Nil where groups are chosen when their turn comes, so that the choice sees the updates of the columns before.
  private func chosen(of weight: Matrix, rule: CountingRule) -> AlignedStorage? {
    guard case .unstructured(let sparsity) = pattern else { return nil }
    let stride = weight.columns
    let squares = diagonal.map { $0 * $0 }
    return weight.withElements { w in
      Selection.mask(rows: weight.rows, columns: width, sparsity: sparsity, rule: rule) { row, bits in
        let own = w + row * stride + range.lowerBound
        for j in 0..<width { bits[j] = (own[j] * own[j] / squares[j]).bitPattern }
      }
    }
  }

  /// Takes the columns of a tile in turn.
  ///
  /// A column makes up for the errors of those before it when its own turn comes: the sum runs in registers.
  private func sweep(_ tile: inout RowTile) {
    let group = groupSize
    columnsOfFactor.withElements { u in
      for start in stride(from: 0, to: width, by: group) {
        let end = min(width, start + group)
        for k in start..<end {
          tile.weights.subtract(from: k, 0..<start, of: tile.errors, coefficients: u + k * width, stride: 1)
        }
        if case .structured(let keep, let of) = pattern {
          tile.chooseGroup(start..<end, zeros: of - keep, diagonal: diagonal)
        }
        for k in start..<end {
          tile.weights.subtract(from: k, start..<k, of: tile.errors, coefficients: u + k * width + start, stride: 1)
          tile.prune(k, diagonal: diagonal[k])
        }
      }
    }
  }
}

/// The scratch memory of one thread: 32 rows of a block side by side.
private struct RowTile {
  let width: Int
  /// Column j of row r is element (j, r).
  let weights: LaneTile
  /// w / U_jj of the pruned weights, 0 elsewhere.
  let errors: LaneTile
  /// 1 where a weight is pruned, (width, lanes).
  private var mask: [UInt8]

  init(width: Int, kernel: MatmulKernel) {
    self.width = width
    weights = LaneTile(columns: width, kernel: kernel)
    errors = LaneTile(columns: width, kernel: kernel)
    mask = Array(repeating: 0, count: width * LaneTile.lanes)
  }

  /// Reads rows, and their part of a mask, (all rows, width).
  mutating func load(
    _ source: UnsafePointer<Float>, stride: Int, rows: Int, mask: AlignedStorage?, from first: Int
  ) {
    weights.loadRows(source, stride: stride, rows: rows, columns: width)
    guard let mask else { return }
    let marks = mask.pointer.assumingMemoryBound(to: UInt8.self) + first * width
    for lane in 0..<LaneTile.lanes {
      for j in 0..<width { self.mask[j * LaneTile.lanes + lane] = lane < rows ? marks[lane * width + j] : 0 }
    }
  }

  /// Marks the weights of a group whose removal costs least, in every lane.
  mutating func chooseGroup(_ group: Range<Int>, zeros: Int, diagonal: [Float]) {
    let lanes = LaneTile.lanes
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: group.count) { scores in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: group.count) { marks in
        guard let bits = scores.baseAddress, let marks = marks.baseAddress else { return }
        for lane in 0..<lanes {
          for (k, j) in group.enumerated() {
            let w = weights[j][lane]
            bits[k] = (w * w / (diagonal[j] * diagonal[j])).bitPattern
          }
          Selection.markGroup(bits, zeros: zeros, of: group.count, into: marks)
          for (k, j) in group.enumerated() { mask[j * lanes + lane] = marks[k] }
        }
      }
    }
  }

  /// Makes the marked weights of a column zero and notes their errors.
  mutating func prune(_ column: Int, diagonal: Float) {
    let (w, e) = (weights[column], errors[column])
    let lanes = LaneTile.lanes
    mask.withUnsafeBufferPointer { mask in
      for lane in 0..<lanes {
        let isPruned = mask[column * lanes + lane] == 1
        e[lane] = isPruned ? w[lane] / diagonal : 0
        w[lane] = isPruned ? 0 : w[lane]
      }
    }
  }

  /// Half the sum of the squared errors of a row, and how many of its weights were pruned.
  func lossAndCount(_ lane: Int) -> (Double, Int) {
    var (loss, count) = (0.0, 0)
    for j in 0..<width {
      let error = Double(errors[j][lane])
      loss += 0.5 * error * error
      count += Int(mask[j * LaneTile.lanes + lane])
    }
    return (loss, count)
  }
}
