import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing

/// SparseGPT against its plain loops: one row after the other, one column after the other, in Double.
@Suite struct SparseGPTLoopTests {
  /// Rows on both sides of a whole tile of 32, columns on both sides of a whole block.
  static let sizes = [(1, 5), (31, 40), (32, 130), (33, 128), (65, 72), (64, 300)]
  static let patterns: [SparsityPattern] = [.unstructured(0), .unstructured(0.4), .unstructured(0.9), .unstructured(1)]
  static let groups: [SparsityPattern] = [.structured(keep: 2, of: 4), .structured(keep: 1, of: 5)]

  /// The weights after pruning, and half the squared errors; a weight that is zero stays zero.
  static func pruned(
    _ weight: Matrix, factor u: DoubleMatrix, _ pattern: SparsityPattern, blockSize: Int
  ) -> (weight: DoubleMatrix, loss: Double) {
    var w = DoubleMatrix(weight)
    var loss = 0.0
    let fixed = Set(
      (0..<weight.rows).flatMap { i in (0..<weight.columns).filter { weight[i, $0] == 0 }.map { [i, $0] } })
    // Before the cheapest of all others.
    func cost(_ i: Int, _ j: Int) -> Double {
      fixed.contains([i, j]) ? -1 : w[i, j] * w[i, j] / (u[j, j] * u[j, j])
    }
    func cheapest(_ count: Int, _ places: [(Int, Int)]) -> Set<[Int]> {
      Set(places.sorted { cost($0.0, $0.1) < cost($1.0, $1.1) }.prefix(count).map { [$0.0, $0.1] })
    }
    for start in stride(from: 0, to: w.columns, by: blockSize) {
      let block = start..<min(w.columns, start + blockSize)
      var mask = fixed
      if case .unstructured(let sparsity) = pattern {
        let places = (0..<w.rows).flatMap { i in block.map { (i, $0) } }
        mask = cheapest(Int(Double(places.count) * sparsity), places)
      }
      for j in block {
        for i in 0..<w.rows {
          if case .structured(let keep, let of) = pattern, j % of == 0 {
            mask.formUnion(cheapest(of - keep, (j..<j + of).map { (i, $0) }))
          }
          guard mask.contains([i, j]) else { continue }
          let error = w[i, j] / u[j, j]
          loss += 0.5 * error * error
          for k in j + 1..<max(w.columns, j + 1) { w[i, k] -= error * u[j, k] }
          w[i, j] = 0
        }
      }
    }
    return (w, loss)
  }

  private static let packingKernels = Kernel.allCases.filter { $0.isAvailable && $0 != .reference }

  /// Threads other than the caller's must run on the kernel that the caller has chosen.
  @Test(arguments: packingKernels)
  func isTheSameToTheBitOnAnyNumberOfThreads(_ kernel: Kernel) throws {
    let sums = statistics(correlatedInputs(400, 200, seed: 5), sequences: 2)
    let dense = Matrix.random(1000, 200, seed: 6)
    let results = try [1, 2, 7].map { threads in
      try Kernel.$current.withValue(kernel) {
        try Parallel.$threadCount.withValue(threads) {
          var weight = dense
          _ = try SparseGPTPruner().prune(&weight, given: sums, to: .unstructured(0.6), linear: "w")
          return weight.elements.map(\.bitPattern)
        }
      }
    }
    for other in results.dropFirst() {
      let isSame = other == results[0]
      #expect(isSame, "\(kernel)")
    }
  }

  @Test(arguments: sizes, patterns + groups)
  func agreesWithPlainLoops(_ size: (Int, Int), _ pattern: SparsityPattern) throws {
    try check(size, pattern, zeros: 0)
  }

  @Test("what was zero stays zero, and the others make up for it", arguments: sizes, patterns + groups)
  func zerosStay(_ size: (Int, Int), _ pattern: SparsityPattern) throws {
    for zeros in [0.1, 0.75] { try check(size, pattern, zeros: zeros) }
  }

  private func check(_ size: (Int, Int), _ pattern: SparsityPattern, zeros: Double) throws {
    let (rows, width) = size
    // Whole groups of the pattern, and blocks that are whole groups too.
    var (columns, blockSize) = (width, 128)
    if case .structured(_, let of) = pattern { (columns, blockSize) = (width / of * of, 16 * of) }
    let inputs = correlatedInputs(2 * columns, columns, seed: 5)
    let sums = statistics(inputs, sequences: 2)
    var dense = Matrix.random(rows, columns, seed: 6)
    var generator = SeededGenerator(seed: 7)
    for i in 0..<rows {
      for j in 0..<columns where Double(generator.below(1000)) < 1000 * zeros { dense[i, j] = 0 }
    }
    var weight = dense
    let outcome = try SparseGPTPruner(blockSize: blockSize).prune(&weight, given: sums, to: pattern, linear: "w")

    // Twice the mean over two sequences: the sum itself.
    var hessian = try #require(sums.gram)
    let mean = (0..<columns).reduce(0.0) { $0 + Double(hessian[$1, $1]) } / Double(columns)
    for j in 0..<columns { hessian[j, j] += Float(0.01 * mean) }
    let factor = DoubleMatrix(try Cholesky.upperFactorOfInverse(hessian))
    let expected = Self.pruned(dense, factor: factor, pattern, blockSize: blockSize)
    #expect(weight.zeros == expected.weight.elements.map { $0 == 0 ? 1 : 0 })
    if zeros == 0 { #expect(outcome.prunedCount == weight.zeroCount) }
    #expect(zip(dense.elements, weight.elements).allSatisfy { $0 != 0 || $1 == 0 })
    #expect(largestDifference(weight.elements, expected.weight.elements.map(Float.init)) < 1e-4)
    #expect(abs((outcome.loss ?? -1) - expected.loss) <= 1e-4 * expected.loss)
  }
}
