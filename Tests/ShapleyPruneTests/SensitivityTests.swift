import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Output rows weighted by what they do to the loss.
@Suite struct SensitivityTests {
  private static func measured(
    _ name: String, stripRows: Int = 4096
  ) throws -> (model: any CausalLM, OutputSensitivity) {
    let model = try TinyModels.load(name)
    let samples = try TinyModels.calibration().first(6)
    return (model, try OutputSensitivity(of: model, on: samples, memory: WorkingMemory(stripRows: stripRows)))
  }

  @Test(
    "The scales are the roots of the mean squares of the gradients, a linear's own mean being 1",
    arguments: TinyModels.names)
  func scales(name: String) throws {
    let (model, sensitivity) = try Self.measured(name)
    var squares = model.blocks.map { _ in [LinearRole: [Double]]() }
    _ = model.backward(try TinyModels.calibration().first(6), scale: 1) { block, role, _, gradient in
      squares[block][role] = (0..<gradient.columns).map { column in
        (0..<gradient.rows).reduce(0) { $0 + Double(gradient[$1, column]) * Double(gradient[$1, column]) }
      }
    }
    for (index, block) in model.blocks.enumerated() {
      for role in block.roles {
        let sums = try #require(squares[index][role])
        let mean = sums.reduce(0, +) / Double(sums.count)
        let scales = try #require(sensitivity.scales[index][role])
        #expect(scales.count == block[role].weight.rows)
        for (scale, sum) in zip(scales, sums) {
          let wanted = max((sum / mean).squareRoot(), 1.0 / 64)
          #expect(abs(scale - wanted) <= 1e-12 * scale)
        }
      }
    }
  }

  @Test("The same to the bit for any number of threads and any strips", arguments: TinyModels.names)
  func threads(name: String) throws {
    func scales(_ threads: Int, _ rows: Int) throws -> [[LinearRole: [Double]]] {
      try Parallel.$threadCount.withValue(threads) { try Self.measured(name, stripRows: rows).1.scales }
    }
    let one = try scales(1, 4096)
    for (threads, rows) in [(2, 4096), (5, 4096), (2, 1)] { #expect(try scales(threads, rows) == one) }
  }

  @Test("Rows that matter more keep more weights, as many go in all, and those that stay keep every bit")
  func magnitude() throws {
    let (model, sensitivity) = try Self.measured("llama-v1")
    func pruned(_ sensitivity: OutputSensitivity?) throws -> any CausalLM {
      var copy = model
      var pruner = ModelPruner(MagnitudePruner())
      pruner.sensitivity = sensitivity
      _ = try pruner.prune(
        &copy, patterns: Array(repeating: .unstructured(0.5), count: 4), calibration: try TinyModels.calibration())
      return copy
    }
    let (equal, weighted) = (try pruned(nil), try pruned(sensitivity))
    var differing = 0
    for (index, block) in model.blocks.enumerated() {
      for role in block.roles {
        let (dense, a, b) = (block[role].weight, equal.blocks[index][role].weight, weighted.blocks[index][role].weight)
        #expect(a.zeroCount == b.zeroCount)
        let (from, to) = (dense.widened(), b.widened())
        #expect(zip(from.elements, to.elements).allSatisfy { $1 == 0 || $0.bitPattern == $1.bitPattern })
        // By hand: the smallest of the scaled magnitudes go.
        let scales = try #require(sensitivity.scales[index][role])
        let magnitudes = (0..<from.rows).flatMap { row in
          (0..<from.columns).map { abs(from[row, $0] * Float(scales[row])) }
        }
        let cut = zip(magnitudes, to.elements).filter { $1 == 0 }.map(\.0).max() ?? 0
        #expect(zip(magnitudes, to.elements).allSatisfy { $1 == 0 || $0 >= cut })
        differing += zip(a.widened().elements, to.elements).count { ($0 == 0) != ($1 == 0) }
      }
    }
    #expect(differing > 0)
  }

  @Test("A method that changes weights prunes the scaled ones and scales them back", arguments: [0, 1])
  func reconstruction(index: Int) throws {
    let pruner: any Pruner = index == 0 ? SparseGPTPruner() : ADMMPruner()
    let (model, sensitivity) = try Self.measured("llama-v1")
    let inputs = correlatedInputs(256, 64, seed: 3)
    let sums = statistics(inputs)
    var block = model.blocks[0]
    var modelPruner = ModelPruner(pruner)
    modelPruner.sensitivity = sensitivity
    let scales = try #require(sensitivity.scales[0][.query])
    var expected = block[.query].weight.widened()
    expected.scaleRows(by: scales)
    _ = try pruner.prune(&expected, given: sums, to: .unstructured(0.6), linear: "q")
    expected.scaleRows(by: scales.map { 1 / $0 })
    var given = BlockStatistics(.gram)
    given.accumulate(inputs, of: [.query], sequences: 1)
    _ = try modelPruner.prune(
      &block, [.query], to: BlockPattern(.unstructured(0.6)), given: given, scales: sensitivity.scales[0])
    let found = block[.query].weight.widened()
    #expect(found.elements == StoredMatrix(expected, as: block[.query].weight.elementType).widened().elements)
  }

  @Test("A gradient that is not a number is an error that names the linear")
  func notFinite() throws {
    var model = try TinyModels.load("llama-v1")
    let name = "\(model.blocks[3][.down].name)"
    let down = model.blocks[3][.down].weight.widened()
    var large = down
    large.scaleRows(by: [Double](repeating: 1e38, count: down.rows))
    model.blocks[3][.down].weight = StoredMatrix(large, as: .float32)
    let error = try thrown(PruningError.self) {
      try OutputSensitivity(of: model, on: try TinyModels.calibration().first(2))
    }
    guard case .sensitivityNotFinite(let linear) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(error.description.contains(linear) && !name.isEmpty)
  }
}
