import Testing
import Transformer

@Suite struct TokenSamplerTests {
  /// How often each of the tokens is chosen from the same scores.
  private func frequencies(_ sampling: Sampling, _ scores: [Float], after sequence: [Int] = [], count: Int = 20_000)
    -> [Double]
  {
    var (sampler, counts) = (TokenSampler(sampling), scores.map { _ in 0 })
    for _ in 0..<count { counts[sampler.choose(scores, after: sequence)] += 1 }
    return counts.map { Double($0) / Double(count) }
  }

  /// Logarithms of these shares.
  private static let shares = [0.5, 0.25, 0.15, 0.1]
  private static let scores: [Float] = [-0.6931472, -1.3862944, -1.8971200, -2.3025851]

  private func expect(_ found: [Double], _ wanted: [Double], sourceLocation: SourceLocation = #_sourceLocation) {
    for (found, wanted) in zip(found, wanted) {
      // Five standard deviations of a share of 20,000 draws.
      let bound = wanted == 0 ? 0 : 5 * (wanted * (1 - wanted) / 20_000).squareRoot()
      #expect(abs(found - wanted) <= bound, sourceLocation: sourceLocation)
    }
  }

  @Test("Without a temperature the most probable token is taken, of equal ones the first")
  func greedy() {
    var sampler = TokenSampler(Sampling())
    #expect(sampler.choose([1, 3, 2], after: []) == 1)
    #expect(sampler.choose([3, 1, 3], after: []) == 0)
    #expect(sampler.choose([-.infinity, -.infinity, -5], after: []) == 2)
  }

  @Test("A score that is no number is chosen where tokens are drawn, so that it is found")
  func noNumber() {
    var sampling = Sampling()
    sampling.temperature = 1
    var sampler = TokenSampler(sampling)
    #expect(sampler.choose([1, 2, .nan, 1], after: []) == 2)
    #expect(sampler.choose([1, .infinity, 1], after: []) == 1)
  }

  @Test("No limit to the most probable tokens is none, however it is written", arguments: [nil, 0, -3])
  func allTokens(limit: Int?) {
    var sampling = Sampling()
    (sampling.temperature, sampling.topK) = (1, limit)
    expect(frequencies(sampling, Self.scores), Self.shares)
  }

  @Test("Tokens are drawn by their probabilities, which the temperature sharpens")
  func temperature() {
    var sampling = Sampling()
    sampling.temperature = 1
    expect(frequencies(sampling, Self.scores), Self.shares)
    sampling.temperature = 0.5
    let squares = Self.shares.map { $0 * $0 }
    let sum = squares.reduce(0, +)
    expect(frequencies(sampling, Self.scores), squares.map { $0 / sum })
  }

  @Test("Top-k, top-p and min-p leave the most probable tokens, and at least one")
  func truncation() {
    var sampling = Sampling()
    sampling.temperature = 1
    sampling.topK = 2
    expect(frequencies(sampling, Self.scores), [2.0 / 3, 1.0 / 3, 0, 0])
    sampling.topK = nil
    sampling.topP = 0.7
    expect(frequencies(sampling, Self.scores), [2.0 / 3, 1.0 / 3, 0, 0])
    sampling.topP = 0.76
    expect(frequencies(sampling, Self.scores), [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0])
    sampling.topP = 1e-9
    expect(frequencies(sampling, Self.scores), [1, 0, 0, 0])
    sampling.topP = 1
    sampling.minP = 0.4
    expect(frequencies(sampling, Self.scores), [2.0 / 3, 1.0 / 3, 0, 0])
    sampling.minP = 1
    expect(frequencies(sampling, Self.scores), [1, 0, 0, 0])
  }

  @Test("The repetition penalty divides positive scores of tokens in the text and multiplies negative ones")
  func penalty() {
    var sampling = Sampling()
    sampling.repetitionPenalty = 2
    var sampler = TokenSampler(sampling)
    #expect(sampler.choose([3, 2, 1], after: [0]) == 1)
    #expect(sampler.choose([3, 2, 1], after: [0, 0, 1]) == 0)
    #expect(sampler.choose([-1, -1.5, -3], after: [0]) == 1)
    #expect(sampler.choose([3, 2, 1], after: []) == 0)
  }

  @Test("The same seed gives the same choices, another one others")
  func seeds() {
    var sampling = Sampling()
    sampling.temperature = 1
    let scores = (0..<100).map { Float($0 % 7) / 7 }
    func choices(_ seed: UInt64) -> [Int] {
      sampling.seed = seed
      var sampler = TokenSampler(sampling)
      return (0..<50).map { _ in sampler.choose(scores, after: []) }
    }
    #expect(choices(1) == choices(1))
    #expect(choices(1) != choices(2))
  }
}
