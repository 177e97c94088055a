import KernelTemplate

extension Matrix {
  /// Turns the gradient of a loss at the outputs of a root-mean-square normalisation into that at its inputs.
  ///
  /// `inputs` has the shape of the gradient. Every `weight.count` consecutive columns of a row are normalised by themselves: a row, or
  /// a head.
  ///
  /// - Precondition: `columns` is a multiple of `weight.count`, which is not 0.
  package mutating func backpropagateRMSNorm(at inputs: Matrix, weight: [Float], epsilon: Float) {
    precondition(
      !weight.isEmpty && columns % weight.count == 0, "groups of \(weight.count) do not fit \(columns) columns")
    weight.withUnsafeBufferPointer { weight in
      forEachGroup(of: weight.count, with: inputs) { gradient, x, instructions in
        guard let first = weight.baseAddress else { return }
        instructions.rmsNormalizeGradient(gradient, at: x, weight: first, epsilon: epsilon, count: weight.count)
      }
    }
  }

  /// Turns the gradient of a loss at the outputs of a layer normalisation into that at its inputs, which have its shape.
  package mutating func backpropagateLayerNorm(at inputs: Matrix, weight: [Float], epsilon: Float) {
    precondition(weight.count == columns, "\(weight.count) weights do not fit \(columns) columns")
    weight.withUnsafeBufferPointer { weight in
      forEachGroup(of: weight.count, with: inputs) { gradient, x, instructions in
        guard let first = weight.baseAddress else { return }
        instructions.layerNormalizeGradient(gradient, at: x, weight: first, epsilon: epsilon, count: weight.count)
      }
    }
  }

  /// Calls `body`, in parallel, with every `size` consecutive columns of a row and those of another matrix of the same shape.
  private mutating func forEachGroup(
    of size: Int, with other: Matrix,
    _ body: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, any InstructionSet.Type) -> Void
  ) {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    other.withElements { other in
      forEachRows { x, rows, columns, instructions in
        let y = other + rows.lowerBound * columns
        for start in stride(from: 0, to: rows.count * columns, by: max(size, 1)) {
          body(x + start, y + start, instructions)
        }
      }
    }
  }
}
