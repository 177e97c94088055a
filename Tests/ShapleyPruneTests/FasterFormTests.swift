import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Models whose linears leave out their zeros.
@Suite struct FasterFormTests {
  static let uses = [ProductUse.oneToken, ProductUse(tokens: 16), .manyTokens]
  static let usesAndNone: [ProductUse?] = [nil, .oneToken, ProductUse(tokens: 16), .manyTokens]

  private func pruned(_ name: String) throws -> any CausalLM {
    var model = try TinyModels.load(name)
    _ = try ModelPruner(MagnitudePruner()).prune(
      &model, patterns: Array(repeating: SparsityPattern.unstructured(0.85), count: model.blocks.count),
      calibration: TinyModels.calibration())
    return model
  }

  private func compressed(_ model: any CausalLM) -> Int {
    model.blocks.reduce(0) { sum, block in sum + block.roles.count { block[$0].weight.isCompressed } }
  }

  @Test("A model without its zeros says what it says with them", arguments: TinyModels.names, uses)
  func scores(_ name: String, _ use: ProductUse) throws {
    let dense = try pruned(name)
    var sparse = dense
    SmallWeights.$leaveOutZeros.withValue(true) { sparse.useFasterForms(for: use) }
    let linears = dense.blocks.reduce(0) { $0 + $1.roles.count }
    let isFaster = StoredMatrix.breakEven(dense.linears[0].elementType, for: use) < 0.85
    #expect(compressed(sparse) == (isFaster ? linears : 0))
    let ids = Array(randomTokens(1, 40, below: 512).tokens)
    var (first, second) = (TokenSequence(dense, ids), TokenSequence(sparse, ids))
    // A prompt, and tokens behind it.
    for _ in 0..<5 {
      let (expected, found) = (first.nextScores(), second.nextScores())
      let largest = expected.reduce(0) { max($0, abs($1)) }
      for (a, b) in zip(expected, found) { #expect(abs(a - b) <= 2e-5 * largest) }
      let next = expected.indices.reduce(0) { expected[$1] > expected[$0] ? $1 : $0 }
      first.append(next)
      second.append(next)
    }
    sparse.useDenseForms()
    #expect(compressed(sparse) == 0)
    #expect(sparse.weightBits == dense.weightBits)
  }

  @Test(
    "What packed linears take in memory is known before they are read", arguments: TinyModels.names,
    usesAndNone)
  func forecast(_ name: String, _ use: ProductUse?) throws {
    try withTemporaryFolder { folder in
      let (pruned, packed) = (Path.join(folder, "pruned"), Path.join(folder, "packed"))
      let source = try TinyModels.directory(name)
      var model = try source.loadModel()
      // Packed, but one of the blocks is faster with its zeros.
      let sparsities = model.blocks.indices.map { $0 == 0 ? 0.2 : 0.85 }
      _ = try ModelPruner(MagnitudePruner()).prune(
        &model, patterns: sparsities.map { SparsityPattern.unstructured($0) }, calibration: TinyModels.calibration())
      let writer = try DirectoryWriter(target: pruned, replacing: false)
      try source.write(model, to: writer)
      try writer.commit()
      _ = try PackJob(pruned, output: packed).run()
      let directory = try ModelDirectory(path: packed)
      try SmallWeights.$leaveOutZeros.withValue(true) {
        let linears = try directory.loadModel(for: use).linears
        let (dense, resident) = linears.reduce((0, 0)) { ($0.0 + $1.byteCount, $0.1 + $1.residentByteCount) }
        #expect(directory.shape(for: use).weightBytes == directory.shape.weightBytes - dense + resident)
        let isFaster = use.map { StoredMatrix.breakEven(linears[0].elementType, for: $0) < 0.85 } ?? false
        #expect((resident < dense) == isFaster)
        #expect(linears.contains { !$0.isCompressed })
      }
    }
  }

  @Test("Small weights, and texts of small models, keep their zeros")
  func small() throws {
    var model = try pruned("llama-v1")
    for use in Self.uses { model.useFasterForms(for: use) }
    #expect(compressed(model) == 0)
    for (count, bytes, many, one) in [(65_535, 1 << 30, false, true), (65_536, 1 << 20, true, false)] {
      #expect(StoredMatrix.isLargeEnough(count, for: .manyTokens, modelBytes: bytes) == many)
      #expect(StoredMatrix.isLargeEnough(count, for: .oneToken, modelBytes: bytes) == one)
    }
  }
}
