import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// Widths around the lanes of every vector.
private let oddWidths = [1, 3, 4, 7, 15, 16, 17, 33]

/// Gradients of rows and elements against central differences of the definition in Double.
///
/// The loss is Σ direction · output, so that the direction is the gradient at the outputs. What is found may be off by 1e-5 of the
/// largest: a few dozen roundings of 6e-8, and what cancels.
@Suite struct GradientTests {
  private static let rows = 5

  /// The gradient of Σ direction · f(row) for all rows, one after the other.
  private static func expected(
    _ x: Matrix, _ direction: Matrix, group: Int, _ f: ([Double]) -> [Double]
  ) -> [Double] {
    let (x, direction) = (x.elements.map(Double.init), direction.elements.map(Double.init))
    var gradient: [Double] = []
    for start in stride(from: 0, to: x.count, by: group) {
      let own = Array(direction[start..<start + group])
      gradient += centralDifferences(Array(x[start..<start + group])) { row in
        zip(f(row), own).reduce(0.0) { $0 + $1.0 * $1.1 }
      }
    }
    return gradient
  }

  @Test("RMSNorm, of rows and of heads", arguments: oddWidths, availableKernels)
  func rms(width: Int, kernel: Kernel) {
    let weight = Matrix.random(1, width, seed: 3).elements
    for heads in [1, 3] {
      let x = Matrix.random(Self.rows, heads * width, seed: 1, scale: 2)
      let direction = Matrix.random(Self.rows, heads * width, seed: 2)
      let expected = Self.expected(x, direction, group: width) { row in
        let factor = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-2).squareRoot()
        return zip(row, weight).map { $0 * factor * Double($1) }
      }
      var gradient = direction
      Kernel.$current.withValue(kernel) { gradient.backpropagateRMSNorm(at: x, weight: weight, epsilon: 1e-2) }
      #expect(largestRelativeDifference(gradient.elements.map(Double.init), expected) <= 1e-5, "\(heads) heads")
    }
  }

  @Test("LayerNorm", arguments: oddWidths, availableKernels)
  func layer(width: Int, kernel: Kernel) {
    let weight = Matrix.random(1, width, seed: 3).elements
    var x = Matrix.random(Self.rows, width, seed: 1, scale: 2)
    x.addToRows(Array(repeating: 3, count: width))
    let direction = Matrix.random(Self.rows, width, seed: 2)
    let expected = Self.expected(x, direction, group: width) { row in
      let mean = row.reduce(0, +) / Double(width)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      return zip(row, weight).map { ($0 - mean) / (variance + 1e-2).squareRoot() * Double($1) }
    }
    var gradient = direction
    Kernel.$current.withValue(kernel) { gradient.backpropagateLayerNorm(at: x, weight: weight, epsilon: 1e-2) }
    // One column is its own mean: nothing depends on it, up to the roundings of what cancels.
    let found = gradient.elements.map(Double.init)
    if width == 1 {
      #expect(found.allSatisfy { $0 == 0 })
    } else {
      #expect(largestRelativeDifference(found, expected) <= 1e-5)
    }
  }

  @Test("SiLU times a factor, at both", arguments: oddWidths, availableKernels)
  func siLU(width: Int, kernel: Kernel) {
    for scale: Float in [0.1, 2, 30] {
      let gate = Matrix.random(Self.rows, width, seed: 1, scale: scale)
      let up = Matrix.random(Self.rows, width, seed: 2)
      let direction = Matrix.random(Self.rows, width, seed: 3)
      let (a, b) = (gate.elements.map(Double.init), up.elements.map(Double.init))
      let g = direction.elements.map(Double.init)
      func loss(_ a: [Double], _ b: [Double]) -> Double {
        a.indices.reduce(0) { $0 + g[$1] * a[$1] / (1 + exp(-a[$1])) * b[$1] }
      }
      var (atGate, atUp) = (gate, up)
      Kernel.$current.withValue(kernel) { atGate.backpropagateSiLU(times: &atUp, gradient: direction) }
      let expected = (centralDifferences(a) { loss($0, b) }, centralDifferences(b) { loss(a, $0) })
      #expect(largestRelativeDifference(atGate.elements.map(Double.init), expected.0) <= 1e-5, "gate, \(scale)")
      #expect(largestRelativeDifference(atUp.elements.map(Double.init), expected.1) <= 1e-5, "up, \(scale)")
    }
  }

  @Test("Where SiLU is flat its gradient is 0 or the factor's, never NaN")
  func extremeSiLU() {
    var gate = Matrix(rows: 1, columns: 4, elements: [-1000, -90, 90, 1000])
    var up = Matrix(rows: 1, columns: 4, elements: [2, 2, 2, 2])
    gate.backpropagateSiLU(times: &up, gradient: Matrix(rows: 1, columns: 4, elements: [1, 1, 1, 1]))
    #expect(zip(gate.elements, [0, 0, 2, 2]).allSatisfy { abs($0 - $1) < 1e-30 })
    #expect(zip(up.elements, [0, 0, 90, 1000]).allSatisfy { abs($0 - $1) < 1e-30 })
  }

  @Test("ReLU lets through where its output is positive", arguments: oddWidths, availableKernels)
  func reLU(width: Int, kernel: Kernel) {
    var outputs = Matrix.random(Self.rows, width, seed: 1)
    outputs[0, 0] = -0.0
    outputs.applyReLU()
    let direction = Matrix.random(Self.rows, width, seed: 2)
    var gradient = direction
    Kernel.$current.withValue(kernel) { gradient.backpropagateReLU(outputs: outputs) }
    #expect(gradient.elements == zip(direction.elements, outputs.elements).map { $1 > 0 ? $0 : 0 })
  }

  @Test("All are the same to the bit on any number of threads")
  func threads() {
    let (x, y, g) = (
      Matrix.random(700, 132, seed: 9), Matrix.random(700, 132, seed: 10), Matrix.random(700, 132, seed: 11)
    )
    let weight = y.rows(0..<1).elements
    let results = threadCounts.map { count in
      Parallel.$threadCount.withValue(count) {
        var (rms, heads, layer, gate, up, reLU) = (g, g, g, x, y, g)
        rms.backpropagateRMSNorm(at: x, weight: weight, epsilon: 1e-5)
        heads.backpropagateRMSNorm(at: x, weight: Array(weight.prefix(44)), epsilon: 1e-5)
        layer.backpropagateLayerNorm(at: x, weight: weight, epsilon: 1e-5)
        gate.backpropagateSiLU(times: &up, gradient: g)
        reLU.backpropagateReLU(outputs: x)
        return [rms, heads, layer, gate, up, reLU].map(\.bits)
      }
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
  }
}

/// Products with a stored weight that is not transposed: from the gradient at a linear's outputs to that at its inputs.
@Suite struct StoredProductTests {
  @Test("A · B with B as stored", arguments: ElementType.allCases, availableKernels)
  func product(type: ElementType, kernel: Kernel) {
    for (rows, depth, columns) in [(1, 1, 1), (5, 7, 3), (33, 40, 65), (70, 300, 129), (3, 0, 4)] {
      Kernel.$current.withValue(kernel) {
        let a = Matrix.random(rows, depth, seed: 1)
        let b = StoredMatrix(Matrix.random(depth, columns, seed: 2), as: type)
        let c = Matrix.random(rows, columns, seed: 3)
        let (exactA, exactB) = (DoubleMatrix(a), DoubleMatrix(b.widened()))
        poisonHeap(floats: rows * columns)
        #expect(ExactProduct(exactA, exactB).excess(of: matmul(a, b)) <= 1)
        for weight in [b, b.packed()] {
          var sum = c
          sum.addProduct(a, weight)
          #expect(ExactProduct(exactA, exactB, addedTo: DoubleMatrix(c)).excess(of: sum) <= 1)
        }
        // In parts, as the chunks of a vocabulary.
        var parts = c
        for range in [0..<depth / 3, depth / 3..<depth] {
          parts.addProduct(a.block(rows: 0..<rows, columns: range), b, rows: range)
        }
        #expect(ExactProduct(exactA, exactB, addedTo: DoubleMatrix(c)).excess(of: parts) <= 1)
      }
    }
  }
}
