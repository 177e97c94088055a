import Support
import Tensor

/// One weight in two copies that the alternating direction method of multipliers brings together: a dense one that the
/// outputs ask for, and a sparse one.
///
/// The dense copy X minimises ‖(X - W)ᵀ‖² in the norm of the inputs' products beside ρ‖X - Z + U‖², the sparse copy Z is
/// the sum of X and U with zeros in the places chosen, and the multiplier U adds up the difference of the two: Boyd et al.,
/// "Distributed Optimization and Statistical Learning via the Alternating Direction Method of Multipliers" (2011), 3.1.1. All are
/// (outputs, inputs), in units of `UnitDiagonal`.
struct SplitWeight {
  /// X.
  private(set) var dense: Matrix
  /// Z after `project`; at the end of `solve`, the right side of the equations for X.
  private(set) var sparse: Matrix
  /// U, and X + U while Z is taken from it.
  private var multiplier: Matrix
  /// W (H + λ): what the right side has whatever Z and U are.
  private let constant: Matrix
  /// Where the weight was zero before: zero it stays.
  private let zeros: ZeroPositions?

  /// Copies of a weight, scaled to the unit diagonal of its inputs; λ is the dampening.
  init(_ scaled: Matrix, _ inputs: UnitDiagonal, dampening: Double, zeros: ZeroPositions?) {
    constant = inputs.products(of: scaled, dampening: dampening)
    self.zeros = zeros
    dense = scaled
    sparse = Matrix(uninitializedRows: scaled.rows, columns: scaled.columns)
    multiplier = Matrix(rows: scaled.rows, columns: scaled.columns)
  }

  /// Bytes of the copies of a weight of so many elements, the scaled weight that they begin with included.
  static func footprint(count: Double) -> Double { 5 * 4 * count }

  /// Z becomes X + U with zeros where `clear` puts them, which must be those of smallest magnitude under some pattern.
  mutating func project<Failure: Error>(_ clear: (inout Matrix) throws(Failure) -> Void) throws(Failure) {
    multiplier.add(dense)
    sparse.copy(multiplier)
    // Before all others, so that they are among those of smallest magnitude.
    zeros?.clear(&sparse)
    try clear(&sparse)
  }

  /// U becomes what is left of X + U, and X solves (H + λ + ρ) Xᵀ = (W (H + λ) + ρ (Z - U))ᵀ.
  ///
  /// - Parameters:
  ///   - inverse: (H + λ + ρ)⁻¹, which is symmetric.
  ///   - share: what U is multiplied by first, where ρ has changed.
  mutating func solve(by inverse: StoredMatrix, penalty: Float, keeping share: Float = 1) {
    let count = sparse.count
    constant.withElements { b in
      multiplier.withMutableElements { u in
        sparse.withMutableElements { z in
          Parallel.forEachRange(count, grain: 1 << 14) { range in
            for i in range {
              let kept = z[i]
              let rest = (u[i] - kept) * share
              u[i] = rest
              z[i] = b[i] + penalty * (kept - rest)
            }
          }
        }
      }
    }
    dense.setProduct(sparse, transposed: inverse, rows: 0..<inverse.rows)
  }
}
