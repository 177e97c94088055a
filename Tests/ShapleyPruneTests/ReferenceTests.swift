import Foundation
import ShapleyPrune
import Support
import Testing

/// Four small models, whose complete tables of 16 coalitions an independent program evaluated.
@Suite struct ReferenceTests {
  static let cases: [(String, String)] = ["llama-v1", "llama3-gqa", "opt-125m", "opt-350m"].flatMap { model in
    ["nll/bypass", "nll/probe", "ppl/bypass", "ppl/probe"].map { (model, $0) }
  }

  private func table(_ model: String, _ key: String) throws -> JSON {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/reference/\(model)/expected.json")
    let document = try JSON.parse(Array(Data(contentsOf: path)))
    return try #require(document["shapley"]?[key])
  }

  private func numbers(_ json: JSON?) throws -> [Double] { try #require(json?.array).compactMap(\.double) }

  private func game(_ table: JSON) throws -> TableGame {
    let members = try #require(table["coalitions"]?.object).members
    #expect(members.count == 16)
    var values = [Double](repeating: .nan, count: 16)
    for (key, value) in members {
      let coalition = try #require(Coalition(String(decoding: key, as: UTF8.self)))
      values[TableGame.index(coalition)] = try #require(value.double)
    }
    return TableGame(playerCount: 4, table: values)
  }

  @Test("Exact and window values agree to 1e-9 of the range", arguments: cases)
  func estimators(model: String, key: String) throws {
    let table = try table(model, key)
    let game = try game(table)
    let range = try #require(game.table.max()) - #require(game.table.min())
    var compared = 0
    func compare(_ estimator: some ShapleyEstimator, _ member: String) throws {
      let result = try estimator.estimate(of: game)
      #expect(try distance(result.values, numbers(table[member])) <= 1e-9 * range, "\(member)")
      #expect(result.grandValue == table["v_full"]?.double)
      #expect(result.emptyValue == table["v_empty"]?.double)
      compared += 1
    }
    try compare(ExactShapley(), "exact")
    for length in 1...4 {
      for (placement, name) in [(WindowPlacement.centred, "center"), (.averaged, "average")] {
        for (surroundings, suffix) in [(Surroundings.intact, "present"), (.absent, "absent")] {
          try compare(
            SlidingWindowShapley(length: length, placement: placement, surroundings: surroundings),
            "window\(length)/\(name)/\(suffix)")
        }
      }
    }
    #expect(compared == 17)
  }

  @Test("OWL's map of the exact values agrees to 1e-9", arguments: cases)
  func budgets(model: String, key: String) throws {
    let table = try table(model, key)
    let allocation = try SparsityAllocation.published(
      importances: numbers(table["exact"]), target: 0.7, spread: 0.08)
    #expect(try distance(allocation.sparsities, numbers(table["budget70_lam0.08"])) <= 1e-9)
  }

  @Test("For blocks of one size and no clamping our map is OWL's", arguments: cases)
  func equalBlocks(model: String, key: String) throws {
    let importances = try numbers(table(model, key)["exact"])
    let ours = try SparsityAllocation.proportional(
      importances: importances, parameters: [5, 5, 5, 5], target: 0.7, spread: 0.08, scaling: .linear)
    let owl = try SparsityAllocation.published(importances: importances, target: 0.7, spread: 0.08)
    #expect(distance(ours.sparsities, owl.sparsities) < 1e-12)
  }
}
