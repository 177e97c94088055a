import Support
import Tensor
import TestSupport

/// Every kernel that this machine can run.
let availableKernels = Kernel.allCases.filter(\.isAvailable)
/// Those of them that pack panels.
let packingKernels = availableKernels.filter { $0 != .reference }

/// Numbers of threads that must make no difference.
let threadCounts = [1, 2, 5]

/// Fills memory of the size of a result with NaN and gives it back, so that the allocator hands it to the result: an element that
/// is never written, or that is read before it is, then shows.
func poisonHeap(floats count: Int) {
  var matrices = (0..<4).map { _ in Matrix(uninitializedRows: 1, columns: count) }
  for i in matrices.indices { matrices[i].withMutableElements { $0.update(repeating: .nan, count: count) } }
}

/// A product in Double, and how far a sum of k products in Float may be from it: (k + 4) u Σ |a| |b| (Higham, "Accuracy and
/// Stability of Numerical Algorithms", section 3.1: k roundings a term in any order of summation, and a few for a scale factor
/// and what is added to).
struct ExactProduct {
  var value: DoubleMatrix
  var bound: DoubleMatrix

  /// c + sign · a · b.
  init(_ a: DoubleMatrix, _ b: DoubleMatrix, addedTo c: DoubleMatrix? = nil, sign: Double = 1) {
    value = (a * b).mapped { sign * $0 }
    var size = a.magnitude * b.magnitude
    if let c {
      value = value + c
      size = size + c.magnitude
    }
    let factor = Double(a.columns + 4) * unitRoundoff
    bound = size.mapped { factor * $0 }
  }

  func excess(of found: Matrix) -> Double { largestExcess(found, value, bound: bound) }
}

extension Matrix {
  /// The bit patterns of all elements.
  var bits: [UInt32] { elements.map(\.bitPattern) }

  /// Columns for rows.
  var transposed: Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }
}
