import Foundation
import Support
import Tensor
import TestSupport
import Testing

/// Widths around the sixteen lanes.
private let oddWidths = [1, 3, 15, 16, 17, 100]

@Suite struct ElementwiseTests {
  @Test("The rows of a softmax are e^x / Σ e^x and sum to 1", arguments: oddWidths)
  func softmax(width: Int) {
    for scale: Float in [1, 10, 60] {
      let x = Matrix.random(37, width, seed: 3, scale: scale)
      var y = x
      y.applySoftmax()
      for i in 0..<37 {
        let row = (0..<width).map { Double(x[i, $0]) }
        let largest = row.max() ?? 0
        let powers = row.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        // 2 ulp (4 u) each for the power and the sum's powers, a rounding of x - max, of each addition and of the quotient.
        let roundings = Double(width + 12)
        for j in 0..<width {
          let distance = largest - row[j]
          let exact = powers[j] / sum
          // Below -87.3 the power is zero.
          let bound = (roundings + 2 * distance) * unitRoundoff * exact + exp(-87.3)
          #expect((Double(y[i, j]) - exact).magnitude <= bound, "row \(i), column \(j)")
        }
        let total = (0..<width).reduce(0.0) { $0 + Double(y[i, $1]) }
        #expect((total - 1).magnitude <= Double(width + 4) * unitRoundoff)
      }
    }
  }

  @Test("A softmax of very large numbers stays finite, -infinity has no share, and NaN stays in its row")
  func extremeSoftmax() {
    var x = Matrix(rows: 3, columns: 3, elements: [3e38, 3e38, -3e38, 1, -.infinity, 1, .nan, 0, 0])
    x.applySoftmax()
    #expect(x.rows(0..<2).elements == [0.5, 0.5, 0, 0.5, 0, 0.5])
    #expect(x.rows(2..<3).elements.allSatisfy { $0.isNaN })
  }

  @Test("SiLU times a factor is x / (1 + e^-x) · y", arguments: oddWidths)
  func siLU(width: Int) {
    for scale: Float in [0.01, 1, 20, 100] {
      let x = Matrix.random(37, width, seed: 4, scale: scale)
      let y = Matrix.random(37, width, seed: 5)
      var z = x
      z.applySiLU(times: y)
      for (index, found) in z.elements.enumerated() {
        let (a, b) = (Double(x.elements[index]), Double(y.elements[index]))
        let exact = a / (1 + exp(-a)) * b
        // 2 ulp of the power, then a sum, a quotient and a product; below -88.3 the power stops growing.
        let bound = 8 * unitRoundoff * exact.magnitude + 1e-35 * b.magnitude
        #expect((Double(found) - exact).magnitude <= bound, "silu(\(a)) · \(b)")
      }
    }
  }

  @Test("ReLU keeps what is positive, and a NaN remains to be seen", arguments: oddWidths)
  func reLU(width: Int) {
    var x = Matrix.random(29, width, seed: 6)
    x[0, 0] = .nan
    x[1, 0] = .infinity
    x[2, 0] = -.infinity
    x[3, 0] = -0.0
    let before = x
    x.applyReLU()
    for (index, value) in before.elements.enumerated() where !value.isNaN {
      #expect(x.elements[index] == max(value, 0))
    }
    #expect(x[0, 0].isNaN)
  }

  @Test("Adding a matrix and adding a bias to every row are exact single additions", arguments: oddWidths)
  func additions(width: Int) {
    let x = Matrix.random(40, width, seed: 7)
    let y = Matrix.random(40, width, seed: 8)
    var sum = x
    sum.add(y)
    #expect(sum.elements == zip(x.elements, y.elements).map { $0 + $1 })
    let bias = y.rows(0..<1).elements
    var shifted = x
    shifted.addToRows(bias)
    #expect(shifted.elements == x.elements.enumerated().map { $1 + bias[$0 % width] })
  }

  @Test(
    "Multiples, row by row or column by column, and products of rows, as plain loops have them", arguments: oddWidths)
  func multiples(width: Int) {
    let x = Matrix.random(40, width, seed: 9)
    let y = Matrix.random(40, width, seed: 10)
    let (rows, columns) = (Matrix.random(1, 40, seed: 11).elements, Matrix.random(1, width, seed: 12).elements)
    /// The same to a rounding: a product may be rounded before it is added, or not.
    func check(_ change: (inout Matrix) -> Void, _ expected: (_ i: Int, _ j: Int) -> Double) {
      var result = x
      change(&result)
      for i in 0..<40 {
        for j in 0..<width {
          let size = Double(x[i, j].magnitude) + Double(y[i, j].magnitude) * 4
          #expect(abs(Double(result[i, j]) - expected(i, j)) <= 0x1p-23 * size)
        }
      }
    }
    check({ $0.add(y, times: -0.5) }) { Double(x[$0, $1]) - 0.5 * Double(y[$0, $1]) }
    check({ $0.addRows(of: y, times: rows) }) { Double(x[$0, $1]) + Double(rows[$0]) * Double(y[$0, $1]) }
    var scaled = x
    scaled.multiplyColumns(by: columns)
    #expect(scaled.elements == x.elements.enumerated().map { $1 * columns[$0 % width] })
    scaled.copy(y)
    #expect(scaled == y)
    scaled.scaleRows(by: rows.map(Double.init))
    #expect(scaled.elements == y.elements.enumerated().map { $1 * rows[$0 / width] })
    #expect(
      x.rowProducts(with: y)
        == (0..<40).map { i in (0..<width).reduce(0.0) { $0 + Double(x[i, $1]) * Double(y[i, $1]) } })
  }

  @Test(
    "Squares are summed down the columns row by row: in parts, on any number of threads and on every kernel the same",
    arguments: availableKernels)
  func squares(kernel: Kernel) {
    for width in [1, 31, 32, 33, 100, 300] {
      let x = Matrix.random(41, width, seed: 15)
      var expected = [Double](repeating: 0.5, count: width)
      for i in 0..<41 { for j in 0..<width { expected[j] += Double(x[i, j]) * Double(x[i, j]) } }
      for threads in threadCounts {
        var sums = [Double](repeating: 0.5, count: width)
        Kernel.$current.withValue(kernel) {
          Parallel.$threadCount.withValue(threads) {
            for rows in [0..<13, 13..<13, 13..<41] { x.rows(rows).addSquares(to: &sums) }
          }
        }
        #expect(sums == expected, "\(width) columns, \(threads) threads")
      }
    }
  }

  @Test("Element-wise work is the same to the bit on any number of threads")
  func threads() {
    let x = Matrix.random(700, 133, seed: 9)
    let y = Matrix.random(700, 133, seed: 10)
    let results = threadCounts.map { count in
      Parallel.$threadCount.withValue(count) {
        var gated = x
        gated.applySiLU(times: y)
        var shares = x
        shares.applySoftmax()
        let weight = y.rows(0..<1).elements
        return [
          gated.bits, shares.bits, x.rmsNormalized(weight: weight, epsilon: 1e-5).bits,
          x.layerNormalized(weight: weight, bias: weight, epsilon: 1e-5).bits,
        ]
      }
    }
    for other in results.dropFirst() { #expect(other == results[0]) }
  }

  @Test("Matrices without rows or without columns pass through every operation")
  func empty() {
    for (rows, columns) in [(0, 5), (5, 0), (0, 0)] {
      var x = Matrix(rows: rows, columns: columns)
      x.applyReLU()
      x.applySoftmax()
      x.applySiLU(times: x)
      x.add(x)
      let weight = [Float](repeating: 1, count: columns)
      x.addToRows(weight)
      #expect(x.rmsNormalized(weight: weight, epsilon: 1e-5) == x)
      #expect(x.layerNormalized(weight: weight, bias: weight, epsilon: 1e-5) == x)
    }
  }
}

@Suite struct NormalizationTests {
  @Test("RMSNorm is x / sqrt(mean(x²) + epsilon) · weight", arguments: oddWidths)
  func rms(width: Int) {
    for scale: Float in [1e-4, 1, 1e4] {
      let x = Matrix.random(23, width, seed: 11, scale: scale)
      let weight = Matrix.random(1, width, seed: 12).elements
      let y = x.rmsNormalized(weight: weight, epsilon: 1e-5)
      for i in 0..<23 {
        let row = (0..<width).map { Double(x[i, $0]) }
        let squares = row.reduce(0) { $0 + $1 * $1 }
        let factor = 1 / (squares / Double(width) + Double(1e-5 as Float)).squareRoot()
        for j in 0..<width {
          let exact = row[j] * factor * Double(weight[j])
          // The sum of squares has at most `width` roundings, and the root halves them; then a handful.
          let bound = (Double(width) / 2 + 8) * unitRoundoff * exact.magnitude
          #expect((Double(y[i, j]) - exact).magnitude <= bound, "row \(i), column \(j)")
        }
      }
    }
  }

  @Test("RMSNorm of groups of columns is that of the rows they would be", arguments: oddWidths)
  func rmsOfGroups(width: Int) {
    let weight = Matrix.random(1, width, seed: 12).elements
    for kernel in availableKernels {
      for (rows, groups) in [(23, 1), (7, 5), (0, 3), (700, 2)] {
        Kernel.$current.withValue(kernel) {
          let x = Matrix.random(rows, groups * width, seed: 11)
          let apart = Matrix(rows: rows * groups, columns: width, elements: x.elements)
          var y = x
          y.applyRMSNorm(weight: weight, epsilon: 1e-5)
          #expect(y.rows == rows && y.columns == groups * width)
          #expect(y.elements == apart.rmsNormalized(weight: weight, epsilon: 1e-5).elements)
        }
      }
    }
  }

  @Test("LayerNorm is (x - mean) / sqrt(variance + epsilon) · weight + bias", arguments: oddWidths)
  func layer(width: Int) {
    for (scale, shift) in [(1e-2, 0.0), (1, 5), (100, -1000)] as [(Float, Float)] {
      var x = Matrix.random(23, width, seed: 13, scale: scale)
      x.addToRows(Array(repeating: shift, count: width))
      let weight = Matrix.random(1, width, seed: 14).elements
      let bias = Matrix.random(1, width, seed: 15).elements
      let y = x.layerNormalized(weight: weight, bias: bias, epsilon: 1e-5)
      for i in 0..<23 {
        let row = (0..<width).map { Double(x[i, $0]) }
        let mean = row.reduce(0, +) / Double(width)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        let factor = 1 / (variance + Double(1e-5 as Float)).squareRoot()
        // The mean's error moves every distance from it by as much, and the variance by twice that.
        let meanError = Double(width + 2) * unitRoundoff * row.reduce(0) { $0 + $1.magnitude } / Double(width)
        let relative = Double(width + 8) * unitRoundoff + 2 * meanError * factor
        for j in 0..<width {
          let normal = (row[j] - mean) * factor
          let weighted = normal.magnitude * relative + 2 * meanError * factor
          let exact = normal * Double(weight[j]) + Double(bias[j])
          let bound = weighted * Double(weight[j]).magnitude + 4 * unitRoundoff * (exact.magnitude + 1)
          #expect((Double(y[i, j]) - exact).magnitude <= bound, "row \(i), column \(j)")
        }
      }
    }
  }
}
