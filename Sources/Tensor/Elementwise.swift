import Support

/// Rows that one task of an element-wise operation takes: enough to pay for handing it out.
func elementwiseGrain(columns: Int) -> Int { max(1, (1 << 14) / max(columns, 1)) }

extension Matrix {
  /// Adds another matrix of the same shape, element by element: a residual connection.
  public mutating func add(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    let (rows, columns) = (rows, columns)
    withMutableElements { x in
      other.withElements { y in
        Parallel.forEachRange(rows, grain: elementwiseGrain(columns: columns)) { range in
          for i in range.lowerBound * columns..<range.upperBound * columns { x[i] += y[i] }
        }
      }
    }
  }

  /// Adds a vector of `columns` elements to every row: a bias.
  public mutating func addToRows(_ bias: [Float]) {
    precondition(bias.count == columns, "\(bias.count) biases do not fit \(columns) columns")
    forEachRow { row, columns in
      for j in 0..<columns { row[j] += bias[j] }
    }
  }

  /// max(x, 0), element by element; NaN stays NaN.
  public mutating func applyReLU() {
    forEachRow { row, columns in
      for j in 0..<columns { row[j] = row[j] < 0 ? 0 : row[j] }
    }
  }

  /// x / (1 + e^-x) · y, element by element: the gated unit of LLaMA's MLP, `self` being the gate.
  public mutating func applySiLU(times up: Matrix) {
    precondition(rows == up.rows && columns == up.columns, "shapes differ")
    let (rows, columns) = (rows, columns)
    withMutableElements { gate in
      up.withElements { up in
        Parallel.forEachRange(rows, grain: elementwiseGrain(columns: columns)) { range in
          let start = range.lowerBound * columns
          let count = range.count * columns
          transformVectors(gate + start, count: count, padding: 0) { $0 / (1 + exponential(-$0)) }
          for i in start..<start + count { gate[i] *= up[i] }
        }
      }
    }
  }

  /// e^x / Σ e^x over every row, computed relative to the row's largest element.
  public mutating func applySoftmax() {
    forEachRow { row, columns in softmax(row, count: columns) }
  }

  /// Calls `body` for every row, in parallel.
  private mutating func forEachRow(_ body: (UnsafeMutablePointer<Float>, Int) -> Void) {
    let (rows, columns) = (rows, columns)
    withMutableElements { x in
      Parallel.forEachRange(rows, grain: elementwiseGrain(columns: columns)) { range in
        for i in range { body(x + i * columns, columns) }
      }
    }
  }
}

/// The largest of `count` elements; -infinity where there are none.
func maximum(_ values: UnsafePointer<Float>, count: Int) -> Float {
  largestLane(
    foldVectors(values, count: count, padding: -.infinity, into: FloatVector(repeating: -.infinity)) {
      $0.replace(with: $1, where: $1 .> $0)
    })
}

/// Replaces x by e^(x - shift) and returns the sum of the results.
func exponentiate(_ values: UnsafeMutablePointer<Float>, count: Int, minus shift: Float) -> Float {
  var sum = FloatVector.zero
  transformVectors(values, count: count, padding: -.infinity) {
    let power = exponential($0 - shift)
    sum += power
    return power
  }
  return sum.sum()
}

private func softmax(_ row: UnsafeMutablePointer<Float>, count: Int) {
  let sum = exponentiate(row, count: count, minus: maximum(row, count: count))
  for j in 0..<count { row[j] /= sum }
}

/// log Σ e^x over numbers that come in portions: what a log-softmax over a large vocabulary needs of each row.
package struct RunningLogSumExp: Sendable {
  private var largest = -Float.infinity
  /// Σ e^(x - largest) so far.
  private var sum = 0.0

  package init() {}

  /// Takes `count` numbers into account and overwrites them.
  package mutating func add(overwriting values: UnsafeMutablePointer<Float>, count: Int) {
    let newLargest = max(largest, maximum(values, count: count))
    if largest > -.infinity { sum *= Math.exp(Double(largest) - Double(newLargest)) }
    // Where there is nothing but -infinity, there is nothing to be relative to: -infinity less itself would be NaN.
    sum += Double(exponentiate(values, count: count, minus: newLargest > -.infinity ? newLargest : 0))
    largest = newLargest
  }

  package var value: Double { Double(largest) + Math.log(sum) }
}
