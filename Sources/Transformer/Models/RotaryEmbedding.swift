import Support
import Synchronization
import Tensor

/// Rotary position embedding: pairs of columns of queries and keys are turned by an angle that grows with the position.
///
/// Su et al., "RoFormer" (2021), in the arrangement of Hugging Face's LLaMA: column j is paired with column j + d/2.
package struct RotaryEmbedding: Sendable {
  /// How the frequencies of the original model are changed for longer texts.
  package enum Scaling: Sendable, Equatable {
    /// Not at all.
    case none
    /// All frequencies divided by a factor (Chen et al., "Extending Context Window", 2023).
    case linear(factor: Double)
    /// LLaMA 3.1: long waves divided, short ones kept, those between blended.
    case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, originalPositions: Int)
    /// Pairs that turn slowly divided, fast ones kept, those between blended; cosines and sines multiplied.
    case yarn(YaRN)
  }

  private let headDimension: Int
  /// Radians a position, one for each pair: (headDimension / 2).
  package let frequencies: [Float]
  private let angles: AngleTable

  /// The embedding for heads of `headDimension` columns.
  ///
  /// - Precondition: `headDimension` is even.
  package init(headDimension: Int, theta: Double, scaling: Scaling) {
    precondition(headDimension % 2 == 0, "columns are turned in pairs")
    self.headDimension = headDimension
    // In Float, step by step, as the models were trained.
    let powers = stride(from: 0, to: headDimension, by: 2).map { j in
      Float(Math.pow(Double(Float(theta)), Double(Float(j) / Float(headDimension))))
    }
    var amplitude: Float = 1
    switch scaling {
    case .none:
      frequencies = powers.map { 1 / $0 }
    case .linear(let factor):
      frequencies = powers.map { 1 / $0 / Float(factor) }
    case .llama3(let factor, let low, let high, let original):
      frequencies = powers.map { power in
        let frequency = 1 / power
        let wavelength = 2 * Float.pi / frequency
        let ratio = Float(original) / wavelength
        if ratio < Float(low) { return frequency / Float(factor) }
        if ratio > Float(high) { return frequency }
        let share = (ratio - Float(low)) / Float(high - low)
        return (1 - share) * frequency / Float(factor) + share * frequency
      }
    case .yarn(let yarn):
      let shares = yarn.keptShares(headDimension: headDimension, theta: theta)
      frequencies = zip(powers, shares).map { (power: Float, kept: Float) -> Float in
        let scaled = 1 / (Float(yarn.factor) * power)
        return scaled * (1 - kept) + 1 / power * kept
      }
      amplitude = Float(yarn.attentionFactor)
    }
    angles = AngleTable(frequencies, amplitude: amplitude)
  }

  /// Cosine and sine of every angle for positions from 0 on, times YaRN's attention factor: at least `positions` rows,
  /// headDimension / 2 of each.
  package func table(positions: Int) -> Matrix { angles.table(positions: positions) }

  /// Turns every head of every row, whose positions are given.
  ///
  /// `matrix` is (positions.count, heads · headDimension).
  package func apply(to matrix: inout Matrix, positions: [Int]) { turn(&matrix, positions, direction: 1) }

  /// Turns the gradient of a loss at what `apply` makes of a matrix into that at the matrix: back by the same angles.
  ///
  /// The map is linear, a rotation times YaRN's attention factor, and so its transpose turns back and multiplies by the same factor.
  package func backpropagate(_ gradient: inout Matrix, positions: [Int]) { turn(&gradient, positions, direction: -1) }

  private func turn(_ matrix: inout Matrix, _ positions: [Int], direction: Float) {
    precondition(matrix.rows == positions.count, "\(matrix.rows) rows do not have \(positions.count) positions")
    let half = headDimension / 2
    let table = table(positions: (positions.max() ?? 0) + 1)
    let dimension = headDimension
    table.withElements { table in
      matrix.forEachRows { x, rows, columns, instructions in
        for (i, row) in rows.enumerated() {
          let cosines = table + positions[row] * 2 * half
          for start in stride(from: 0, to: columns, by: dimension) {
            instructions.rotatePairs(
              x + i * columns + start, half: half, cosines: cosines, sines: cosines + half, direction: direction)
          }
        }
      }
    }
  }
}

/// Cosines and sines of the positions that somebody asked for so far.
///
/// All blocks of a model share them: computed once, they are read in every block of every text.
private final class AngleTable: Sendable {
  private let frequencies: [Float]
  /// Multiplies every cosine and sine.
  private let amplitude: Float
  private let known = Mutex(Matrix(rows: 0, columns: 0))

  init(_ frequencies: [Float], amplitude: Float) {
    self.frequencies = frequencies
    self.amplitude = amplitude
  }

  /// For positions from 0 on, at least `positions` of them: (positions, cosine and then sine of each frequency).
  func table(positions: Int) -> Matrix {
    known.withLock { known in
      if known.rows < positions {
        // Twice as many as were known, so that a text that grows token by token costs no more than one that is there at once.
        known = computed(positions: max(positions, 2 * known.rows))
      }
      return known
    }
  }

  private func computed(positions: Int) -> Matrix {
    let half = frequencies.count
    var table = Matrix(rows: positions, columns: 2 * half)
    table.forEachRows { x, rows, _, _ in
      for (i, position) in rows.enumerated() {
        for (j, frequency) in frequencies.enumerated() {
          let angle = Double(Float(position) * frequency)
          x[i * 2 * half + j] = Float(Math.cos(angle)) * amplitude
          x[i * 2 * half + half + j] = Float(Math.sin(angle)) * amplitude
        }
      }
    }
    return table
  }
}
