import KernelTemplate
import Tensor

/// What a rung of the ladder multiplies, C = A · Bᵀ: A (m, k) and B (n, k) to be read, C (m, n) to be written.
struct Operands {
  let a: StridedView
  let b: StridedView
  let c: MutableRows

  /// The product of two matrices by a rung that writes every element of C.
  static func product(_ a: Matrix, _ b: Matrix, _ rung: (Operands) -> Void) -> Matrix {
    var result = Matrix(uninitializedRows: a.rows, columns: b.rows)
    a.withView { a in b.withView { b in result.withMutableRows { rung(Operands(a: a, b: b, c: $0)) } } }
    return result
  }
}
