import Support
import Tensor

/// What SparseGPT does within one block of columns.
///
/// Rows do not depend on one another but for the one threshold of an unstructured pattern, so tiles of 32 rows run in
/// parallel.
struct SparseGPTPass {
  /// Columns of the block.
  private let columnBlock: Range<Int>
  /// U_jj² for the block's columns.
  private let squares: [Float]
  /// The part of U on the diagonal, transposed, so that what goes into one column lies side by side: (width, width).
  private let coefficients: Matrix
  /// w / U_jj of the pruned weights and 0 for the others, (rows, width): what the columns behind must make up for.
  ///
  /// Before a tile is pruned its rows hold the costs of removing its weights, or for groups what `ColumnTile` says.
  private(set) var errors: Matrix
  /// Weights that must stay zero; nil where there are none.
  private let zeros: ZeroPositions?

  /// The columns of a block for a weight of `rows` rows.
  init(_ columnBlock: Range<Int>, rows: Int, factor: Matrix, zeros: ZeroPositions?) {
    self.zeros = zeros
    self.columnBlock = columnBlock
    let part = factor.block(rows: columnBlock, columns: columnBlock)
    squares = (0..<columnBlock.count).map { part[$0, $0] * part[$0, $0] }
    coefficients = part.transposed()
    errors = Matrix(uninitializedRows: rows, columns: columnBlock.count)
  }

  /// Prunes the block's columns in turn.
  ///
  /// - Returns: how many weights became zero, and half the sum of the squared errors.
  mutating func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, rule: CountingRule
  ) -> (prunedCount: Int, loss: Double) {
    let (rows, stride, width) = (weight.rows, weight.columns, columnBlock.count)
    let lanes = LaneTile.lanes
    let tiles = (rows + lanes - 1) / lanes
    var selection: ChunkedSelection?
    switch pattern {
    case .structured: markZeros(weight)
    case .unstructured(let sparsity):
      computeCosts(weight)
      selection = errors.withElements {
        ChunkedSelection(sparsity, of: $0, count: rows * width, chunk: lanes * width, rule: rule)
      }
    }
    var losses = [Double](repeating: 0, count: tiles)
    let start = columnBlock.lowerBound
    let keepsZeros = zeros != nil
    // Asked for here: other threads do not know what the caller has chosen.
    let kernel = Kernel.current
    weight.withMutableElements { w in
      errors.withMutableElements { errors in
        losses.withUnsafeMutableBufferPointer { losses in
          let losses = losses
          Parallel.forEach(
            tiles, state: { ColumnTile(coefficients: coefficients, squares: squares, kernel: kernel) }
          ) { tile, index in
            let choice: ColumnTile.Choice =
              switch pattern {
              case .unstructured: .threshold(selection?.threshold ?? 0, ties: selection?.ties[index] ?? 0)
              case .structured(let keep, let of): .groups(keep: keep, of: of, keepingZeros: keepsZeros)
              }
            let first = index * lanes
            losses[index] = tile.prune(
              w + (first * stride + start), stride: stride, rows: min(lanes, rows - first),
              errors: errors + first * width, choice)
          }
        }
      }
    }
    let prunedCount =
      switch pattern {
      case .unstructured: selection?.count ?? 0
      case .structured(let keep, let of): rows * (width / of) * (of - keep)
      }
    return (prunedCount, losses.reduce(0, +))
  }

  /// The cost of removing each weight as the block stands, w² / U_jj², into `errors`; nothing for what must stay zero.
  ///
  /// What underflows costs something all the same: a cost of zero is one that always goes.
  private mutating func computeCosts(_ weight: Matrix) {
    let (rows, stride, width, start) = (weight.rows, weight.columns, columnBlock.count, columnBlock.lowerBound)
    weight.withElements { w in
      errors.withMutableElements { costs in
        squares.withUnsafeBufferPointer { squares in
          Parallel.forEachRange(rows, grain: LaneTile.lanes) { range in
            for i in range {
              let row = w + (i * stride + start)
              let target = costs + i * width
              for j in 0..<width { target[j] = max(row[j] * row[j] / squares[j], .leastNonzeroMagnitude) }
              if let zeros {
                for j in 0..<width where zeros[i * stride + start + j] { target[j] = 0 }
              }
            }
          }
        }
      }
    }
  }

  /// 0 for what must stay zero and 1 for all else, into `errors`; nothing where all may change.
  private mutating func markZeros(_ weight: Matrix) {
    guard let zeros else { return }
    let (rows, stride, width, start) = (weight.rows, weight.columns, columnBlock.count, columnBlock.lowerBound)
    errors.withMutableElements { marks in
      Parallel.forEachRange(rows, grain: LaneTile.lanes) { range in
        for i in range {
          for j in 0..<width { marks[i * width + j] = zeros[i * stride + start + j] ? 0 : 1 }
        }
      }
    }
  }
}

extension Matrix {
  fileprivate func transposed() -> Matrix {
    var result = Matrix(uninitializedRows: columns, columns: rows)
    let (rows, columns) = (rows, columns)
    withElements { source in
      result.withMutableElements { target in
        for i in 0..<rows { for j in 0..<columns { target[j * rows + i] = source[i * columns + j] } }
      }
    }
    return result
  }
}
