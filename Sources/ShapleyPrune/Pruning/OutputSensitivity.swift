import Support
import Tensor
import Transformer

/// How much an error in each output of every linear matters to the loss.
///
/// To second order, an error e of an output costs about e² E[g²], with g the derivative of the loss of a token by that output: the
/// diagonal of the empirical Fisher information (Amari, "Natural Gradient Works Efficiently in Learning", 1998). Where weights of
/// several rows compete for being kept, rows are scaled by the root of E[g²].
///
///     var pruner = ModelPruner(.admm())
///     pruner.sensitivity = try OutputSensitivity(of: model, on: samples)
public struct OutputSensitivity: Sendable {
  /// For every block, what the rows of each linear are multiplied by: (outputs), with a mean square of about 1.
  package internal(set) var scales: [[LinearRole: [Double]]]

  /// The first samples, which a job takes.
  public static let usualSamples = 32

  /// The least a row counts, so that one that no token needs can be brought back from its scale.
  private static let least = 1.0 / 64

  /// One pass of the samples through the dense model and back.
  ///
  /// Throws `PruningError.sensitivityNotFinite` where a gradient is not a finite number.
  ///
  /// Complexity: about four forward passes.
  public init(
    of model: any CausalLM, on samples: TokenBatch, memory: WorkingMemory = WorkingMemory(),
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) {
    var squares = model.blocks.map { block in
      Dictionary(
        uniqueKeysWithValues: block.roles.map { ($0, [Double](repeating: 0, count: block[$0].weight.rows)) })
    }
    var completed = 0
    for strip in samples.strips(ofRows: memory.stripRows) {
      MemoryPool.shared.phase {
        _ = model.backward(strip, scale: 1) { block, role, _, gradient in
          gradient.addColumnSquares(to: &squares[block][role, default: []])
        }
      }
      completed += strip.sequences
      progress?(completed, samples.sequences)
    }
    var scales: [[LinearRole: [Double]]] = []
    for (block, squares) in zip(model.blocks, squares) {
      var ofBlock: [LinearRole: [Double]] = [:]
      for (role, squares) in squares {
        let mean = squares.mean
        guard mean.isFinite else { throw .sensitivityNotFinite(linear: "\(block[role].name)") }
        ofBlock[role] = mean > 0 ? squares.map { max(($0 / mean).squareRoot(), Self.least) } : nil
      }
      scales.append(ofBlock)
    }
    self.scales = scales
  }

  /// What the pass holds.
  static func footprint(_ forecast: MemoryForecast, _ samples: BatchShape) -> Footprint {
    Footprint("sensitivities", [forecast.weights] + forecast.gradients(samples))
  }
}

extension Matrix {
  /// Adds the sum of every column's squares, in the order of the rows.
  fileprivate func addColumnSquares(to sums: inout [Double]) {
    let (rows, columns) = (rows, columns)
    withElements { x in
      sums.withUnsafeMutableBufferPointer { sums in
        nonisolated(unsafe) let sums = sums
        Parallel.forEachRange(columns, grain: 16) { range in
          for row in 0..<rows {
            for column in range {
              let value = Double(x[row * columns + column])
              sums[column] += value * value
            }
          }
        }
      }
    }
  }
}
