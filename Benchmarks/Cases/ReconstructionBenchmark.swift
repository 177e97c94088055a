import ShapleyPrune
import Support
import Tensor

/// ADMM and ALPS on a weight (R, C) at 50 %, statistics given: inverses, rounds of products and choices.
enum ReconstructionBenchmark: Benchmark {
  static let name = "reconstruction"
  static let summary = "ADMM and ALPS on a weight (R, C) at 50 %, statistics given"
  static let dimensions = SparseGPTBenchmark.dimensions
  static let sizes = SparseGPTBenchmark.sizes + [[3072, 768]].map(Size.init)

  static func bytes(_ size: Size) -> Int { 3 * PruningInputs.bytes(size) }

  static func run(_ size: Size, _ session: Session) throws {
    let inputs = PruningInputs(size, kind: .gram)
    let weights = Double(size[0] * size[1])
    let sparseGPT = try error(inputs, SparseGPTPruner())
    for pruner: any Pruner in [ADMMPruner(), ALPSPruner()] {
      let identifier = identifier(size, pruner.name)
      let (found, outcome) = try inputs.pruned(by: pruner)
      let wanted = Int(weights * PruningInputs.sparsity)
      guard outcome.prunedCount == wanted, found.elements.count(where: { $0 == 0 }) >= wanted else {
        throw BenchmarkError.wrongResult("\(identifier): \(outcome.prunedCount) weights pruned instead of \(wanted)")
      }
      // What the rounds are for.
      guard try error(inputs, pruner) < sparseGPT else {
        throw BenchmarkError.wrongResult("\(identifier): SparseGPT's outputs are nearer")
      }
      try session.measure(name, identifier, Work(items: (weights, "weights"))) { try inputs.time(pruner) }
    }
  }

  /// The squared error of the outputs.
  private static func error(_ inputs: PruningInputs, _ pruner: any Pruner) throws -> Double {
    guard let gram = inputs.statistics.gram else { return .nan }
    return SparseGPTBenchmark.quadraticForm(try inputs.pruned(by: pruner).weight, minus: inputs.weight, gram).sum
  }
}
