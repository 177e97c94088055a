import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing

/// ADMM, ALPS and dense targets against plain formulas in double precision (Scripts/make-reconstruction-vectors.py).
@Suite struct ReconstructionTests {
  static let vectors = Result { try Fixtures.json(Fixtures.path("reconstruction/vectors.json")) }

  private static func matrix(_ json: JSON?, columns: Int) throws -> Matrix {
    let elements = try #require(json).doubles.map(Float.init)
    return Matrix(rows: elements.count / columns, columns: columns, elements: elements)
  }

  private let inputs: Matrix
  private let weight: Matrix
  private let vectors: JSON

  init() throws {
    vectors = try Self.vectors.get()
    let columns = try #require(vectors["inputs"]?.integer)
    inputs = try Self.matrix(vectors["activations"], columns: columns)
    weight = try Self.matrix(vectors["weight"], columns: columns)
  }

  /// Every case: a method with its settings, and a pattern.
  private static func pruner(_ json: JSON) throws -> any Pruner {
    if json["method"]?.text == "admm" { return ADMMPruner() }
    var alps = ALPSPruner()
    alps.interval = try #require(json["interval"]?.integer)
    alps.refinements = try #require(json["refinements"]?.integer)
    return alps
  }

  @Test("Masks are those of the formulas in Double, and weights agree to what Float can give")
  func vectorsAgree() throws {
    let cases = try #require(vectors["cases"]?.array)
    #expect(cases.count == 9)
    for json in cases {
      let pruner = try Self.pruner(json)
      let pattern: SparsityPattern =
        if let sparsity = json["pattern"]?.double { .unstructured(sparsity) } else { .structured(keep: 2, of: 4) }
      var result = weight
      let outcome = try pruner.prune(&result, given: statistics(inputs), to: pattern, linear: "w")
      let expected = try Self.matrix(json["weight"], columns: weight.columns)
      #expect(result.zeros == expected.zeros, "\(pruner.name), \(pattern)")
      // The equations have a condition of a few hundred at most, and a round adds a few roundings of 6e-8.
      #expect(largestDifference(result.elements, expected.elements) < 2e-4, "\(pruner), \(pattern)")
      #expect(outcome.deadInputs == 1)
      let wanted = Int(Double(weight.count) * pattern.sparsity)
      #expect(outcome.prunedCount == wanted && result.zeroCount >= wanted)
      // The squared error of the outputs, directly, for one sequence.
      var error = 0.0
      for token in 0..<inputs.rows {
        for output in 0..<weight.rows {
          let difference = (0..<weight.columns).reduce(0.0) { sum, input in
            sum + Double(inputs[token, input]) * (Double(result[output, input]) - Double(weight[output, input]))
          }
          error += difference * difference
        }
      }
      #expect(try abs(#require(outcome.loss) - error) < 1e-4 * error, "\(pruner.name), \(pattern)")
    }
  }

  @Test("The fit to the dense model's outputs is that of the formula", arguments: [false, true])
  func targets(addsToResidual: Bool) throws {
    let dense = try Self.matrix(vectors["denseActivations"], columns: inputs.columns)
    let residual = addsToResidual ? try Self.matrix(vectors["residual"], columns: weight.rows) : nil
    var targets = DenseTargets(inputs: inputs.columns, residual: residual?.columns)
    // In two parts, as strips come.
    let middle = 24
    for range in [0..<middle, middle..<inputs.rows] {
      targets.accumulate(dense: dense.rows(range), pruned: inputs.rows(range), residual: residual?.rows(range))
    }
    let fit = try targets.fit(statistics(inputs), linear: "w")
    var result = weight
    fit.apply(to: &result)
    let name = addsToResidual ? "towardsDenseWithResidual" : "towardsDense"
    #expect(try largestDifference(result.elements, #require(vectors[name]).doubles.map(Float.init)) < 2e-5)

    var sparse = weight
    for j in 0..<weight.columns { sparse[2, j] = 0 }
    fit.apply(to: &sparse)
    #expect(sparse.zeros == (0..<weight.count).map { $0 / weight.columns == 2 ? 1 : 0 })
  }

  @Test(
    "ALPS clears what it is asked for, however its rounds end: where the mask is looked at, between, or before that",
    arguments: 1...8)
  func alpsRounds(iterations: Int) throws {
    let sums = statistics(correlatedInputs(100, 48, seed: 3))
    for pattern: SparsityPattern in [.unstructured(0.5), .structured(keep: 2, of: 4)] {
      var (alps, result) = (ALPSPruner(), Matrix.random(33, 48, seed: 2))
      (alps.iterations, alps.interval) = (iterations, 3)
      let outcome = try alps.prune(&result, given: sums, to: pattern, linear: "w")
      #expect(outcome.prunedCount == 33 * 24 && result.zeroCount == 33 * 24, "\(pattern)")
      guard case .structured = pattern else { continue }
      let elements = result.elements
      for start in stride(from: 0, to: elements.count, by: 4) {
        #expect(elements[start..<start + 4].count { $0 != 0 } <= 2)
      }
    }
  }

  @Test("Where the products need more dampening than was asked for, ALPS takes and records it, as ADMM does")
  func raisedDampening() throws {
    // Two samples of 32 inputs: nearly all directions are missing.
    let sums = statistics(correlatedInputs(2, 32, seed: 5))
    let dense = Matrix.random(8, 32, seed: 6)
    var (alps, admm) = (ALPSPruner(), ADMMPruner())
    (alps.dampening, alps.penalty) = (1e-12, 1e-12)
    (admm.dampening, admm.penalty) = (1e-12, 1e-12)
    for pruner: any Pruner in [alps, admm] {
      var result = dense
      let outcome = try pruner.prune(&result, given: sums, to: .unstructured(0.5), linear: "w")
      #expect(result.isFinite && result.zeroCount == 8 * 16, "\(pruner.name)")
      #expect((outcome.dampening ?? 0) >= 1e-4, "\(pruner.name): \(outcome.dampening)")
    }
  }

  @Test("What was zero stays zero", arguments: ["admm", "alps"])
  func zerosStay(name: String) throws {
    let pruner = try #require(Registries.pruners[name])
    var dense = Matrix.random(33, 48, seed: 2)
    for i in 0..<dense.rows { for j in 0..<dense.columns where (i * 7 + j * 3) % 5 < 2 { dense[i, j] = 0 } }
    let sums = statistics(correlatedInputs(100, 48, seed: 3))
    for pattern: SparsityPattern in [.unstructured(0.2), .unstructured(0.7), .structured(keep: 2, of: 4)] {
      var result = dense
      _ = try pruner.prune(&result, given: sums, to: pattern, linear: "w")
      #expect(zip(dense.elements, result.elements).allSatisfy { $0 != 0 || $1 == 0 })
      if case .unstructured(let sparsity) = pattern {
        #expect(result.zeroCount == max(dense.zeroCount, Int(Double(dense.count) * sparsity)))
      } else {
        #expect(result.zeroCount >= dense.count / 2)
      }
    }
  }

  @Test(
    "The outputs are nearer to the dense ones than SparseGPT's, and ALPS' are the nearest", arguments: [0.5, 0.7, 0.9])
  func errors(sparsity: Double) throws {
    let x = correlatedInputs(600, 96, seed: 8)
    let dense = Matrix.random(64, 96, seed: 9)
    func error(_ pruner: any Pruner) throws -> Double {
      var result = dense
      _ = try pruner.prune(&result, given: statistics(x), to: .unstructured(sparsity), linear: "w")
      return matmul(x, transposed: result.minus(dense)).squaredNorm
    }
    let (sparseGPT, admm, alps) = (try error(.sparseGPT()), try error(.admm()), try error(.alps))
    #expect(admm < sparseGPT)
    #expect(alps < admm)
  }

  @Test("Inputs that are all zero, and inputs that are not finite, are errors")
  func refusals() throws {
    var broken = correlatedInputs(20, 8, seed: 1)
    broken[3, 2] = .infinity
    for pruner: any Pruner in [ADMMPruner(), ALPSPruner()] {
      var weight = Matrix.random(4, 8, seed: 1)
      #expect(throws: PruningError.noInputs(linear: "w")) {
        try pruner.prune(&weight, given: statistics(Matrix(rows: 4, columns: 8)), to: .unstructured(0.5), linear: "w")
      }
      #expect(throws: PruningError.nonFiniteInputs(linear: "w")) {
        try pruner.prune(&weight, given: statistics(broken), to: .unstructured(0.5), linear: "w")
      }
    }
  }
}
