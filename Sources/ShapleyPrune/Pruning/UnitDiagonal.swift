import Support
import Tensor

/// The products of a linear's inputs scaled to a unit diagonal: H = D⁻¹ G D⁻¹, G being Σ xᵀx and D² its diagonal.
///
/// The error of the outputs of weights W is that of the weights W D for inputs of the products H: there all inputs are
/// equally strong, so that magnitudes of weights can be compared over the whole matrix. The unit of G does not matter.
///
/// An input that was always zero has the scale 1, no products with others, and weights that become zero.
struct UnitDiagonal: Sendable {
  /// G, (inputs, inputs).
  let gram: Matrix
  /// The diagonal of D, (inputs).
  let scale: [Float]
  /// Inputs that were always zero.
  let dead: [Int]
  /// Sequences that the inputs came in.
  private let sequences: Int

  /// Throws `PruningError` where all inputs are zero or one is not finite; `linear` is named there.
  ///
  /// - Parameter floor: what is added to the diagonal of G before anything else, as a share of its mean: it keeps inputs that
  ///   are hardly ever active from being scaled up.
  init(_ statistics: InputStatistics, floor: Double = 0, linear: String) throws(PruningError) {
    guard let gram = statistics.gram else { throw statistics.error(missing: .gram, linear: linear) }
    let squares = statistics.squares()
    guard squares.allSatisfy(\.isFinite) else { throw .nonFiniteInputs(linear: linear) }
    dead = squares.indices.filter { squares[$0] == 0 }
    guard dead.count < squares.count else { throw .noInputs(linear: linear) }
    self.gram = gram
    sequences = statistics.sequences
    let added = floor * squares.reduce(0, +) / Double(squares.count)
    scale = squares.map { $0 + added == 0 ? 1 : Float(($0 + added).squareRoot()) }
  }

  /// (H + added · 1)⁻¹, (inputs, inputs); nil where it has none in Float.
  ///
  /// Complexity: O(inputs³).
  func inverse(adding added: Double) -> Matrix? {
    let sum = gram.lowerTriangle(
      rows: scale.map { 1 / $0 }, columns: scale, diagonal: Array(repeating: Float(1 + added), count: scale.count))
    return try? Cholesky.inverse(consume sum)
  }

  /// Bytes that `inverse` holds at most for so many inputs, the result included.
  static func footprint(inputs: Int) -> Double {
    let n = Double(inputs)
    return 8 * n * n + Cholesky.footprint(n: n)
  }

  /// W (H + dampening · 1) for weights (outputs, inputs) in these units.
  func products(of scaled: Matrix, dampening: Double) -> Matrix {
    // W H = (W D⁻¹) G D⁻¹.
    var result = unscaled(matmul(unscaled(scaled), gram))
    result.add(scaled, times: Float(dampening))
    return result
  }

  /// Puts a sparse weight in these units in the place of a weight, (outputs, inputs), and tells the error of the outputs.
  func replace(_ weight: inout Matrix, by scaled: consuming Matrix, _ outcome: inout PruningOutcome) {
    let pruned = unscaled(scaled)
    outcome.loss = outputError(from: weight, to: pruned)
    weight = pruned
  }

  /// The squared error of a sequence's outputs where one weight takes the place of another, (outputs, inputs) in their own units: half
  /// of Δ (2/n G) Δᵀ, as SparseGPT counts it.
  ///
  /// Complexity: O(outputs · inputs²).
  private func outputError(from weight: Matrix, to pruned: Matrix) -> Double {
    var difference = pruned
    difference.add(weight, times: -1)
    var sum = 0.0
    matmul(difference, gram).withElements { x in
      difference.withElements { y in for i in 0..<difference.count { sum += Double(x[i]) * Double(y[i]) } }
    }
    return sum / Double(max(sequences, 1))
  }

  /// W D, without the weights of dead inputs: (outputs, inputs).
  func scaled(_ weight: consuming Matrix) -> Matrix {
    var factors = scale
    for input in dead { factors[input] = 0 }
    weight.multiplyColumns(by: factors)
    return weight
  }

  /// W D⁻¹: (outputs, inputs).
  func unscaled(_ weight: consuming Matrix) -> Matrix {
    weight.multiplyColumns(by: scale.map { 1 / $0 })
    return weight
  }
}
