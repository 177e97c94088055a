import KernelTemplate
import Support

/// Causal attention that keeps what its gradient needs.
///
/// A gradient computes the shares of the softmax again, block by block, from the largest score and the sum of exponentials of every
/// query: no more scores exist than a block (Dao, "FlashAttention-2", 2023, algorithm 2).
package struct RecordedAttention {
  private let queries: Matrix
  private let keys: Matrix
  private let values: Matrix
  private let shape: AttentionShape
  private let sequences: Int
  private let statistics: SoftmaxStatistics
  /// What `causalAttention` returns, (sequences · queryLength, heads · headDimension).
  package let outputs: Matrix

  /// The attention of `causalAttention`, with its parameters.
  package init(queries: Matrix, keys: Matrix, values: Matrix, shape: AttentionShape, sequences: Int) {
    precondition(sequences > 0 && keys.rows % sequences == 0, "rows must fill sequences")
    (self.queries, self.keys, self.values) = (queries, keys, values)
    (self.shape, self.sequences) = (shape, sequences)
    var statistics = SoftmaxStatistics(queries: queries.rows, heads: shape.heads)
    outputs = statistics.withPlaces {
      causalAttention(
        queries: queries, keys: keys, values: values, keyLength: keys.rows / sequences, shape: shape,
        sequences: sequences, statistics: $0)
    }
    self.statistics = statistics
  }

  /// The gradients of a loss at queries, keys and values from that at the outputs, each in the shape of what it is taken at.
  ///
  /// With the shares P of the softmax, g the gradient at the outputs and D = Σ over columns of g · outputs: at the values Pᵀ g, at the
  /// scores S = P (g Vᵀ - D), at the queries S K / sqrt(d), at the keys Sᵀ Q / sqrt(d).
  ///
  /// - Complexity: 5 products of the size of those in attention, which has 2.
  package func gradients(_ gradient: Matrix) -> (queries: Matrix, keys: Matrix, values: Matrix) {
    precondition(gradient.rows == outputs.rows && gradient.columns == outputs.columns, "shapes differ")
    let kernel = Kernel.current
    var atQueries = Matrix(rows: queries.rows, columns: queries.columns)
    var atKeys = Matrix(rows: keys.rows, columns: keys.columns)
    var atValues = Matrix(rows: values.rows, columns: values.columns)
    // One closure within the other: every pointer is in use until the work is done.
    atQueries.withMutableRows { atQueries in
      atKeys.withMutableRows { atKeys in
        atValues.withMutableRows { atValues in
          withViews { queries, keys, values, outputs, maxima, sums in
            gradient.withView { gradient in
              let work = AttentionGradientWork(
                shape: shape, sequences: sequences, queryLength: queries.rows / sequences,
                keyLength: keys.rows / sequences, queries: queries, keys: keys, values: values, outputs: outputs,
                maxima: maxima, sums: sums, gradient: gradient, atQueries: atQueries, atKeys: atKeys,
                atValues: atValues, kernel: kernel, instructions: kernel.instructions)
              if kernel == .reference { work.runReference() } else { work.runTiled() }
            }
          }
        }
      }
    }
    return (atQueries, atKeys, atValues)
  }

  private func withViews(
    _ body: (
      _ queries: StridedView, _ keys: StridedView, _ values: StridedView, _ outputs: StridedView, _ maxima: StridedView,
      _ sums: StridedView
    ) -> Void
  ) {
    queries.withView { queries in
      keys.withView { keys in
        values.withView { values in
          outputs.withView { outputs in
            statistics.maxima.withView { maxima in
              statistics.sums.withView { body(queries, keys, values, outputs, maxima, $0) }
            }
          }
        }
      }
    }
  }
}

/// What the gradient of an attention reads, and what it adds to.
struct AttentionGradientWork: AttentionGeometry {
  let shape: AttentionShape
  let sequences: Int
  let queryLength: Int
  let keyLength: Int
  let queries: StridedView
  let keys: StridedView
  let values: StridedView
  let outputs: StridedView
  /// What the softmax of every query and head was relative to, (queries, heads).
  let maxima: StridedView
  let sums: StridedView
  /// At the outputs.
  let gradient: StridedView
  let atQueries: MutableRows
  let atKeys: MutableRows
  let atValues: MutableRows
  let kernel: Kernel
  let instructions: any InstructionSet.Type

  /// The definition, one query of one head after the other.
  func runReference() {
    let d = shape.headDimension
    for sequence in 0..<sequences {
      for head in 0..<shape.heads {
        for query in 0..<queryLength {
          let row = rows(query..<query + 1, of: sequence)
          let (own, shared) = (columns(of: head), columns(of: head / shape.group))
          let (q, g) = (queries.part(rows: row, columns: own), gradient.part(rows: row, columns: own))
          let seen = keyRows(of: sequence).lowerBound..<keyRows(of: sequence).lowerBound + visible(query)
          let (k, v) = (keys.part(rows: seen, columns: shared), values.part(rows: seen, columns: shared))
          func dot(_ x: StridedView, _ y: StridedView, row: Int) -> Float {
            (0..<d).reduce(Float(0)) { $0 + x.floats[$1] * y.floats[row * y.rowStride + $1] }
          }
          let scores = (0..<seen.count).map { scale * dot(q, k, row: $0) }
          let largest = scores.max() ?? 0
          let powers = scores.map { Float(Math.exp(Double($0 - largest))) }
          let sum = powers.reduce(0, +)
          let shares = powers.map { $0 / sum }
          let atShares = (0..<seen.count).map { dot(g, v, row: $0) }
          let mean = zip(shares, atShares).reduce(Float(0)) { $0 + $1.0 * $1.1 }
          for (key, (share, atShare)) in zip(shares, atShares).enumerated() {
            let atScore = share * (atShare - mean) * scale
            let target = seen.lowerBound + key
            for j in 0..<d {
              atQueries[row.lowerBound][own.lowerBound + j] += atScore * k.floats[key * k.rowStride + j]
              atKeys[target][shared.lowerBound + j] += atScore * q.floats[j]
              atValues[target][shared.lowerBound + j] += share * g.floats[j]
            }
          }
        }
      }
    }
  }
}
