import TestSupport
import Testing
import Transformer

@Suite struct CachePrecisionTests {
  @Test("A cache in BF16 changes scores by little, and by more than nothing", arguments: TinyModels.names)
  func scores(_ name: String) throws {
    let model = try TinyModels.load(name)
    let ids = randomTokens(1, 40, below: 512).tokens
    var exact = TokenSequence(model, ids)
    var rounded = TokenSequence(model, ids, cache: .bf16)
    var areEqual = true
    for _ in 0..<6 {
      let (expected, found) = (exact.nextScores(), rounded.nextScores())
      // Rounding to eight bits moves a score of attention by up to 2⁻⁹ of the sum of its terms' sizes, which is tens in these random models,
      // and probabilities by as many per cent. That the rounded keys and values are what attention sees is tested to the bit elsewhere.
      func size(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      #expect(size(zip(expected, found).map { $0 - $1 }) <= 0.05 * size(expected))
      areEqual = areEqual && expected == found
      let next = expected.indices.reduce(0) { expected[$1] > expected[$0] ? $1 : $0 }
      exact.append(next)
      rounded.append(next)
    }
    #expect(!areEqual)
  }
}
