import Tensor

/// What a pruner needs to know about a linear's inputs.
public enum StatisticsKind: Int, Sendable, Comparable {
  /// Nothing.
  case none
  /// Σ x² of every input.
  case squares
  /// Σ xᵀx of all pairs of inputs, and with it the squares.
  case gram

  /// Whether `left` is less to compute than `right`.
  public static func < (left: StatisticsKind, right: StatisticsKind) -> Bool { left.rawValue < right.rawValue }
}

/// Sums over the inputs of a linear, taken over a calibration text.
public struct InputStatistics: Sendable {
  /// Sequences that were added.
  public private(set) var sequences = 0
  /// Σ x² of every input over all tokens, in Double: (inputs).
  ///
  /// Where all products are summed, their diagonal.
  public var squares: [Double] {
    guard let gram else { return sums }
    let n = gram.rows
    return gram.withElements { g in (0..<n).map { Double(g[$0 * n + $0]) } }
  }
  private var sums: [Double]
  /// Σ xᵀx over all tokens: (inputs, inputs), or nil where only squares are wanted.
  public private(set) var gram: Matrix?

  /// Empty sums for `inputs` inputs.
  public init(inputs: Int, kind: StatisticsKind) {
    sums = Array(repeating: 0, count: kind == .squares ? inputs : 0)
    gram = kind == .gram ? Matrix(rows: inputs, columns: inputs) : nil
  }

  /// Adds the inputs of some sequences, (tokens, inputs).
  public mutating func accumulate(_ inputs: Matrix, sequences count: Int) {
    sequences += count
    if gram != nil {
      addGram(inputs, to: &gram)
    } else {
      addSquares(inputs)
    }
  }

  private mutating func addSquares(_ inputs: Matrix) {
    let columns = inputs.columns
    inputs.withElements { x in
      sums.withUnsafeMutableBufferPointer { sums in
        // Each task owns its columns, so the order of the sums does not depend on the threads.
        let sums = sums
        Parallel.forEachRange(sums.count, grain: 64) { range in
          for i in 0..<inputs.rows {
            let row = x + i * columns
            for j in range { sums[j] += Double(row[j]) * Double(row[j]) }
          }
        }
      }
    }
  }

  /// Mean over the sequences of Σ x²: Wanda's squared norm of an input (PRUNING notation: s).
  func meanSquares() -> [Float] { squares.map { Float($0 / Double(sequences)) } }

  /// SparseGPT's Hessian, 2/n Σ XᵀX over n sequences.
  func hessian() -> Matrix? {
    guard var result = gram else { return nil }
    let factor = Float(2 / Double(sequences))
    let count = result.count
    result.withMutableElements { for i in 0..<count { $0[i] *= factor } }
    return result
  }
}

private func addGram(_ inputs: Matrix, to sum: inout Matrix?) {
  // Taken out of its place while it is changed: otherwise the elements would be shared and copied.
  guard var matrix = sum.take() else { return }
  Tensor.addGram(inputs, to: &matrix)
  sum = matrix
}
