import Foundation
import Support
import TestSupport
import Testing

@Suite("svnup explain, end to end")
struct ExplainEndToEndTests {
  let svnup: CommandRunner

  init() throws { svnup = try CommandRunner() }

  static let texts = ["--samples", "4", "--sequence-length", "64"]

  private func explain(_ more: [String], model: String = Inputs.llama3) throws -> JSON {
    let result = try svnup.run(
      ["explain", model, "--data", Inputs.rows] + Self.texts + more + ["--quiet", "--json"])
    try #require(result.status == 0, "\(result.error)")
    return try JSON.parse(Array(result.output.utf8))
  }

  /// The record of the pruning that the walk is a walk through.
  private func prune(_ more: [String], model: String = Inputs.llama3) throws -> JSON {
    try withTemporaryFolder { folder in
      let result = try svnup.run(
        ["prune", model, "--calibration", Inputs.rows, "--sparsity", "0.7", "--windows", "4"] + Self.texts + more + [
          "--output", Path.join(folder, "pruned"), "--quiet", "--json",
        ])
      try #require(result.status == 0, "\(result.error)")
      return try JSON.parse(Array(result.output.utf8))
    }
  }

  @Test(
    "values, sparsity and zeros are those of the pruning", arguments: ["llama3-gqa", "opt-125m"], ["admm", "sparsegpt"])
  func agreement(_ name: String, _ method: String) throws {
    let model = Inputs.model(name)
    let player = name == "opt-125m" ? "2.fc2" : "2.down"
    let walk = try explain(["--player", player, "--method", method], model: model)
    #expect((walk["memory"]?["predicted"]?.integer ?? 0) > 0 && (walk["memory"]?["peak"]?.integer ?? 0) > 0)
    let settings = [
      "--method", method, "--allocation", "shapley", "--probe-sparsity", method == "admm" ? "0.6" : "0.7",
    ]
    let record = try prune(settings + ["--estimator", "diagonal"], model: model)
    let shapley = try #require(record["allocation"]?["shapley"])
    let names = try #require(shapley["names"]?.array).map { $0.text ?? "" }
    let index = try #require(names.firstIndex(of: player))
    #expect(walk["value"]?.double == shapley["values"]?.doubles[index])
    #expect(walk["shapley"]?["values"]?.doubles == shapley["values"]?.doubles)
    #expect(walk["sparsity"]?.double == record["allocation"]?["sparsities"]?[player]?.double)
    let effect = try #require(walk["effects"]?.array?.first)
    let linears = try #require(record["blocks"]?.array?[2]["linears"]?.object).members
    let pruned = try #require(
      linears.first { String(decoding: $0.key, as: UTF8.self).hasSuffix(name == "opt-125m" ? "fc2" : "down_proj") }?
        .value)
    let (count, kept) = (try #require(effect["count"]?.integer), try #require(effect["kept"]?.integer))
    #expect(count == pruned["count"]?.integer)
    #expect(count - kept == pruned["zeros"]?.integer)
    let windows = try prune(settings + ["--estimator", "window"], model: model)
    #expect(walk["windowValue"]?.double == windows["allocation"]?["shapley"]?["values"]?.doubles[index])
  }

  @Test("terms add up: windows to the mean of their sums, nodes to the integral, tenths to what is kept")
  func sums() throws {
    let walk = try explain(["--player", "1.up", "--window", "4", "--nodes", "3"])
    let windows = try #require(walk["windows"]?.array)
    // Linear 12 of 28 is in four windows of four.
    #expect(windows.count == 4)
    for window in windows {
      let terms = try #require(window["terms"]?.array)
      #expect(terms.count == 8)
      let weights = terms.map { $0["weight"]?.double ?? 0 }
      #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
      var sum = 0.0
      for term in terms {
        let marginal = (term["with"]?.double ?? 0) - (term["without"]?.double ?? 0)
        #expect(term["marginal"]?.double == marginal)
        sum += (term["weight"]?.double ?? 0) * marginal
        #expect(term["present"]?.array?.contains { $0.text == "1.up" } == false)
      }
      #expect(abs((window["sum"]?.double ?? 9) - sum) < 1e-12)
    }
    let mean = windows.reduce(0) { $0 + ($1["sum"]?.double ?? 0) } / 4
    #expect(abs((walk["windowValue"]?.double ?? 9) - mean) < 1e-12)
    let path = try #require(walk["path"]?.array)
    #expect(path.count == 3)
    let integral = path.reduce(0) { $0 + ($1["weight"]?.double ?? 0) * ($1["derivative"]?.double ?? 0) }
    #expect(abs((walk["value"]?.double ?? 9) - integral) < 1e-12)
    let effect = try #require(walk["effects"]?.array?.first)
    let tenths = try #require(effect["keptByMagnitude"]?.doubles)
    let share = Double(try #require(effect["kept"]?.integer)) / Double(try #require(effect["count"]?.integer))
    #expect(tenths.count == 10)
    #expect(abs(tenths.reduce(0, +) / 10 - share) < 0.005)
    let rows = try #require(effect["keptOfRows"]?.doubles)
    #expect(rows[0] <= share && share <= rows[1])
  }

  @Test("without a name, the player that is worth most a weight; a block has all of its linears")
  func players() throws {
    let walk = try explain(["--players", "blocks"])
    let values = try #require(walk["shapley"]?["values"]?.doubles)
    // Blocks are of one size.
    let best = try #require(values.indices.max { values[$0] < values[$1] })
    #expect(walk["player"]?.text == "\(best)")
    #expect(walk["rank"]?.integer == 0)
    #expect(walk["effects"]?.array?.count == 7)
    #expect(walk["absence"]?.array?.count == 7)
  }

  @Test("the text has every step; a player that is not there is named")
  func text() throws {
    let result = try svnup.run(["explain", Inputs.llama3, "--data", Inputs.rows, "--player", "0.query"] + Self.texts)
    #expect(result.status == 0, "\(result.error)")
    for heading in [
      "1. What takes its place", "2. What it adds", "3. The path", "4. The sparsity", "5. What that does to it",
    ] { #expect(result.output.contains(heading)) }
    let unknown = try svnup.run(["explain", Inputs.llama3, "--data", Inputs.rows, "--player", "9.query"] + Self.texts)
    #expect(unknown.status == 64)
    #expect(unknown.error.contains("--player 9.query: the players are 0.query to 3.down ("), "\(unknown.error)")
    let half = try svnup.run(["explain", Inputs.llama3, "--data", Inputs.rows, "--player", "3.mlp"] + Self.texts)
    #expect(half.error.contains("among the players 'sublayers' there is one of this name"), "\(half.error)")
  }
}
