import Support
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
///
///     var statistics = InputStatistics(inputs: 4096, kind: .gram)
///     statistics.accumulate(inputs, sequences: 1)
///
/// A program that has such sums from elsewhere gives them as they are.
public struct InputStatistics: Sendable {
  /// Inputs of the linear.
  public let inputs: Int
  /// Sequences that were added.
  public private(set) var sequences = 0
  /// Σ x² of every input over all tokens: (inputs), or empty where the products of all pairs have them on their
  /// diagonal.
  private var squaredNorms: [Double]
  /// Σ xᵀx over all tokens: (inputs, inputs), or nil where only squares are wanted.
  public private(set) var gram: Matrix?

  /// Empty sums for `inputs` inputs.
  public init(inputs: Int, kind: StatisticsKind) {
    self.inputs = inputs
    squaredNorms = Array(repeating: 0, count: kind == .squares ? inputs : 0)
    gram = kind == .gram ? Matrix(rows: inputs, columns: inputs) : nil
  }

  /// Sums of all pairs of inputs, taken elsewhere.
  ///
  /// - Parameters:
  ///   - gram: Σ xᵀx over all tokens, (inputs, inputs), neither scaled nor dampened, both its triangles.
  ///   - sequences: what they were summed over.
  /// - Precondition: the matrix is square and symmetric, and there is a sequence.
  public init(gram: Matrix, sequences: Int) {
    precondition(gram.rows == gram.columns && sequences > 0, "the sums are not square, or of no sequence")
    (inputs, squaredNorms, self.gram, self.sequences) = (gram.rows, [], gram, sequences)
  }

  /// Sums of squares, taken elsewhere, which suffice for Wanda.
  ///
  /// - Parameters:
  ///   - squares: Σ x² of every input over all tokens.
  ///   - sequences: what they were summed over.
  /// - Precondition: there is a sequence.
  public init(squares: [Double], sequences: Int) {
    precondition(sequences > 0, "the sums are of no sequence")
    (inputs, squaredNorms, gram, self.sequences) = (squares.count, squares, nil, sequences)
  }

  /// Bytes of the sums over `inputs` inputs.
  static func footprint(inputs: Int, kind: StatisticsKind) -> Double {
    switch kind {
    case .none: 0
    case .squares: 8 * Double(inputs)
    case .gram: 4 * Double(inputs) * Double(inputs)
    }
  }

  /// Adds the inputs of some sequences, (tokens, inputs).
  ///
  /// - Precondition: there are as many columns as inputs.
  public mutating func accumulate(_ inputs: Matrix, sequences count: Int) {
    precondition(inputs.columns == self.inputs, "\(inputs.columns) columns do not fit \(self.inputs) inputs")
    sequences += count
    if gram != nil { return addGram(inputs, to: &gram) }
    if !squaredNorms.isEmpty { inputs.addSquares(to: &squaredNorms) }
  }

  /// Σ x² of every input over all tokens.
  public func squares() -> [Double] {
    guard let gram else { return squaredNorms }
    return gram.diagonal().map(Double.init)
  }

  /// Whether inputs were added and all of them were zero.
  var isSilent: Bool { sequences > 0 && squares().allSatisfy { $0 == 0 } }

  /// Why sums that a method needs are not there.
  func error(missing needed: StatisticsKind, linear: String) -> PruningError {
    sequences == 0 ? .noInputs(linear: linear) : .missingSums(linear: linear, needed: needed)
  }

  /// Mean over the sequences of Σ x²: Wanda's squared norm of an input (PRUNING notation: s).
  func meanSquares() -> [Float] { squares().map { Float($0 / Double(sequences)) } }

  /// SparseGPT's Hessian, 2/n Σ XᵀX over n sequences, with a diagonal of its own.
  func hessian(diagonal: [Float]) -> Matrix? {
    guard let gram else { return nil }
    let ones = [Float](repeating: 1, count: gram.columns)
    return gram.lowerTriangle(rows: ones.map { $0 * hessianFactor }, columns: ones, diagonal: diagonal)
  }

  /// The diagonal of the Hessian, or nil where it was not asked for.
  func hessianDiagonal() -> [Float]? { gram?.diagonal().map { $0 * hessianFactor } }

  private var hessianFactor: Float { Float(2 / Double(sequences)) }
}

extension Matrix {
  /// The elements (i, i) of a square matrix.
  fileprivate func diagonal() -> [Float] { withElements { x in (0..<rows).map { x[$0 * columns + $0] } } }

  /// The lower triangle of a symmetric matrix, every row times a number, every column over one, and with a diagonal of its own.
  ///
  /// What is above the diagonal is not written: factorisations do not read it.
  func lowerTriangle(rows factors: [Float], columns divisors: [Float], diagonal: [Float]) -> Matrix {
    let n = columns
    precondition(rows == n && factors.count == n && divisors.count == n && diagonal.count == n, "sizes differ")
    var result = Matrix(uninitializedRows: n, columns: n)
    withElements { source in
      result.withMutableElements { target in
        Parallel.forEachRange(n, grain: 64) { rows in
          for i in rows {
            for j in 0..<i { target[i * n + j] = source[i * n + j] * factors[i] / divisors[j] }
            target[i * n + i] = diagonal[i]
          }
        }
      }
    }
    return result
  }
}

private func addGram(_ inputs: Matrix, to sum: inout Matrix?) {
  // Taken out of its place while it is changed: otherwise the elements would be shared and copied.
  guard var matrix = sum.take() else { return }
  Tensor.addGram(inputs, to: &matrix)
  sum = matrix
}
