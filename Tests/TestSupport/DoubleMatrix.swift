import Tensor

/// A dense row-major matrix of Double: what results in Float are compared with.
package struct DoubleMatrix {
  package let rows: Int
  package let columns: Int
  package var elements: [Double]

  package init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    elements = Array(repeating: 0, count: rows * columns)
  }

  package init(_ matrix: Matrix) {
    self.init(rows: matrix.rows, columns: matrix.columns)
    elements = matrix.elements.map(Double.init)
  }

  package static func identity(_ count: Int) -> DoubleMatrix {
    var result = DoubleMatrix(rows: count, columns: count)
    for i in 0..<count { result[i, i] = 1 }
    return result
  }

  package subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  package var transposed: DoubleMatrix {
    var result = DoubleMatrix(rows: columns, columns: rows)
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }

  /// Absolute values, element by element.
  package var magnitude: DoubleMatrix { mapped(\.magnitude) }

  /// The root of the sum of squares.
  package var frobeniusNorm: Double { elements.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  package func mapped(_ body: (Double) -> Double) -> DoubleMatrix {
    var result = self
    result.elements = elements.map(body)
    return result
  }

  package static func * (a: DoubleMatrix, b: DoubleMatrix) -> DoubleMatrix {
    precondition(a.columns == b.rows)
    var result = DoubleMatrix(rows: a.rows, columns: b.columns)
    let width = b.columns
    result.elements.withUnsafeMutableBufferPointer { c in
      b.elements.withUnsafeBufferPointer { b in
        for i in 0..<a.rows {
          for p in 0..<a.columns {
            let factor = a.elements[i * a.columns + p]
            for j in 0..<width { c[i * width + j] += factor * b[p * width + j] }
          }
        }
      }
    }
    return result
  }

  package static func + (a: DoubleMatrix, b: DoubleMatrix) -> DoubleMatrix {
    precondition(a.rows == b.rows && a.columns == b.columns)
    var result = a
    for i in a.elements.indices { result.elements[i] += b.elements[i] }
    return result
  }

  package static func - (a: DoubleMatrix, b: DoubleMatrix) -> DoubleMatrix { a + b.mapped { -$0 } }
}

/// The unit roundoff of Float.
package let unitRoundoff = 0x1p-24

/// The largest quotient of |found - expected| and its bound; infinite where a found element is not finite, the shapes differ,
/// or a difference meets the bound 0.
package func largestExcess(_ found: Matrix, _ expected: DoubleMatrix, bound: DoubleMatrix) -> Double {
  guard found.rows == expected.rows, found.columns == expected.columns else { return .infinity }
  return largestExcess(found.elements.map(Double.init), expected.elements, bound: bound.elements)
}

/// The same for sequences of numbers.
package func largestExcess(_ found: [Double], _ expected: [Double], bound: [Double]) -> Double {
  guard found.count == expected.count, found.count == bound.count else { return .infinity }
  var largest = 0.0
  for i in found.indices {
    guard found[i].isFinite else { return .infinity }
    let distance = (found[i] - expected[i]).magnitude
    if distance > 0 { largest = max(largest, bound[i] > 0 ? distance / bound[i] : .infinity) }
  }
  return largest
}
