import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Sequences that pass a model together, each with keys and values of its own.
@Suite struct CompanyTests {
  private static func tokens(_ count: Int, seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in generator.below(500) }
  }

  @Test(
    "The next scores of sequences of different lengths are in company what they are alone, to the bit",
    arguments: RandomModelTests.models, KeyValueCache.Precision.allCases)
  func nextScores(_ name: String, _ cache: KeyValueCache.Precision) throws {
    let model = try RandomModelTests.load(name)
    let prompts = [7, 1, 12, 30].enumerated().map { Self.tokens($1, seed: UInt64($0)) }
    var alone = prompts.map { TokenSequence(model, $0, cache: cache) }
    var together = alone.map { TokenSequence(model, $0.tokens, cache: cache) }
    for index in prompts.indices {
      let scores = alone[index].nextScores()
      #expect(together[index].nextScores() == scores)
      alone[index].append(index)
      together[index].append(index)
    }
    for step in 0..<4 {
      let scores = TokenSequence.nextScores(of: together)
      #expect(scores.rows == prompts.count)
      for index in prompts.indices {
        let isSame = scores.rows(index..<index + 1).elements == alone[index].nextScores()
        #expect(isSame, "step \(step) of prompt \(index)")
        alone[index].append(step)
        together[index].append(step)
      }
    }
    #expect(TokenSequence.nextScores(of: []).count == 0)
  }

  @Test("Copies of a sequence go on apart, each as a text of its own", arguments: RandomModelTests.models)
  func copies(_ name: String) throws {
    let model = try RandomModelTests.load(name)
    let prompt = Self.tokens(9, seed: 3)
    var stem = TokenSequence(model, prompt)
    let scores = stem.nextScores()
    var branches = [stem.copy(), stem.copy(), stem]
    for step in 0..<3 {
      for index in branches.indices {
        branches[index].append((index + step) % 5)
        let found = branches[index].nextScores()
        var alone = TokenSequence(model, prompt)
        #expect(alone.nextScores() == scores)
        var wanted = scores
        for token in branches[index].tokens[prompt.count...] {
          alone.append(token)
          wanted = alone.nextScores()
        }
        #expect(found == wanted)
      }
    }
  }

  @Test("Prompts in one pass have the scores of the whole texts, but for rounding", arguments: RandomModelTests.models)
  func prompts(_ name: String) throws {
    let model = try RandomModelTests.load(name)
    let prompts = [3, 40, 1, 17].enumerated().map { Self.tokens($1, seed: UInt64(10 + $0)) }
    let scores = TokenSequence.nextScores(of: prompts.map { TokenSequence(model, $0) })
    for (index, prompt) in prompts.enumerated() {
      let hidden = model.hiddenStates(TokenBatch(tokens: prompt, length: prompt.count))
      let wanted = model.logits(hidden.rows(prompt.count - 1..<prompt.count)).elements
      let distance = zip(scores.rows(index..<index + 1).elements, wanted).map { abs($0 - $1) }.max() ?? 0
      #expect(distance < 1e-4)
    }
  }

  @Test("Continuations scored with those of other items have the scores that they have alone, but for rounding")
  func scores() throws {
    let model = try RandomModelTests.load(try #require(RandomModelTests.models.first))
    // Items whose answers share nothing, a part and all but the last token of their contexts, and one without answers.
    let lists: [[(tokens: [Int], context: Int)]] = [
      [(Self.tokens(9, seed: 1), 4), (Self.tokens(20, seed: 2), 11)], [],
      [
        (Self.tokens(9, seed: 3) + [1, 2], 9), (Self.tokens(9, seed: 3) + [3], 9),
        (Self.tokens(5, seed: 3) + [4, 5], 6),
      ],
      [(Self.tokens(60, seed: 4), 1)],
    ]
    let together = model.scores(of: lists)
    #expect(together.map(\.count) == lists.map(\.count))
    for (list, scores) in zip(lists, together) {
      for (alone, score) in zip(model.scores(of: list), scores) {
        #expect(abs(alone.logLikelihood - score.logLikelihood) < 1e-4)
        #expect(alone.isGreedy == score.isGreedy)
      }
      for (sequence, score) in zip(list, scores) {
        // The definition: every token of the continuation behind all in front of it.
        let whole = TokenBatch(tokens: sequence.tokens, length: sequence.tokens.count)
        let losses = model.negativeLogLikelihoods(model.hiddenStates(whole), of: whole)
        let wanted = -losses[(sequence.context - 1)...].reduce(0, +)
        #expect(abs(wanted - score.logLikelihood) < 1e-4)
      }
    }
  }
}
