import Support

/// How the next token is chosen from its scores; each step is that of transformers' generation, and they follow one another in this
/// order.
public struct Sampling: Sendable, Equatable {
  /// What the score of a token that the sequence has is divided by, or, where it is negative, multiplied by (Keskar et al., "CTRL",
  /// 2019); 1 for nothing.
  public var repetitionPenalty = 1.0
  /// What scores are divided by before they become probabilities; 0 for the most probable token each time.
  public var temperature = 0.0
  /// Only so many of the most probable tokens; nil, or less than 1, for all.
  public var topK: Int?
  /// Only the most probable tokens whose probabilities come to this (Holtzman et al., "The Curious Case of Neural Text Degeneration",
  /// 2020).
  public var topP = 1.0
  /// Only tokens with at least this share of the largest probability (Nguyen et al., "Turning Up the Heat", 2024).
  public var minP = 0.0
  /// Where random numbers begin.
  public var seed: UInt64 = 0

  /// What a temperature can be.
  package static let temperatures = 0.0...100
  /// What the share of a largest probability can be; `topP` is in it, too, and above 0.
  package static let shares = 0.0...1
  /// What a repetition penalty can be.
  package static let penalties = 0.01...100

  /// The most probable token each time.
  public init() {}
}

/// Chooses tokens by their scores; the same seed gives the same choices.
public struct TokenSampler: Sendable {
  private let sampling: Sampling
  private var generator: SeededGenerator

  /// A sampler whose random numbers begin at its seed.
  public init(_ sampling: Sampling) {
    self.sampling = sampling
    generator = SeededGenerator(seed: sampling.seed)
  }

  /// The next token of a sequence, from the scores of all, (vocabulary); of equal ones the first.
  ///
  /// - Complexity: O(vocabulary) without `topK` and `topP`, else O(vocabulary · log(vocabulary)).
  public mutating func choose(_ scores: [Float], after sequence: [Int]) -> Int {
    var scores = scores
    if sampling.repetitionPenalty != 1 {
      let penalty = Float(sampling.repetitionPenalty)
      for token in Set(sequence) where scores.indices.contains(token) {
        scores[token] = scores[token] < 0 ? scores[token] * penalty : scores[token] / penalty
      }
    }
    let best = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    guard sampling.temperature > 0, !scores.isEmpty else { return best }
    let largest = scores[best]
    // Relative to the most probable token, whose weight is 1.
    var weights = scores.map { Math.exp(Double($0 - largest) / sampling.temperature) }
    keepTopK(&weights)
    keepTopP(&weights)
    if sampling.minP > 0 { for i in weights.indices where weights[i] < sampling.minP { weights[i] = 0 } }
    return draw(weights) ?? best
  }

  /// Equal weights at the border stay, all of them.
  private func keepTopK(_ weights: inout [Double]) {
    guard let count = sampling.topK, count > 0, count < weights.count else { return }
    let least = weights.sorted(by: >)[count - 1]
    for i in weights.indices where weights[i] < least { weights[i] = 0 }
  }

  /// A token stays where those more probable than it come to less than `topP`.
  private func keepTopP(_ weights: inout [Double]) {
    guard sampling.topP < 1 else { return }
    let order = weights.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
    let bound = sampling.topP * weights.reduce(0, +)
    var sum = 0.0
    for (rank, index) in order.enumerated() {
      if rank > 0, sum >= bound { weights[index] = 0 } else { sum += weights[index] }
    }
  }

  private mutating func draw(_ weights: [Double]) -> Int? {
    let total = weights.reduce(0, +)
    // What is no number is chosen, so that whoever looks at the scores finds it.
    guard total.isFinite else { return weights.firstIndex { !$0.isFinite } }
    var rest = generator.unit() * total
    var last: Int?
    for (index, weight) in weights.enumerated() where weight > 0 {
      if rest < weight { return index }
      rest -= weight
      last = index
    }
    return last
  }
}
