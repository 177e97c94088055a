import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// The rotary embedding against an implementation in Double.
@Suite struct RotaryEmbeddingTests {
  struct Case: Sendable {
    var dimension: Int
    var theta: Double
    var scaling: RotaryEmbedding.Scaling
  }

  static let cases = [
    Case(dimension: 16, theta: 10000, scaling: .none),
    Case(dimension: 128, theta: 10000, scaling: .none),
    Case(dimension: 48, theta: 10000, scaling: .linear(factor: 3)),
    Case(dimension: 128, theta: 500_000, scaling: llama3),
    Case(dimension: 64, theta: 500_000, scaling: llama3),
    Case(dimension: 128, theta: 10000, scaling: yarn),
    Case(
      dimension: 48, theta: 1_000_000, scaling: .yarn(.init(factor: 2.5, attentionFactor: 0.5, originalPositions: 99))),
  ]
  static let yarn = RotaryEmbedding.Scaling.yarn(.init(factor: 16, originalPositions: 4096, isTruncated: false))
  static let llama3 = RotaryEmbedding.Scaling.llama3(
    factor: 8, lowFrequency: 1, highFrequency: 4, originalPositions: 8192)

  /// Radians a position for every pair.
  static func frequencies(_ test: Case) -> [Double] {
    (0..<test.dimension / 2).map { j in
      let frequency = Math.pow(test.theta, -2 * Double(j) / Double(test.dimension))
      switch test.scaling {
      case .none: return frequency
      case .linear(let factor): return frequency / factor
      case .llama3(let factor, let low, let high, let original):
        // Waves that pass fewer than `low` times through the original context are stretched, those of more than `high` not.
        let turns = Double(original) * frequency / (2 * .pi)
        let kept = min(max((turns - low) / (high - low), 0), 1)
        return kept * frequency + (1 - kept) * frequency / factor
      case .yarn(let yarn):
        // The same, but shares fall from index to index, between the pairs whose turns are the two bounds.
        func index(_ turns: Double, _ rule: FloatingPointRoundingRule) -> Double {
          let base = Math.log(test.theta) / Double(test.dimension / 2)
          let index = Math.log(Double(yarn.originalPositions) / (2 * .pi * turns)) / base
          return yarn.isTruncated ? index.rounded(rule) : index
        }
        let first = max(index(yarn.fastTurns, .down), 0)
        let last = min(index(yarn.slowTurns, .up), Double(test.dimension - 1))
        let kept = 1 - min(max((Double(j) - first) / (last - first), 0), 1)
        return kept * frequency + (1 - kept) * frequency / yarn.factor
      }
    }
  }

  @Test(arguments: cases)
  func tableAgreesWithDouble(_ test: Case) {
    let rotary = RotaryEmbedding(headDimension: test.dimension, theta: test.theta, scaling: test.scaling)
    let frequencies = Self.frequencies(test)
    var amplitude = 1.0
    if case .yarn(let yarn) = test.scaling { amplitude = yarn.attentionFactor }
    for start in [0, 1, 1000, 8000] {
      let table = rotary.table(positions: start + 5)
      #expect(table.rows >= start + 5 && table.columns == 2 * frequencies.count)
      for row in 0..<5 {
        for (j, frequency) in frequencies.enumerated() {
          let angle = Double(start + row) * frequency
          // The model computes frequencies in Float: the exponent's rounding is worth ln(theta) units, blending a few more.
          let tolerance = amplitude * 0x1p-24 * (angle * (Math.log(test.theta) + 12) + 4)
          #expect(abs(Double(table[start + row, j]) - amplitude * Math.cos(angle)) <= tolerance)
          #expect(abs(Double(table[start + row, frequencies.count + j]) - amplitude * Math.sin(angle)) <= tolerance)
        }
      }
    }
  }

  @Test(arguments: [(llama3, 1.0 / 8), (yarn, 1.0 / 16)])
  func scalingHasAllThreeBands(_ scaling: RotaryEmbedding.Scaling, _ least: Double) {
    let plain = Self.frequencies(Case(dimension: 128, theta: 500_000, scaling: .none))
    let scaled = Self.frequencies(Case(dimension: 128, theta: 500_000, scaling: scaling))
    let ratios = zip(scaled, plain).map { $0 / $1 }
    #expect(ratios.contains { $0 == 1 })
    #expect(ratios.contains { abs($0 - least) < 1e-12 })
    #expect(ratios.contains { $0 > 1.04 * least && $0 < 0.99 })
  }

  /// 1 + ln(s) / 10, as in the paper's section 3.4, and 1 where there is nothing to make up for.
  @Test(arguments: [(16.0, 1.277258872223978), (1, 1), (0.5, 1)])
  func attentionFactorIsThePapers(_ factor: Double, _ expected: Double) {
    let yarn = RotaryEmbedding.YaRN(factor: factor, originalPositions: 64)
    #expect(abs(yarn.attentionFactor - expected) < 1e-15)
    #expect(RotaryEmbedding.YaRN(factor: factor, attentionFactor: 3, originalPositions: 64).attentionFactor == 3)
  }

  @Test(arguments: cases)
  func aTableThatGrewIsTheOneComputedAtOnce(_ test: Case) {
    let grown = RotaryEmbedding(headDimension: test.dimension, theta: test.theta, scaling: test.scaling)
    let first = grown.table(positions: 7)
    for positions in [8, 9, 30, 57] { #expect(grown.table(positions: positions).rows >= positions) }
    let fresh = RotaryEmbedding(headDimension: test.dimension, theta: test.theta, scaling: test.scaling)
    #expect(grown.table(positions: 57).rows(0..<57) == fresh.table(positions: 57))
    #expect(first == fresh.table(positions: 57).rows(0..<7))
  }

  @Test func linearScalingStretchesPositions() {
    let plain = RotaryEmbedding(headDimension: 32, theta: 10000, scaling: .none)
    let stretched = RotaryEmbedding(headDimension: 32, theta: 10000, scaling: .linear(factor: 4))
    let (short, long) = (plain.table(positions: 50), stretched.table(positions: 200))
    for position in 0..<50 {
      #expect(short.rows(position..<position + 1) == long.rows(4 * position..<4 * position + 1))
    }
  }

  @Test func pairsOfColumnsAreTurned() {
    let (heads, dimension, length) = (3, 8, 5)
    let rotary = RotaryEmbedding(headDimension: dimension, theta: 100, scaling: .none)
    let before = Matrix.random(2 * length, heads * dimension, seed: 3)
    var after = before
    rotary.apply(to: &after, positions: (0..<2 * length).map { 11 + $0 % length })
    let frequencies = Self.frequencies(Case(dimension: dimension, theta: 100, scaling: .none))
    for row in 0..<2 * length {
      for head in 0..<heads {
        for (j, frequency) in frequencies.enumerated() {
          let angle = Double(11 + row % length) * frequency
          let (a, b) = (head * dimension + j, head * dimension + j + dimension / 2)
          let (x, y) = (Double(before[row, a]), Double(before[row, b]))
          #expect(abs(Double(after[row, a]) - (x * Math.cos(angle) - y * Math.sin(angle))) < 1e-5)
          #expect(abs(Double(after[row, b]) - (y * Math.cos(angle) + x * Math.sin(angle))) < 1e-5)
        }
      }
    }
  }

  @Test(arguments: cases)
  func turningBackIsTheTransposedMap(_ test: Case) {
    let rotary = RotaryEmbedding(headDimension: test.dimension, theta: test.theta, scaling: test.scaling)
    let x = Matrix.random(14, 3 * test.dimension, seed: 1)
    let g = Matrix.random(14, 3 * test.dimension, seed: 2)
    var (turned, back) = (x, g)
    let positions = (0..<14).map { 5 + $0 % 7 }
    rotary.apply(to: &turned, positions: positions)
    rotary.backpropagate(&back, positions: positions)
    for row in 0..<14 {
      // ⟨g, R x⟩ = ⟨Rᵀ g, x⟩, up to a few roundings of each product.
      func product(_ a: Matrix, _ b: Matrix) -> (value: Double, size: Double) {
        let terms = (0..<a.columns).map { Double(a[row, $0]) * Double(b[row, $0]) }
        return (terms.reduce(0, +), terms.reduce(0) { $0 + $1.magnitude })
      }
      let (there, here) = (product(g, turned), product(back, x))
      #expect(abs(there.value - here.value) <= 8 * 0x1p-24 * (there.size + here.size))
      #expect(there.size > 0)
    }
  }
}
