import KernelTemplate

extension Matrix {
  /// Root-mean-square normalisation of every row: x / sqrt(mean(x²) + epsilon) · weight.
  ///
  /// Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019). `weight` has `columns` elements.
  public func rmsNormalized(weight: [Float], epsilon: Float) -> Matrix {
    precondition(weight.count == columns, "\(weight.count) weights do not fit \(columns) columns")
    return weight.withUnsafeBufferPointer { weight in
      mapRows { row, out, columns, instructions in
        guard let weight = weight.baseAddress else { return }
        instructions.rmsNormalize(row, weight: weight, epsilon: epsilon, count: columns, out: out)
      }
    }
  }

  /// Root-mean-square normalisation in place, of every `weight.count` consecutive columns of a row, such as a head's.
  ///
  /// - Precondition: `columns` is a multiple of `weight.count`, which is not 0.
  package mutating func applyRMSNorm(weight: [Float], epsilon: Float) {
    let size = weight.count
    precondition(size > 0 && columns % size == 0, "groups of \(size) do not fit \(columns) columns")
    weight.withUnsafeBufferPointer { weight in
      forEachRows { x, rows, columns, instructions in
        guard let weight = weight.baseAddress else { return }
        // The rows are consecutive, and so are the groups of all of them.
        for start in stride(from: 0, to: rows.count * columns, by: size) {
          // The kernel reads an element before it writes it, so that a group can take its own place.
          let group = x + start
          instructions.rmsNormalize(group, weight: weight, epsilon: epsilon, count: size, out: group)
        }
      }
    }
  }

  /// Normalisation of every row to mean 0 and variance 1: (x - mean) / sqrt(variance + epsilon) · weight + bias.
  ///
  /// Ba, Kiros and Hinton, "Layer Normalization" (2016). `weight` and `bias` have `columns` elements.
  public func layerNormalized(weight: [Float], bias: [Float], epsilon: Float) -> Matrix {
    precondition(weight.count == columns && bias.count == columns, "weight and bias must have \(columns) elements")
    return weight.withUnsafeBufferPointer { weight in
      bias.withUnsafeBufferPointer { bias in
        mapRows { row, out, columns, instructions in
          guard let weight = weight.baseAddress, let bias = bias.baseAddress else { return }
          instructions.layerNormalize(row, weight: weight, bias: bias, epsilon: epsilon, count: columns, out: out)
        }
      }
    }
  }

  private func mapRows(
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, any InstructionSet.Type) -> Void
  ) -> Matrix {
    var result = Matrix(uninitializedRows: rows, columns: columns)
    withElements { source in
      result.forEachRows { target, range, columns, instructions in
        for i in 0..<range.count {
          body(source + (range.lowerBound + i) * columns, target + i * columns, columns, instructions)
        }
      }
    }
    return result
  }
}
