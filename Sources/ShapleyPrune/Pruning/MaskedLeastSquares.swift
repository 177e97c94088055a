import Support
import Tensor

/// The best weights under a mask: each output's own least squares in the inputs that it keeps.
struct MaskedLeastSquares {
  let inputs: UnitDiagonal
  let dampening: Double
  /// Where weights are zero; nil for nowhere.
  let mask: ZeroPositions?

  /// Where the squared residual is this share of the first, the steps end: 1e-4 of its norm.
  private static let tolerance = 1e-8

  /// Turns weights under the mask, (outputs, inputs) in units of the unit diagonal, towards those that give the outputs of `dense`
  /// best, by conjugate gradients on all outputs at once; the diagonal is constant, so that nothing else preconditions.
  ///
  /// Complexity: O(steps · outputs · inputs²).
  func refine(_ weight: inout Matrix, towards dense: Matrix, steps: Int) {
    var missing = dense
    missing.add(weight, times: -1)
    var residual = inputs.products(of: missing, dampening: dampening)
    mask?.clear(&residual)
    var direction = residual
    var squares = residual.rowProducts(with: residual)
    let first = squares.reduce(0, +)
    for _ in 0..<steps where squares.reduce(0, +) > Self.tolerance * first {
      var image = inputs.products(of: direction, dampening: dampening)
      mask?.clear(&image)
      let lengths = zip(squares, direction.rowProducts(with: image)).map { $1 > 0 ? Float($0 / $1) : 0 }
      weight.addRows(of: direction, times: lengths)
      residual.addRows(of: image, times: lengths.map { -$0 })
      let next = residual.rowProducts(with: residual)
      let turns = zip(next, squares).map { $1 > 0 ? Float($0 / $1) : 0 }
      var turned = residual
      turned.addRows(of: direction, times: turns)
      direction = turned
      squares = next
    }
  }
}
