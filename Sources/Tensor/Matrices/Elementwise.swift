import KernelTemplate
import Support

/// Rows that one task of an element-wise operation takes: enough to pay for handing it out.
func elementwiseGrain(columns: Int) -> Int { max(1, (1 << 14) / max(columns, 1)) }

extension Matrix {
  /// Adds another matrix of the same shape, element by element: a residual connection.
  public mutating func add(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "shapes differ")
    other.withElements { y in
      forEachRows { x, range, columns, instructions in
        instructions.add(y + range.lowerBound * columns, count: range.count * columns, to: x)
      }
    }
  }

  /// Adds a vector of `columns` elements to every row: a bias.
  public mutating func addToRows(_ bias: [Float]) {
    precondition(bias.count == columns, "\(bias.count) biases do not fit \(columns) columns")
    bias.withUnsafeBufferPointer { bias in
      guard let bias = bias.baseAddress else { return }
      forEachRows { x, range, columns, instructions in
        for i in 0..<range.count { instructions.add(bias, count: columns, to: x + i * columns) }
      }
    }
  }

  /// max(x, 0), element by element; NaN stays NaN.
  public mutating func applyReLU() {
    forEachRows { x, range, columns, instructions in instructions.clampNegative(x, count: range.count * columns) }
  }

  /// x / (1 + e^-x) · y, element by element: the gated unit of LLaMA's MLP, `self` being the gate.
  public mutating func applySiLU(times up: Matrix) {
    precondition(rows == up.rows && columns == up.columns, "shapes differ")
    up.withElements { up in
      forEachRows { gate, range, columns, instructions in
        instructions.gatedSiLU(gate: gate, up: up + range.lowerBound * columns, count: range.count * columns)
      }
    }
  }

  /// e^x / Σ e^x over every row, computed relative to the row's largest element.
  public mutating func applySoftmax() {
    forEachRows { x, range, columns, instructions in
      for i in 0..<range.count { softmax(x + i * columns, count: columns, instructions) }
    }
  }

  /// Adds Σ x² down each column to the sum of that column.
  ///
  /// Row by row, so that a matrix in parts adds up to the same numbers; in Double, where a square is exact.
  package func addSquares(to sums: inout [Double]) {
    precondition(sums.count == columns, "\(sums.count) sums do not fit \(columns) columns")
    let instructions = Kernel.current.instructions
    withView { x in
      sums.withUnsafeMutableBufferPointer { sums in
        guard let sums = sums.baseAddress else { return }
        // The kernels take 32 columns at a time.
        Parallel.forEachRange((columns + 31) / 32, grain: 4) { range in
          let own = 32 * range.lowerBound..<min(columns, 32 * range.upperBound)
          instructions.addSquares(of: x.part(rows: 0..<x.rows, columns: own), to: sums + own.lowerBound)
        }
      }
    }
  }

  /// Calls `body` for consecutive rows, in parallel, with the first of them.
  ///
  /// `(rows.count, columns)` elements, and the kernel to use.
  package mutating func forEachRows(
    _ body: (UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ columns: Int, any InstructionSet.Type) -> Void
  ) {
    let (rows, columns) = (rows, columns)
    let instructions = Kernel.current.instructions
    withMutableElements { x in
      Parallel.forEachRange(rows, grain: elementwiseGrain(columns: columns)) { range in
        body(x + range.lowerBound * columns, range, columns, instructions)
      }
    }
  }
}

/// e^x / Σ e^x over `count` numbers, in place; returns the largest x and Σ e^(x - largest).
@discardableResult
func softmax(
  _ row: UnsafeMutablePointer<Float>, count: Int, _ instructions: any InstructionSet.Type
) -> (largest: Float, sum: Float) {
  let largest = instructions.maximum(row, count: count)
  let sum = instructions.exponentiate(row, count: count, minus: largest)
  instructions.scale(row, count: count, by: 1 / sum)
  return (largest, sum)
}

/// log Σ e^x over numbers that come in portions: what a log-softmax over a large vocabulary needs of each row.
package struct RunningLogSumExp: Sendable {
  private var largest = -Float.infinity
  /// Σ e^(x - largest) so far.
  package private(set) var sum = 0.0

  package init() {}

  /// Takes `count` numbers into account and overwrites them by e^(x - largest so far).
  ///
  /// - Returns: by what e^(x - largest) of earlier numbers must be multiplied to be relative to the new largest.
  @discardableResult
  package mutating func add(
    overwriting values: UnsafeMutablePointer<Float>, count: Int,
    with instructions: any InstructionSet.Type
  ) -> Double {
    let newLargest = max(largest, instructions.maximum(values, count: count))
    let correction = largest > -.infinity ? Math.exp(Double(largest) - Double(newLargest)) : 1
    sum *= correction
    // Where there is nothing but -infinity, there is nothing to be relative to: -infinity less itself would be NaN.
    let shift = newLargest > -.infinity ? newLargest : 0
    sum += Double(instructions.exponentiate(values, count: count, minus: shift))
    largest = newLargest
    return correction
  }

  package var value: Double { Double(largest) + Math.log(sum) }
}
