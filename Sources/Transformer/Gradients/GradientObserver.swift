import Tensor

/// Sees a linear's inputs X, (tokens, inputs), and the gradient G of a loss at its outputs, (tokens, outputs), while a block is gone
/// through backwards.
///
/// The gradient at the weight is Gᵀ X; along a direction d in the shape of the weight it is the sum over tokens of ⟨G d, X⟩.
public typealias GradientObserver = (_ role: LinearRole, _ inputs: Matrix, _ outputGradient: Matrix) -> Void

extension BlockLinears {
  /// The gradient of a loss at the inputs that some linears share, (tokens, inputs), from those at their outputs, which the observer
  /// sees.
  func inputGradient(
    of roles: [LinearRole], inputs: Matrix, outputGradients: [Matrix], observing observer: GradientObserver
  ) -> Matrix {
    for (role, gradient) in zip(roles, outputGradients) { observer(role, inputs, gradient) }
    var result = Matrix(rows: inputs.rows, columns: inputs.columns)
    for (role, gradient) in zip(roles, outputGradients) { result.addProduct(gradient, self[role].weight) }
    return result
  }
}
