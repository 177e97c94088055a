import Tensor

/// Prunes the weights of smallest score and leaves the others as they are.
struct ScorePruner: PreparedPruner {
  /// What each weight of an input is multiplied by; nil for 1.
  let norms: [Float]?
  /// Whether a fraction holds in every output, or only in the whole weight.
  let isPerRow: Bool
  let rule: CountingRule

  /// Prunes a weight, (outputs, inputs), in place.
  ///
  /// Complexity: O(outputs · inputs).
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    let (rows, columns) = (weight.rows, weight.columns)
    let norms = norms ?? [Float](repeating: 1, count: columns)
    let count = weight.withMutableElements { w in
      norms.withUnsafeBufferPointer { norms in
        if case .unstructured(let sparsity) = pattern, !isPerRow {
          let mask = Selection.mask(rows: rows, columns: columns, sparsity: sparsity, rule: rule) { row, bits in
            score(w + row * columns, norms, bits)
          }
          return sum(rows) { row in
            zero(w + row * columns, where: mask.pointer.assumingMemoryBound(to: UInt8.self) + row * columns, columns)
          }
        }
        return pruneRows(w, norms, rows: rows, columns: columns, pattern)
      }
    }
    return PruningOutcome(prunedCount: count)
  }

  /// Each row by itself: scores, choice and zeros while the row is in the nearest cache.
  private func pruneRows(
    _ w: UnsafeMutablePointer<Float>, _ norms: UnsafeBufferPointer<Float>, rows: Int, columns: Int,
    _ pattern: SparsityPattern
  ) -> Int {
    sum(rows) { row in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: columns) { scores in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: columns) { marks in
          guard let bits = scores.baseAddress, let mask = marks.baseAddress else { return 0 }
          score(w + row * columns, norms, bits)
          switch pattern {
          case .unstructured(let sparsity):
            Selection.mark(sparsity, of: bits, count: columns, rule: rule, into: mask)
          case .structured(let keep, let of):
            for start in stride(from: 0, to: columns, by: of) {
              Selection.markGroup(bits + start, zeros: of - keep, of: of, into: mask + start)
            }
          }
          return zero(w + row * columns, where: mask, columns)
        }
      }
    }
  }

  /// The bits of |w| · norm: those of non-negative floats order as the floats do.
  private func score(
    _ w: UnsafePointer<Float>, _ norms: UnsafeBufferPointer<Float>, _ bits: UnsafeMutablePointer<UInt32>
  ) {
    for j in norms.indices { bits[j] = (w[j].magnitude * norms[j]).bitPattern }
  }

  private func zero(_ w: UnsafeMutablePointer<Float>, where mask: UnsafePointer<UInt8>, _ columns: Int) -> Int {
    var count = 0
    for j in 0..<columns {
      let isPruned = mask[j] == 1
      w[j] = isPruned ? 0 : w[j]
      count += isPruned ? 1 : 0
    }
    return count
  }

  /// The sum of what `body` returns for every row, in parallel.
  private func sum(_ rows: Int, _ body: (Int) -> Int) -> Int {
    var counts = [Int](repeating: 0, count: rows)
    counts.withUnsafeMutableBufferPointer { counts in
      let counts = counts
      Parallel.forEachRange(rows, grain: 4) { range in
        for row in range { counts[row] = body(row) }
      }
    }
    return counts.reduce(0, +)
  }
}
