import Support
import Tensor

/// Rotary position embedding: pairs of columns of queries and keys are turned by an angle that grows with the position.
///
/// Su et al., "RoFormer" (2021), in the arrangement of Hugging Face's LLaMA: column j is paired with column j + d/2.
public struct RotaryEmbedding: Sendable {
  /// How the frequencies of the original model are changed for longer texts.
  public enum Scaling: Sendable, Equatable {
    /// Not at all.
    case none
    /// All frequencies divided by a factor (Chen et al., "Extending Context Window", 2023).
    case linear(factor: Double)
    /// LLaMA 3.1: long waves divided, short ones kept, those between blended.
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalPositions: Int)
  }

  private let headDimension: Int
  /// Radians a position, one for each pair: (headDimension / 2).
  private let frequencies: [Float]

  /// The embedding for heads of `headDimension` columns.
  ///
  /// - Precondition: `headDimension` is even.
  public init(headDimension: Int, theta: Double, scaling: Scaling) {
    precondition(headDimension % 2 == 0, "columns are turned in pairs")
    self.headDimension = headDimension
    // In Float, step by step, as the models were trained.
    frequencies = stride(from: 0, to: headDimension, by: 2).map { j in
      let power = Float(Math.pow(Double(Float(theta)), Double(Float(j) / Float(headDimension))))
      return Self.scaled(1 / power, scaling)
    }
  }

  private static func scaled(_ frequency: Float, _ scaling: Scaling) -> Float {
    switch scaling {
    case .none:
      return frequency
    case .linear(let factor):
      return frequency / Float(factor)
    case .llama3(let factor, let low, let high, let original):
      let wavelength = 2 * Float.pi / frequency
      let ratio = Float(original) / wavelength
      if ratio < Float(low) { return frequency / Float(factor) }
      if ratio > Float(high) { return frequency }
      let share = (ratio - Float(low)) / Float(high - low)
      return (1 - share) * frequency / Float(factor) + share * frequency
    }
  }

  /// Cosine and sine of every angle for positions from `position` on: each (length, headDimension / 2).
  package func table(position: Int, length: Int) -> (cosines: [Float], sines: [Float]) {
    var cosines: [Float] = []
    var sines: [Float] = []
    for p in position..<position + length {
      for frequency in frequencies {
        let angle = Double(Float(p) * frequency)
        cosines.append(Float(Math.cos(angle)))
        sines.append(Float(Math.sin(angle)))
      }
    }
    return (cosines, sines)
  }

  /// Turns every head of every row.
  ///
  /// `matrix` is (sequences · length, heads · headDimension).
  package func apply(to matrix: inout Matrix, table: (cosines: [Float], sines: [Float]), length: Int) {
    let half = headDimension / 2
    let columns = matrix.columns
    let rows = matrix.rows
    matrix.withMutableElements { x in
      table.cosines.withUnsafeBufferPointer { cosines in
        table.sines.withUnsafeBufferPointer { sines in
          Parallel.forEachRange(rows, grain: 64) { range in
            for i in range {
              let angles = i % length * half
              for start in stride(from: 0, to: columns, by: headDimension) {
                let head = x + i * columns + start
                for j in 0..<half {
                  let (a, b) = (head[j], head[j + half])
                  let (c, s) = (cosines[angles + j], sines[angles + j])
                  head[j] = a * c - b * s
                  head[j + half] = b * c + a * s
                }
              }
            }
          }
        }
      }
    }
  }
}
