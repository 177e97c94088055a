import KernelTemplate

extension Matrix {
  /// Turns the gradient of a loss at the outputs of `applyReLU` into that at its inputs: zero where an output is not positive.
  ///
  /// `outputs` has the shape of the gradient. The slope at 0 counts as 0.
  package mutating func backpropagateReLU(outputs: Matrix) {
    precondition(rows == outputs.rows && columns == outputs.columns, "shapes differ")
    outputs.withElements { y in
      forEachRows { gradient, range, columns, instructions in
        instructions.clampNegativeGradient(
          gradient, outputs: y + range.lowerBound * columns, count: range.count * columns)
      }
    }
  }

  /// Replaces the inputs of `applySiLU(times:)`, `self` being the gate, by the gradients of a loss at them.
  ///
  /// `gradient` is the one at the outputs; all three have one shape.
  package mutating func backpropagateSiLU(times up: inout Matrix, gradient: Matrix) {
    precondition(rows == up.rows && columns == up.columns, "shapes differ")
    precondition(rows == gradient.rows && columns == gradient.columns, "shapes differ")
    gradient.withElements { gradient in
      up.withMutableElements { up in
        forEachRows { gate, range, columns, instructions in
          let start = range.lowerBound * columns
          instructions.gatedSiLUGradient(
            gate: gate, up: up + start, gradient: gradient + start, count: range.count * columns)
        }
      }
    }
  }
}
