extension Matrix {
  /// Root-mean-square normalisation of every row: x / sqrt(mean(x²) + epsilon) · weight.
  ///
  /// Zhang and Sennrich, "Root Mean Square Layer Normalization" (2019). `weight` has `columns` elements.
  public func rmsNormalized(weight: [Float], epsilon: Float) -> Matrix {
    precondition(weight.count == columns, "\(weight.count) weights do not fit \(columns) columns")
    return mapRows { row, out, columns in
      let squares = sumOfSquares(row, count: columns, minus: 0)
      let factor = 1 / (squares / Float(columns) + epsilon).squareRoot()
      for j in 0..<columns { out[j] = weight[j] * (row[j] * factor) }
    }
  }

  /// Normalisation of every row to mean 0 and variance 1: (x - mean) / sqrt(variance + epsilon) · weight + bias.
  ///
  /// Ba, Kiros and Hinton, "Layer Normalization" (2016). `weight` and `bias` have `columns` elements.
  public func layerNormalized(weight: [Float], bias: [Float], epsilon: Float) -> Matrix {
    precondition(weight.count == columns && bias.count == columns, "weight and bias must have \(columns) elements")
    return mapRows { row, out, columns in
      let mean = foldVectors(row, count: columns, padding: 0, into: .zero) { $0 += $1 }.sum() / Float(columns)
      let variance = sumOfSquares(row, count: columns, minus: mean) / Float(columns)
      let factor = 1 / (variance + epsilon).squareRoot()
      for j in 0..<columns { out[j] = (row[j] - mean) * factor * weight[j] + bias[j] }
    }
  }

  private func mapRows(_ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void) -> Matrix {
    var result = Matrix(uninitializedRows: rows, columns: columns)
    withElements { source in
      result.withMutableElements { target in
        Parallel.forEachRange(rows, grain: elementwiseGrain(columns: columns)) { range in
          for i in range { body(source + i * columns, target + i * columns, columns) }
        }
      }
    }
    return result
  }
}

/// The sum of squared distances from the shift, Σ (x - shift)².
///
/// Padding with the shift adds nothing.
private func sumOfSquares(_ row: UnsafePointer<Float>, count: Int, minus shift: Float) -> Float {
  foldVectors(row, count: count, padding: shift, into: .zero) { sum, x in
    let distance = x - shift
    sum += distance * distance
  }.sum()
}
