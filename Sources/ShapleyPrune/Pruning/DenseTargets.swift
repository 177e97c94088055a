import Support
import Tensor

/// Sums over a calibration text that tell how far a linear's outputs are from the dense model's, as the blocks in front are pruned.
///
/// With x_d and x_p the inputs of the same linear in the dense and in the pruned model, e the difference of their residual
/// streams where its outputs are added, and G = Σ x_pᵀ x_p, the weights that fit the dense model's outputs best are
/// W + [W Σ (x_d - x_p)ᵀ x_p + Σ eᵀ x_p] G⁻¹. They are fitted with a ridge and taken half the way, since what fits one text
/// wholly fits others less (Documentation/Reconstruction.md).
package struct DenseTargets: Sendable {
  /// Σ (x_d - x_p)ᵀ x_p: (inputs, inputs).
  private var inputDifference: Matrix
  /// Σ eᵀ x_p: (outputs, inputs), for linears that add to the residual stream.
  private var residualDifference: Matrix?

  /// What is added to all squares of inputs, as a share of their mean: else an input of which pruning left hardly anything, as
  /// happens behind a ReLU, would get weights of any size.
  private static let floor = 1e-3
  /// What is added to the unit diagonal of the inputs' products.
  private static let ridge = 0.1
  /// How far the weights go towards the fit.
  private static let step: Float = 0.5

  /// Empty sums for linears of so many inputs; `residual` is the number of columns of the residual stream, or nil for linears
  /// that do not add to it.
  package init(inputs: Int, residual: Int?) {
    inputDifference = Matrix(rows: inputs, columns: inputs)
    residualDifference = residual.map { Matrix(rows: $0, columns: inputs) }
  }

  /// Bytes of the sums, and with them of a weight's fit.
  static func footprint(outputs: Int, inputs: Int) -> Double {
    let (n, count) = (Double(inputs), Double(outputs) * Double(inputs))
    return 4 * n * n + 4 * count + max(UnitDiagonal.footprint(inputs: inputs), 4 * n * n + 8 * count)
  }

  /// Adds some tokens: inputs in both models, (tokens, inputs), and the residual stream of the dense model less that of the
  /// pruned one, (tokens, outputs), where the linears add to it.
  package mutating func accumulate(dense: Matrix, pruned: Matrix, residual: Matrix?) {
    var difference = dense
    difference.add(pruned, times: -1)
    addProduct(transposing: difference, pruned, to: &inputDifference)
    guard let residual, var sum = residualDifference.take() else { return }
    addProduct(transposing: residual, pruned, to: &sum)
    residualDifference = sum
  }

  /// What turns the weights of linears with these inputs towards the dense model's outputs.
  ///
  /// Throws `PruningError` where the statistics are of no use. Complexity: O(inputs³).
  package func fit(_ statistics: InputStatistics, linear: String) throws(PruningError) -> TargetFit {
    let inputs = try UnitDiagonal(statistics, floor: Self.floor, linear: linear)
    let (inverse, _) = try Dampening.raised(from: Self.ridge, linear: linear) { inputs.inverse(adding: $0) }
    return TargetFit(targets: self, inputs: inputs, inverse: inverse, step: Self.step)
  }

  /// W Σ (x_d - x_p)ᵀ x_p + Σ eᵀ x_p for a weight: (outputs, inputs).
  fileprivate func missing(_ weight: Matrix) -> Matrix {
    var result = matmul(weight, inputDifference)
    if let residualDifference { result.add(residualDifference) }
    return result
  }
}

/// The fit of linears with the same inputs to the dense model's outputs.
package struct TargetFit: Sendable {
  fileprivate let targets: DenseTargets
  fileprivate let inputs: UnitDiagonal
  /// (H + ridge)⁻¹: (inputs, inputs).
  fileprivate let inverse: Matrix
  fileprivate let step: Float

  /// Turns a weight, (outputs, inputs), towards the dense model's outputs; a weight that is zero stays zero.
  ///
  /// Complexity: O(outputs · inputs²).
  package func apply(to weight: inout Matrix) {
    let zeros = ZeroPositions(of: weight)
    let change = inputs.unscaled(matmul(inputs.unscaled(targets.missing(weight)), inverse))
    weight.add(change, times: step)
    zeros?.clear(&weight)
  }
}
