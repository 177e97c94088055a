import ShapleyPrune
import Support
import TestSupport
import Testing

@Suite struct PermutationTests {
  private func game(_ players: Int, seed: UInt64) -> UnanimityGame {
    var generator = SeededGenerator(seed: seed)
    return UnanimityGame.random(playerCount: players, terms: 3 * players, using: &generator)
  }

  @Test("The budget counts evaluations and is kept; the values are efficient", arguments: [24, 30, 100, 1000])
  func budget(budget: Int) throws {
    var memoised = MemoisedGame(game(12, seed: 4))
    let result = try PermutationShapley(budget: budget, seed: 5).estimate(&memoised)
    #expect(result.evaluations <= budget)
    #expect(result.evaluations > budget - 2 * 11)
    #expect(memoised.evaluatedCount == result.evaluations)
    #expect(result.additionalEvaluations == 0)
    #expect(abs(result.efficiencyGap) < 1e-12)
    #expect((result.standardErrors == nil) == (budget < 46))
  }

  @Test("Orders that cover all coalitions give the exact values, without an error", arguments: 1...5)
  func covered(players: Int) throws {
    let game = game(players, seed: 9)
    let exact = try ExactShapley().estimate(of: game)
    let found = try PermutationShapley(budget: 1000, seed: 3).estimate(of: game)
    #expect(found.values == exact.values)
    #expect(found.standardErrors == Array(repeating: 0, count: players))
    #expect(found.evaluations == 1 << players)
    #expect(found.estimator is PermutationShapley)
  }

  @Test("The same seed gives the same estimate, another seed another")
  func seeds() throws {
    let game = game(10, seed: 6)
    let first = try PermutationShapley(budget: 60, seed: 1).estimate(of: game)
    #expect(try PermutationShapley(budget: 60, seed: 1).estimate(of: game) == first)
    #expect(try PermutationShapley(budget: 60, seed: 2).estimate(of: game).values != first.values)
  }

  @Test("Estimates lie within their standard errors of the truth, and improve with the budget")
  func converges() throws {
    let game = game(10, seed: 8)
    var squares = 0.0
    for seed in 0..<40 {
      let result = try PermutationShapley(budget: 200, seed: UInt64(seed)).estimate(of: game)
      let errors = try #require(result.standardErrors)
      for (index, truth) in game.shapleyValues.enumerated() where errors[index] > 1e-9 {
        let deviation = (result.values[index] - truth) / errors[index]
        squares += deviation * deviation / 400
      }
    }
    // The mean square of 400 normalised deviations: 1 for a large sample, n/(n-2) or so for a dozen pairs.
    #expect(squares > 0.5 && squares < 2)
    let rough = try PermutationShapley(budget: 40, seed: 3).estimate(of: game)
    let fine = try PermutationShapley(budget: 1000, seed: 3).estimate(of: game)
    #expect(distance(fine.values, game.shapleyValues) < distance(rough.values, game.shapleyValues))
  }

  @Test("One pair is exact where players interact in twos only")
  func pairsAreExactForPairwiseGames() throws {
    var generator = SeededGenerator(seed: 12)
    let game = UnanimityGame(
      playerCount: 8,
      terms: (0..<8).flatMap { a in (a..<8).map { .init(carrier: [a, $0], coefficient: generator.normal()) } })
    let result = try PermutationShapley(budget: 16, seed: 1).estimate(of: game)
    #expect(distance(result.values, game.shapleyValues) < 1e-12)
  }

  @Test("A game with fewer coalitions than the budget ends, and comes close", arguments: 1...4)
  func fewCoalitions(players: Int) throws {
    let game = game(players, seed: 20)
    let result = try PermutationShapley(budget: 3000, seed: 1).estimate(of: game)
    #expect(result.evaluations == 1 << players)
    #expect(distance(result.values, game.shapleyValues) < 0.2)
  }

  @Test("A tolerance ends the drawing when every error is below it, and not before")
  func tolerance() throws {
    let game = game(10, seed: 9)
    let all = try PermutationShapley(budget: 900, seed: 2).estimate(of: game)
    let largest = try #require(all.standardErrors?.max())
    for factor in [1.5, 3, 10] {
      let tolerance = factor * largest
      let early = try PermutationShapley(budget: 900, seed: 2, tolerance: tolerance).estimate(of: game)
      #expect(try #require(early.standardErrors?.max()) <= tolerance)
      #expect(early.evaluations < all.evaluations)
      #expect(abs(early.efficiencyGap) < 1e-12)
    }
    // Out of reach: the budget decides, and the rounds have drawn what one batch draws.
    let out = try PermutationShapley(budget: 900, seed: 2, tolerance: largest / 100).estimate(of: game)
    #expect(out.values == all.values && out.standardErrors == all.standardErrors)
    #expect(out.evaluations == all.evaluations)
    for bad in [0, -1, .nan, .infinity] {
      #expect(throws: EstimatorError.self) {
        try PermutationShapley(budget: 900, seed: 2, tolerance: bad).estimate(of: game)
      }
    }
  }
}
