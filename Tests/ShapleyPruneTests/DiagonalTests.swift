import ShapleyPrune
import Support
import Tensor
import TestSupport
import Testing
import Transformer

/// Values on the diagonal: on games with closed forms, and on the random models.
@Suite struct DiagonalTests {
  @Test(
    "The multilinear extension has the Shapley values, exactly from half as many nodes as the largest carrier has players"
  )
  func unanimity() throws {
    var generator = SeededGenerator(seed: 11)
    for players in [1, 2, 5, 9, 16] {
      let game = UnanimityGame.random(playerCount: players, terms: 12, using: &generator)
      let largest = game.terms.map(\.carrier.count).max() ?? 0
      var memoised = MemoisedGame(game)
      let result = try DiagonalShapley(nodes: (largest + 1) / 2).estimate(&memoised)
      #expect(zip(result.values, game.shapleyValues).allSatisfy { abs($0 - $1) < 1e-12 })
      #expect(abs(result.efficiencyGap) < 1e-12)
      #expect(result.evaluations == 0 && result.additionalEvaluations == 2)
      var many = MemoisedGame(game)
      let fine = try DiagonalShapley(nodes: 64).estimate(&many)
      #expect(zip(fine.values, game.shapleyValues).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  @Test("Too few nodes miss: one of them integrates straight lines only")
  func tooFew() throws {
    var game = MemoisedGame(UnanimityGame(playerCount: 4, terms: [.init(carrier: [0, 1, 2, 3], coefficient: 1)]))
    #expect(try abs(DiagonalShapley(nodes: 1).estimate(&game).values[0] - 0.125) < 1e-15)
    #expect(try abs(DiagonalShapley(nodes: 2).estimate(&game).values[0] - 0.25) < 1e-15)
  }

  @Test("A game of whole coalitions, a game without players, and numbers of nodes that are not offered")
  func refusals() throws {
    var additive = MemoisedGame(AdditiveGame(weights: [1, 2]))
    #expect(throws: EstimatorError.noDerivatives) { try DiagonalShapley().estimate(&additive) }
    #expect(throws: EstimatorError.noPlayers) { try DiagonalShapley().check(playerCount: 0) }
    for nodes in [0, 65] {
      #expect(throws: EstimatorError.nodeCount(nodes, limit: 64)) {
        try DiagonalShapley(nodes: nodes).check(playerCount: 2)
      }
    }
  }

  private static func game(
    _ name: String, _ granularity: Granularity = .linears, value: LayerGame.Value = .nll, stripRows: Int = 4096,
    stop: StopToken = StopToken(), by pruner: any Pruner = WandaPruner()
  ) throws -> MemoisedGame<LayerGame> {
    let model = try TinyModels.load(name)
    let windows = try TinyModels.calibration().first(6)
    let absence = try LayerGame.Absence.pruned(model, by: pruner, to: 0.5, calibration: windows)
    return MemoisedGame(
      LayerGame(
        model, granularity: granularity, windows: windows, absence: absence, value: value,
        memory: WorkingMemory(stripRows: stripRows), stop: stop))
  }

  @Test("The values add up to what pruning all costs, by either worth and either form", arguments: TinyModels.names)
  func efficiency(name: String) throws {
    for value in LayerGame.Value.allCases {
      for pruner: any Pruner in [WandaPruner(), SparseGPTPruner()] {
        var game = try Self.game(name, value: value, by: pruner)
        // Random weights bend the path more than trained ones.
        let result = try DiagonalShapley(nodes: 64).estimate(&game)
        #expect(result.values.count == game.playerCount)
        let scale = result.values.reduce(0) { $0 + abs($1) }
        // Weights of F16 round on the path; ReLUs have kinks there.
        #expect(
          abs(result.efficiencyGap) < 0.01 * scale, "\(value), \(pruner.name): \(result.efficiencyGap) of \(scale)")
      }
    }
  }

  @Test("The value of a block is the sum of those of its linears", arguments: TinyModels.names)
  func granularity(name: String) throws {
    var (linears, blocks) = (try Self.game(name), try Self.game(name, .blocks))
    let fine = try DiagonalShapley(nodes: 2).estimate(&linears).values
    let coarse = try DiagonalShapley(nodes: 2).estimate(&blocks).values
    let size = fine.count / coarse.count
    for (index, value) in coarse.enumerated() {
      let sum = fine[index * size..<(index + 1) * size].reduce(0, +)
      #expect(abs(sum - value) <= 1e-12 * fine.reduce(0) { $0 + abs($1) })
    }
  }

  @Test("The same to the bit for any number of threads and any strips", arguments: TinyModels.names)
  func threads(name: String) throws {
    func values(_ threads: Int, stripRows: Int) throws -> [Double] {
      try Parallel.$threadCount.withValue(threads) {
        var game = try Self.game(name, stripRows: stripRows)
        return try DiagonalShapley(nodes: 2).estimate(&game).values
      }
    }
    let one = try values(1, stripRows: 4096)
    for (threads, rows) in [(2, 4096), (5, 4096), (2, 1)] {
      #expect(try values(threads, stripRows: rows) == one, "\(threads) threads, \(rows) rows")
    }
  }

  @Test("What a store holds is not measured again, and the values are the same to the bit")
  func resuming() throws {
    let model = try TinyModels.load("opt-125m")
    let windows = try TinyModels.calibration().first(5)
    let absence = try LayerGame.Absence.pruned(model, by: WandaPruner(), to: 0.5, calibration: windows)
    func derivatives(_ store: any MeasurementStore, _ absence: LayerGame.Absence) throws -> [[Double]]? {
      var game = LayerGame(
        model, windows: windows, absence: absence, memory: WorkingMemory(stripRows: 1), measurements: store)
      return try game.derivatives(at: [0.25, 0.5])
    }
    let whole = MeasurementsInMemory()
    let expected = try #require(try derivatives(whole, absence))
    #expect(whole.count(windows: 5) == 10)
    // Some windows of both presences, and none between them.
    let part = MeasurementsInMemory()
    for (presence, window) in [(0.25, 0), (0.25, 3), (0.5, 1)] {
      part.enter(try #require(whole.slope(at: presence, window: window)), at: presence, window: window)
    }
    #expect(try derivatives(part, absence) == expected)
    // With everything known no form is needed; without, there is nothing to measure with.
    #expect(try derivatives(whole, .replaced([])) == expected)
    #expect(try derivatives(MeasurementsInMemory(), .replaced([])) == nil)
  }

  @Test("A run that is told to stop says that nothing is kept, and bypassed blocks have no derivatives")
  func stopping() throws {
    let stop = StopToken()
    var game = try Self.game("llama-v1", stop: stop)
    stop.requestStop()
    #expect(throws: Interruption.self) { try game.derivatives(at: [0.5]) }
    let model = try TinyModels.load("llama-v1")
    var bypassed = LayerGame(
      model, granularity: .blocks, windows: try TinyModels.calibration().first(2), absence: .bypassed)
    #expect(try bypassed.derivatives(at: [0.5]) == nil)
  }
}
