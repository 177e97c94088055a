import Foundation
import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// The fixtures' models and what tests of pruning need.
enum TinyModels {
  static let names = ["llama-v1", "llama3-gqa", "opt-125m", "opt-350m"]

  static func directory(_ name: String) throws -> ModelDirectory {
    try ModelDirectory(path: Fixtures.path("random-models/\(name)"))
  }

  static func load(_ name: String) throws -> any CausalLM { try directory(name).loadModel() }

  static func calibration() throws -> TokenBatch {
    let file = try TokenFile(path: Fixtures.path("ids/calib.safetensors"))
    guard case .rows(let rows) = file else { throw FixtureError() }
    return rows
  }

  struct FixtureError: Error {}
}

/// The pruners by name.
let allPruners: [any Pruner] = [
  MagnitudePruner(), WandaPruner(), SparseGPTPruner(), ADMMPruner(), ALPSPruner(),
]

/// Inputs of a few common directions and some noise, as real activations are: (tokens, columns).
func correlatedInputs(_ tokens: Int, _ columns: Int, seed: UInt64) -> Matrix {
  let directions = max(2, columns / 8)
  var inputs = matmul(
    .random(tokens, directions, seed: seed), transposed: .random(columns, directions, seed: seed + 1))
  inputs.add(.random(tokens, columns, seed: seed + 2, scale: 0.5))
  return inputs
}

/// The statistics of some inputs.
func statistics(_ inputs: Matrix, sequences: Int = 1, kind: StatisticsKind = .gram) -> InputStatistics {
  var result = InputStatistics(inputs: inputs.columns, kind: kind)
  result.accumulate(inputs, sequences: sequences)
  return result
}

/// The identity, as inputs: every column counts the same and none has to do with another.
func independentInputs(_ columns: Int) -> Matrix {
  var result = Matrix(rows: columns, columns: columns)
  for j in 0..<columns { result[j, j] = 1 }
  return result
}

extension Matrix {
  /// This matrix less another.
  func minus(_ other: Matrix) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: zip(elements, other.elements).map { $0 - $1 })
  }
  /// The sum of the squared elements.
  var squaredNorm: Double { elements.reduce(0) { $0 + Double($1) * Double($1) } }

  /// 1 where an element is zero.
  var zeros: [Int] { elements.map { $0 == 0 ? 1 : 0 } }
  var zeroCount: Int { zeros.reduce(0, +) }
  var bits: [UInt32] { elements.map(\.bitPattern) }
}

extension CausalLM {
  /// The bits of every linear's weight.
  var weightBits: [[UInt32]] { blocks.flatMap { block in block.roles.map { block[$0].weight.widened().bits } } }
}

/// Ids below a bound, from a seed.
func randomTokens(_ sequences: Int, _ length: Int, below bound: Int, seed: UInt64 = 1) -> TokenBatch {
  var generator = SeededGenerator(seed: seed)
  return TokenBatch(tokens: (0..<sequences * length).map { _ in generator.below(bound) }, length: length)
}
