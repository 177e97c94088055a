import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing

/// How many weights become zero, and which ones where they are equally important.
@Suite struct PatternTests {
  static let sparsities = [0.001, 0.29, 0.3, 0.5, 0.7, 0.999, 1]

  /// floor(count · sparsity), as the documentation of the counting rule says.
  static func count(_ count: Int, _ sparsity: Double) -> Int { Int((Double(count) * sparsity).rounded(.down)) }

  /// The larger weight is cut into several parts for the threads.
  @Test(arguments: sparsities, [(7, 93), (70, 997)])
  func magnitudePrunesAnExactCountUnderTies(_ sparsity: Double, _ size: (Int, Int)) throws {
    let (rows, columns) = size
    var weight = Matrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { $0 % 2 == 0 ? 1 : -1 })
    let empty = InputStatistics(inputs: columns, kind: .none)
    let outcome = try MagnitudePruner().prune(&weight, given: empty, to: .unstructured(sparsity), linear: "w")
    let expected = Self.count(rows * columns, sparsity)
    #expect(outcome.prunedCount == expected)
    #expect(weight.zeros == (0..<rows * columns).map { $0 < expected ? 1 : 0 }, "the first ones of the whole weight")
  }

  @Test(arguments: sparsities)
  func wandaPrunesAnExactCountOfEveryRowUnderTies(_ sparsity: Double) throws {
    let (rows, columns) = (7, 93)
    var weight = Matrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { $0 % 2 == 0 ? 1 : -1 })
    let inputs = statistics(independentInputs(columns), kind: .squares)
    let outcome = try WandaPruner().prune(&weight, given: inputs, to: .unstructured(sparsity), linear: "w")
    let expected = Self.count(columns, sparsity)
    #expect(outcome.prunedCount == rows * expected)
    #expect(weight.zeros == (0..<rows * columns).map { $0 % columns < expected ? 1 : 0 }, "the first ones of each row")
  }

  /// Rows are pruned 32 at a time; the last ones that go may end within a group of them.
  @Test(arguments: sparsities, [7, 32, 75])
  func sparseGPTPrunesAnExactCountOfEveryTileUnderTies(_ sparsity: Double, _ rows: Int) throws {
    let columns = 300
    var weight = Matrix(rows: rows, columns: columns, elements: Array(repeating: 1, count: rows * columns))
    let inputs = statistics(independentInputs(columns))
    let outcome = try SparseGPTPruner().prune(&weight, given: inputs, to: .unstructured(sparsity), linear: "w")
    var total = 0
    for (start, width) in [(0, 128), (128, 128), (256, 44)] {
      let expected = Self.count(rows * width, sparsity)
      let tile = weight.block(rows: 0..<rows, columns: start..<start + width)
      #expect(tile.zeros == (0..<rows * width).map { $0 < expected ? 1 : 0 }, "the first ones of the tile")
      total += expected
    }
    #expect(outcome.prunedCount == total)
  }

  @Test func wandaByHand() throws {
    // Scores 10, 2, 0.3, 2: the third goes first, then the first of the two that are equal.
    var weight = Matrix(rows: 1, columns: 4, elements: [1, -2, 3, 0.5])
    var inputs = Matrix(rows: 4, columns: 4)
    for (j, norm) in ([10, 1, 0.1, 4] as [Float]).enumerated() { inputs[j, j] = norm }
    let sums = statistics(inputs, sequences: 3, kind: .squares)
    _ = try WandaPruner().prune(&weight, given: sums, to: .unstructured(0.5), linear: "w")
    #expect(weight.elements == [1, 0, 0, 0.5])
  }

  @Test(arguments: [(1, 2, 128), (2, 4, 128), (4, 8, 128), (1, 4, 128), (3, 4, 64), (3, 7, 112), (5, 8, 16)])
  func everyGroupKeepsExactlyN(_ keep: Int, _ of: Int, _ blockSize: Int) throws {
    let columns = of * (280 / of)
    let inputs = statistics(correlatedInputs(400, columns, seed: 3))
    let pruners: [any Pruner] = [MagnitudePruner(), WandaPruner(), SparseGPTPruner(blockSize: blockSize)]
    for pruner in pruners {
      for isTied in [false, true] {
        var weight =
          isTied
          ? Matrix(rows: 9, columns: columns, elements: Array(repeating: -0.5, count: 9 * columns))
          : Matrix.random(9, columns, seed: 4)
        let outcome = try pruner.prune(&weight, given: inputs, to: .structured(keep: keep, of: of), linear: "w")
        let zeros = weight.zeros
        for start in stride(from: 0, to: zeros.count, by: of) {
          #expect(zeros[start..<start + of].reduce(0, +) == of - keep, "\(pruner.name), group at \(start)")
        }
        #expect(outcome.prunedCount == zeros.count / of * (of - keep))
        if isTied, pruner is MagnitudePruner {
          #expect(zeros == zeros.indices.map { $0 % of < of - keep ? 1 : 0 }, "the first ones of the group")
        }
      }
    }
  }

  @Test func sparsityOneLeavesNothingAndSparsityZeroEverything() throws {
    let inputs = statistics(correlatedInputs(100, 160, seed: 9))
    for pruner in allPruners {
      let dense = Matrix.random(6, 160, seed: 10)
      var weight = dense
      #expect(try pruner.prune(&weight, given: inputs, to: .unstructured(1), linear: "w").prunedCount == 960)
      #expect(weight.zeroCount == 960)
      weight = dense
      #expect(try pruner.prune(&weight, given: inputs, to: .unstructured(0), linear: "w").prunedCount == 0)
      #expect(weight.bits == dense.bits)
    }
  }

  @Test func patternsThatDoNotFit() throws {
    let inputs = statistics(correlatedInputs(50, 42, seed: 1))
    for pruner in allPruners {
      func failure(_ pattern: SparsityPattern) throws -> PruningError {
        var weight = Matrix.random(3, 42, seed: 2)
        return try thrown(PruningError.self) {
          try pruner.prune(&weight, given: inputs, to: pattern, linear: "layers.0.fc1.weight")
        }
      }
      let misfit = try failure(.structured(keep: 2, of: 4))
      #expect(misfit == .patternDoesNotFit(linear: "layers.0.fc1.weight", columns: 42, keep: 2, of: 4))
      #expect(misfit.description.contains("layers.0.fc1.weight") && misfit.description.contains("2:4"))
      #expect(misfit.failureKind == .badData)
      for (keep, of) in [(0, 4), (4, 4), (5, 4), (-1, 2), (1, 0), (0, 0)] {
        #expect(try failure(.structured(keep: keep, of: of)) == .malformedPattern(keep: keep, of: of))
      }
      for sparsity in [-0.1, 1.1, .infinity] {
        #expect(try failure(.unstructured(sparsity)) == .sparsityOutOfRange(sparsity))
      }
      #expect(try failure(.unstructured(.nan)).failureKind == .invalidSetting)
    }
  }

  @Test("Case 53: inputs that are all zero, infinite or none") func inputsThatAreOfNoUse() throws {
    var infinite = Matrix.random(20, 8, seed: 1)
    infinite[3, 5] = .infinity
    let zero = Matrix(rows: 20, columns: 8)
    for pruner in allPruners where pruner.statistics != .none {
      var weight = Matrix.random(3, 8, seed: 2)
      for (inputs, expected) in [(zero, PruningError.noInputs(linear: "w")), (infinite, .nonFiniteInputs(linear: "w"))]
      {
        let error = try thrown(PruningError.self) {
          try pruner.prune(&weight, given: statistics(inputs), to: .unstructured(0.5), linear: "w")
        }
        #expect(error == expected)
      }
      let none = InputStatistics(inputs: 8, kind: pruner.statistics)
      #expect(throws: PruningError.self) {
        try pruner.prune(&weight, given: none, to: .unstructured(0.5), linear: "w")
      }
      #expect(weight == Matrix.random(3, 8, seed: 2), "a weight that could not be pruned is unchanged")
    }
  }
}
