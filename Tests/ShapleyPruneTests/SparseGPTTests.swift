import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing

/// SparseGPT: its Hessian, its loss and its update, against direct computations in Double.
@Suite struct SparseGPTTests {
  /// 2/n XᵀX, undamped, in Double.
  static func hessian(_ inputs: Matrix, sequences: Int) -> [[Double]] {
    let x = inputs.elements.map(Double.init)
    let n = inputs.columns
    var result = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    for token in 0..<inputs.rows {
      for i in 0..<n {
        let factor = 2 / Double(sequences) * x[token * n + i]
        for j in 0..<n { result[i][j] += factor * x[token * n + j] }
      }
    }
    return result
  }

  /// tr(D H Dᵀ) for the difference D of two weights.
  static func trace(_ a: Matrix, _ b: Matrix, _ hessian: [[Double]]) -> Double {
    let n = a.columns
    let difference = zip(a.elements, b.elements).map { Double($0) - Double($1) }
    var sum = 0.0
    for row in 0..<a.rows {
      let d = difference[row * n..<(row + 1) * n]
      for (i, x) in d.enumerated() where x != 0 {
        sum += x * zip(hessian[i], d).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    return sum
  }

  /// With D = E U for the errors E, and U H Uᵀ = 1, half the squared errors are half of tr(D H Dᵀ), H being damped: whatever the
  /// mask is and however it was chosen.
  @Test(arguments: [SparsityPattern.unstructured(0.5), .unstructured(0.9), .structured(keep: 2, of: 4)])
  func lossIsTheSquaredErrorUnderTheDampedHessian(_ pattern: SparsityPattern) throws {
    let sequences = 4
    let inputs = correlatedInputs(600, 200, seed: 20)
    let dense = Matrix.random(12, 200, seed: 21)
    var weight = dense
    let outcome = try SparseGPTPruner().prune(
      &weight, given: statistics(inputs, sequences: sequences), to: pattern, linear: "w")
    #expect(outcome.dampening == 0.01)
    let hessian = Self.hessian(inputs, sequences: sequences)
    let mean = hessian.indices.reduce(0) { $0 + hessian[$1][$1] } / 200
    var damped = hessian
    for j in damped.indices { damped[j][j] += 0.01 * mean }
    let loss = try #require(outcome.loss)
    let direct = 0.5 * Self.trace(dense, weight, damped)
    #expect(abs(loss - direct) <= 1e-4 * direct, "\(loss) and \(direct)")
    // Without the dampening the error is smaller: the loss is a bound for ‖X(W - W')ᵀ‖² / n.
    let outputs = matmul(inputs, transposed: dense.minus(weight)).squaredNorm
    #expect(outputs / Double(sequences) <= loss)
    #expect(outputs / Double(sequences) > 0.5 * loss)
  }

  @Test func firstOfTwoColumnsByHand() throws {
    // H = 2 [[5, 2], [2, 1.25]]: the small weight goes, and the other becomes w1 + w0 H01 / (H11 + damping).
    let inputs = Matrix(rows: 2, columns: 2, elements: [1, 1, 2, 0.5])
    var weight = Matrix(rows: 1, columns: 2, elements: [0.1, 1])
    let outcome = try SparseGPTPruner().prune(&weight, given: statistics(inputs), to: .unstructured(0.5), linear: "w")
    let (h00, h01, h11) = (2 * 5.0, 2 * 2.0, 2 * 1.25)
    let damping = 0.01 * (h00 + h11) / 2
    #expect(weight[0, 0] == 0)
    #expect(abs(Double(weight[0, 1]) - (1 + 0.1 * h01 / (h11 + damping))) < 1e-6)
    // Half of w0² over the first diagonal element of the inverse Hessian.
    let inverse = 1 / (h00 + damping - h01 * h01 / (h11 + damping))
    #expect(abs((outcome.loss ?? 0) - 0.5 * 0.01 / inverse) < 1e-6)
  }

  @Test(arguments: [SparsityPattern.unstructured(0.5), .unstructured(0.7), .structured(keep: 2, of: 4)])
  func errorOfTheOutputsIsSmallerThanWithOtherMethods(_ pattern: SparsityPattern) throws {
    let inputs = correlatedInputs(800, 256, seed: 30)
    let dense = Matrix.random(32, 256, seed: 31)
    let sums = statistics(inputs)
    var errors: [String: Double] = [:]
    for pruner in allPruners {
      var weight = dense
      _ = try pruner.prune(&weight, given: sums, to: pattern, linear: "w")
      errors[pruner.name] = matmul(inputs, transposed: weight.minus(dense)).squaredNorm
    }
    let (magnitude, wanda, sparseGPT) = (errors["magnitude"] ?? 0, errors["wanda"] ?? 0, errors["sparsegpt"] ?? 1)
    #expect(sparseGPT < 0.5 * wanda && wanda < magnitude, "\(errors)")
  }

  @Test("Wanda counts inputs that are always zero, and magnitude, which sees no inputs, counts none")
  func deadInputsOfOtherMethods() throws {
    var inputs = correlatedInputs(300, 140, seed: 40)
    for token in 0..<300 { for j in [0, 77, 139] { inputs[token, j] = 0 } }
    for sparsity in [0, 0.25] {
      for (pruner, count) in [(WandaPruner(), 3), (MagnitudePruner(), nil)] as [(any Pruner, Int?)] {
        var weight = Matrix.random(5, 140, seed: 41)
        let outcome = try pruner.prune(
          &weight, given: statistics(inputs), to: .unstructured(sparsity), linear: "w")
        #expect(outcome.deadInputs == count)
      }
    }
  }

  @Test("Case 52: inputs that are always zero: their weights go, and are counted") func inputsThatAreAlwaysZeroAreDead()
    throws
  {
    var inputs = correlatedInputs(300, 140, seed: 40)
    for token in 0..<300 { for j in [0, 77, 139] { inputs[token, j] = 0 } }
    let dense = Matrix.random(5, 140, seed: 41)
    for pattern in [SparsityPattern.unstructured(0.25), .structured(keep: 2, of: 4)] {
      var weight = dense
      let outcome = try SparseGPTPruner().prune(&weight, given: statistics(inputs), to: pattern, linear: "w")
      #expect(outcome.deadInputs == 3)
      for row in 0..<5 { for j in [0, 77, 139] { #expect(weight[row, j] == 0) } }
      #expect(weight.isFinite)
    }
  }

  @Test("Weights whose squares underflow are no more than what is asked for", arguments: [0.1, 0.5, 0.6])
  func underflow(sparsity: Double) throws {
    let inputs = correlatedInputs(300, 96, seed: 60)
    var weight = Matrix.random(40, 96, seed: 61)
    for row in 0..<40 { for j in stride(from: row % 2, to: 96, by: 2) { weight[row, j] *= 1e-24 } }
    let outcome = try SparseGPTPruner().prune(
      &weight, given: statistics(inputs), to: .unstructured(sparsity), linear: "w")
    #expect(outcome.prunedCount == Int(sparsity * 40 * 96))
    #expect(weight.zeroCount == outcome.prunedCount)
  }

  @Test func fewerTokensThanInputs() throws {
    let inputs = Matrix.random(8, 96, seed: 50)
    let dense = Matrix.random(4, 96, seed: 51)
    var weight = dense
    let outcome = try SparseGPTPruner().prune(&weight, given: statistics(inputs), to: .unstructured(0.5), linear: "w")
    #expect(outcome.dampening == 0.01)
    #expect(weight.zeroCount == 192)
    #expect(weight.isFinite)
    // 48 weights are free for 8 equations, but only those behind a pruned one move.
    func error(_ weight: Matrix) -> Double { matmul(inputs, transposed: weight.minus(dense)).squaredNorm }
    var wanda = dense
    _ = try WandaPruner().prune(&wanda, given: statistics(inputs), to: .unstructured(0.5), linear: "w")
    #expect(error(weight) < 0.1 * error(wanda))
  }

  @Test func dampeningIsRaisedWhereItDoesNotSuffice() throws {
    // Two columns are the same, and all sums are exact: without dampening the second pivot is zero.
    let inputs = Matrix(rows: 4, columns: 4, elements: [1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
    for (given, taken) in [(0, 0.001), (-0.5, 0.001), (0.02, 0.02)] {
      var weight = Matrix(rows: 2, columns: 4, elements: [1, 2, 3, 4, 4, 3, 2, 1])
      let outcome = try SparseGPTPruner(dampening: given).prune(
        &weight, given: statistics(inputs), to: .unstructured(0.5), linear: "w")
      #expect(abs((outcome.dampening ?? 0) - taken) < 1e-12)
      #expect(weight.isFinite && weight.zeroCount == 4)
    }
  }

  @Test func hessianThatNoDampeningRepairs() throws {
    let inputs = Matrix.random(40, 6, seed: 60)
    var weight = Matrix.random(2, 6, seed: 61)
    let error = try thrown(PruningError.self) {
      try SparseGPTPruner(dampening: .nan).prune(
        &weight, given: statistics(inputs), to: .unstructured(0.5), linear: "layers.3.fc2.weight")
    }
    #expect(error.description.contains("layers.3.fc2.weight"))
    #expect(error.failureKind == .badData)
  }

  /// The mask of N:M is chosen group by group with all updates made, so blocks only change the order of the sums. (Without a
  /// pattern a block has a threshold of its own, so its size matters.)
  @Test func structuredMasksDoNotDependOnTheBlockSize() throws {
    let sums = statistics(correlatedInputs(600, 256, seed: 70))
    func pruned(_ blockSize: Int) throws -> Matrix {
      var weight = Matrix.random(16, 256, seed: 71)
      _ = try SparseGPTPruner(blockSize: blockSize).prune(
        &weight, given: sums, to: .structured(keep: 2, of: 4), linear: "w")
      return weight
    }
    let whole = try pruned(256)
    for size in [4, 32, 128, 1024] {
      let weight = try pruned(size)
      #expect(weight.zeros == whole.zeros)
      #expect(largestDifference(weight.elements, whole.elements) < 1e-4)
    }
  }

  @Test func blockSizesThatCannotBeUsed() throws {
    let sums = statistics(correlatedInputs(60, 16, seed: 80))
    for (size, of, expected) in [
      (6, 4, PruningError.blockSizeDoesNotFit(blockSize: 6, of: 4)), (0, 4, .blockSizeOutOfRange(0)),
      (-8, 4, .blockSizeOutOfRange(-8)),
    ] {
      var weight = Matrix.random(2, 16, seed: 81)
      let error = try thrown(PruningError.self) {
        try SparseGPTPruner(blockSize: size).prune(
          &weight, given: sums, to: .structured(keep: 1, of: of), linear: "w")
      }
      #expect(error == expected)
      #expect(error.failureKind == .invalidSetting)
    }
  }

  @Test(arguments: [SparsityPattern.unstructured(0.6), .structured(keep: 4, of: 8)])
  func resultsDoNotDependOnThreads(_ pattern: SparsityPattern) throws {
    let inputs = correlatedInputs(500, 320, seed: 90)
    func run(_ threads: Int, _ pruner: any Pruner) throws -> ([UInt32], PruningOutcome) {
      try Parallel.$threadCount.withValue(threads) {
        var weight = Matrix.random(96, 320, seed: 91)
        let outcome = try pruner.prune(&weight, given: statistics(inputs), to: pattern, linear: "w")
        return (weight.bits, outcome)
      }
    }
    for pruner in allPruners {
      let one = try run(1, pruner)
      for threads in [2, 5] { #expect(try run(threads, pruner) == one, "\(pruner.name), \(threads) threads") }
    }
  }
}
