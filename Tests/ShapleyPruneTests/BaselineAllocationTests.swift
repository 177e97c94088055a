import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// DLP and AlphaPruning against `Scripts/make-allocation-vectors.py`, which computes in NumPy what the papers and their code say.
@Suite struct BaselineAllocationTests {
  static let models = ["kjv-llama", "llama3-gqa", "opt-350m"]

  private let vectors: JSON

  init() throws { vectors = try Fixtures.json(Fixtures.path("allocations.json")) }

  private func model(_ name: String) throws -> any CausalLM {
    let path = name == "kjv-llama" ? Fixtures.embeddedModel : Fixtures.path("random-models/\(name)")
    return try ModelDirectory(path: path).loadModel()
  }

  // MARK: AlphaPruning

  @Test("Exponents of spectra are NumPy's; a tail of equal eigenvalues has none")
  func spectra() throws {
    let spectra = try #require(vectors["spectra"]?.array)
    #expect(spectra.count == 7)
    for spectrum in spectra {
      let eigenvalues = try #require(spectrum["eigenvalues"]).doubles
      for tail in SpectrumTail.allCases {
        let found = tail.exponent(of: eigenvalues)
        let wanted = spectrum[tail.rawValue]?.double
        #expect((found == nil) == (wanted == nil))
        if let found, let wanted { #expect(abs(found - wanted) <= 1e-9 * wanted, "\(tail), \(eigenvalues.count)") }
      }
    }
  }

  @Test("An exact power law has its own exponent, whatever is below the tail")
  func powerLaw() throws {
    // The quantiles of a density that falls with the power 3: Hill's estimate of them is 3 up to the quantiles' spacing.
    let count = 4000
    let law = (0..<count).map { Math.pow(1 - (Double($0) + 0.5) / Double(count), -0.5) }
    let whole = try #require(SpectrumTail.half.exponent(of: (0..<count).map { 1e-3 * Double($0 + 1) / 4000 } + law))
    #expect(abs(whole - 3) < 0.01)
  }

  @Test(
    "Zeros have no logarithm and are left out; without two eigenvalues there is no exponent",
    arguments: SpectrumTail.allCases)
  func zeros(tail: SpectrumTail) throws {
    let spectrum = [0.2, 0.3, 0.5, 0.9, 1.7, 4]
    let found = try #require(tail.exponent(of: spectrum))
    #expect(tail.exponent(of: [0, 0, 1e-17] + spectrum) == found)
    let short: [[Double]] = [[], [0], [3], [0, 0, 5], [0, 0, 0], [2, 2, 2]]
    for short in short { #expect(tail.exponent(of: short) == nil) }
  }

  @Test("The exponents of models' blocks are NumPy's", arguments: models, SpectrumTail.allCases)
  func exponents(name: String, tail: SpectrumTail) throws {
    let expected = try #require(vectors["models"]?[name]?[tail.rawValue])
    let model = try model(name)
    let found = try hillExponents(of: model, tail: tail)
    #expect(try distance(found, #require(expected["exponents"]).doubles) <= 1e-9)
    let parameters = model.blocks.map(\.prunableParameters)
    let allocation = try SparsityAllocation.alphaPruning(exponents: found, parameters: parameters, target: 0.7)
    let published = try #require(expected["sparsities"]).doubles
    if published.allSatisfy({ $0 <= 1 }) {
      #expect(distance(allocation.sparsities, published) <= 1e-9)
    } else {
      #expect(allocation.sparsities.max() == 1)
      #expect(try abs(allocation.weightedMean(parameters: parameters) - 0.7) < 1e-9)
    }
  }

  @Test("For blocks of unlike sizes AlphaPruning's map is the formula's, and its mean the target")
  func map() throws {
    let expected = try #require(vectors["alphaPruning"])
    let parameters = try #require(expected["parameters"]).integers
    let allocation = try SparsityAllocation.alphaPruning(
      exponents: try #require(expected["exponents"]).doubles, parameters: parameters, target: 0.6, spread: 0.2)
    #expect(try distance(allocation.sparsities, #require(expected["sparsities"]).doubles) <= 1e-12)
    #expect(try abs(allocation.weightedMean(parameters: parameters) - 0.6) < 1e-12)
  }

  @Test("What exceeds 1 is clamped and given to the others in equal parts")
  func clamping() throws {
    // Ratios 0.7, 1, 1.3 at 0.9 are 0.63, 0.9, 1.17; the ceiling takes 0.17: 0.085 for each of the others.
    let allocation = try SparsityAllocation.alphaPruning(
      exponents: [2, 3, 4], parameters: [1, 1, 1], target: 0.9, spread: 0.3)
    #expect(distance(allocation.sparsities, [0.715, 0.985, 1]) < 1e-12)
    for target in [0, 0.3, 0.8, 1.0] {
      let found = try SparsityAllocation.alphaPruning(
        exponents: [2, 7, 3], parameters: [5, 1, 3], target: target, spread: 1)
      #expect(found.sparsities.allSatisfy { (0...1).contains($0) })
      #expect(try abs(found.weightedMean(parameters: [5, 1, 3]) - target) < 1e-9)
    }
    #expect(
      try SparsityAllocation.alphaPruning(exponents: [2, 2], parameters: [1, 3], target: 0.4).sparsities == [0.4, 0.4])
  }

  @Test("What makes no sense is a typed error")
  func refusals() {
    func map(_ exponents: [Double], _ target: Double = 0.5, _ spread: Double = 0.3) throws(AllocationError) {
      _ = try SparsityAllocation.alphaPruning(
        exponents: exponents, parameters: [1, 1], target: target, spread: spread)
    }
    #expect(throws: AllocationError.importanceNotFinite(player: 1, .infinity)) { try map([1, .infinity]) }
    #expect(throws: AllocationError.spread(1.5)) { try map([1, 2], 0.5, 1.5) }
    #expect(throws: AllocationError.targetOutOfRange(1.5, floor: 0, ceiling: 1)) { try map([1, 2], 1.5) }
    #expect(throws: AllocationError.noPlayers) { try map([]) }
    #expect(throws: AllocationError.countMismatch("parameter counts", 2, players: 3)) { try map([1, 2, 3]) }
    #expect(throws: AllocationError.noMedians) { try DLP.relativeImportances([0, 0]) }
    #expect(AllocationError.noExponent(block: 2).failureKind == .badData)
  }

  @Test("Linears without a spectrum are left out of a block's mean; a block of them alone is an error")
  func emptyLinears() throws {
    var model = try model("llama3-gqa")
    let before = try hillExponents(of: model)
    func clear(_ role: LinearRole) {
      let weight = model.blocks[1][role].weight
      model.blocks[1][role].weight = StoredMatrix(
        Matrix(rows: weight.rows, columns: weight.columns), as: weight.elementType)
    }
    clear(.query)
    let after = try hillExponents(of: model)
    #expect(after[0] == before[0] && after[1] != before[1] && after[2] == before[2])
    for role in model.blocks[1].roles { clear(role) }
    #expect(throws: AllocationError.noExponent(block: 1)) { try hillExponents(of: model) }
  }

  @Test("Exponents are the same to the bit for any number of threads")
  func threads() throws {
    let model = try model("kjv-llama")
    let runs = try [1, 2, 5].map { count in try withThreads(count) { try hillExponents(of: model) } }
    #expect(runs[1] == runs[0] && runs[2] == runs[0])
  }

  // MARK: DLP

  @Test("Relative importances and their map are NumPy's")
  func importances() throws {
    let expected = try #require(vectors["dlp"])
    let found = try DLP.relativeImportances(try #require(expected["medians"]).doubles)
    #expect(try distance(found, #require(expected["importances"]).doubles) <= 1e-15)
    let wanted = try #require(expected["sparsities"]).doubles
    let published = try SparsityAllocation.published(importances: found, target: 0.7, spread: DLP.usualSpread)
    #expect(distance(published.sparsities, wanted) <= 1e-12)
    let ours = try SparsityAllocation.proportional(
      importances: found, parameters: [9, 9, 9, 9], target: 0.7, spread: DLP.usualSpread, scaling: .linear)
    #expect(distance(ours.sparsities, wanted) <= 1e-12)
  }

  @Test("A block's median is the lower middle one of all its scores, sorted", arguments: ReferenceModel.names)
  func medians(name: String) throws {
    let reference = try ReferenceModel(name)
    let found = try medianScores(of: reference.model, calibration: reference.calibration)
    #expect(found.count == reference.model.blocks.count)
    var walk = CalibrationWalk(reference.calibration, through: reference.model)
    for (block, median) in zip(reference.model.blocks, found) {
      let statistics = walk.advance(through: block, collecting: .squares)
      var scores: [Float] = []
      for role in block.roles {
        let norms = try WandaPruner.norms(try #require(statistics[role]), linear: role.rawValue)
        let weight = block[role].weight.widened()
        for i in 0..<weight.rows { for j in 0..<weight.columns { scores.append(abs(weight[i, j]) * norms[j]) } }
      }
      scores.sort()
      #expect(median == Double(scores[(scores.count - 1) / 2]))
    }
  }
}
