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

extension Matrix {
  /// The product of every row with the same row of a matrix of the same shape, in Double.
  func rowProducts(with other: Matrix) -> [Double] {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    let columns = columns
    return withElements { x in
      other.withElements { y in
        Parallel.map(rows) { row in
          var sum = 0.0
          for i in row * columns..<(row + 1) * columns { sum += Double(x[i]) * Double(y[i]) }
          return sum
        }
      }
    }
  }

  /// Adds to every row the same row of a matrix of the same shape, times a number of its own.
  fileprivate mutating func addRows(of other: Matrix, times factors: [Float]) {
    precondition(rows == other.rows && columns == other.columns && factors.count == rows, "shapes differ")
    other.withElements { y in
      forEachRows { x, rows, columns, _ in
        for (i, row) in rows.enumerated() {
          for j in 0..<columns { x[i * columns + j] += factors[row] * y[row * columns + j] }
        }
      }
    }
  }
}
