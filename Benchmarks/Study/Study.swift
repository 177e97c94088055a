import ShapleyPrune
import Support
import Tokenizer
import Transformer

/// One model on one pair of texts, pruned by SparseGPT again and again.
struct Study {
  private let name: String
  private let model: any CausalLM
  private let choices: Choices
  /// Threads to work on.
  var threads: Int { choices.threads }
  private let stream: [Int]
  private let heldBack: TokenBatch
  private let test: TokenBatch

  init(arguments: [String]) throws {
    guard arguments.count >= 3 else { throw StudyError("MODEL, CALIBRATION and TEST are needed") }
    choices = try Choices(arguments[3...])
    name = Path.name(of: arguments[0])
    model = try ModelDirectory(path: arguments[0]).loadModel()
    func ids(_ path: String) throws -> [Int] {
      guard TokenFile.isTokenFile(path) else {
        return try BPETokenizer(directory: arguments[0]).encode(File.contents(of: path))
      }
      guard case .stream(let ids) = try TokenFile(path: path) else {
        throw StudyError("\(path) must have one dimension")
      }
      return ids
    }
    let calibration = try ids(arguments[1])
    let kept = calibration.count - choices.heldBackWindows * choices.length
    stream = Array(calibration[..<kept])
    heldBack = TokenBatch(windowsOf: Array(calibration[kept...]), length: choices.length)
    test = TokenBatch(windowsOf: try ids(arguments[2]), length: choices.length).first(choices.testWindows)
  }

  /// Makes every combination and reports each.
  func run(_ report: (JSON) -> Void) throws {
    for seed in choices.seeds {
      let samples = try Calibration.samples(
        from: stream, count: choices.samples, length: choices.length, seed: UInt64(seed))
      let ratios = try outlierRatios(of: model, calibration: samples)
      let blocks = model.blocks.map(\.prunableParameters)
      for sparsity in choices.sparsities {
        func measure(_ allocation: SparsityAllocation, _ players: [Player], _ members: [(String, JSON)]) throws {
          var copy = model
          let patterns = allocation.patterns(for: players, blockCount: model.blocks.count)
          _ = try ModelPruner(SparseGPTPruner()).prune(&copy, patterns: patterns, calibration: samples)
          let common: [(String, JSON)] = [
            ("model", JSON(name)), ("seed", JSON(seed)), ("sparsity", JSON(sparsity)),
          ]
          let found: [(String, JSON)] = [
            ("heldBack", JSON(copy.perplexity(heldBack).perplexity)), ("test", JSON(copy.perplexity(test).perplexity)),
            ("sparsities", JSON(allocation.sparsities)),
          ]
          report(JSON(members: common + members + found))
        }
        let whole = Granularity.blocks.cut(model)
        try measure(.uniform(sparsity, playerCount: whole.count), whole, [("rule", "uniform")])
        let owl = try SparsityAllocation.proportional(
          importances: ratios, parameters: blocks, target: sparsity, spread: 0.08, scaling: .linear)
        try measure(owl, whole, [("rule", "owl")])
        try values(samples, sparsity) { values, players, members in
          let parameters = players.map(\.parameters)
          for perWeight in choices.perWeight {
            let importances = perWeight ? try SparsityAllocation.perWeight(values, parameters: parameters) : values
            for rule in choices.rules {
              let allocation = try SparsityAllocation.proportional(
                importances: importances, parameters: parameters, target: sparsity, spread: rule.spread,
                scaling: rule.scaling)
              try measure(
                allocation, players,
                members + [
                  ("perWeight", .bool(perWeight)), ("scaling", JSON(rule.scaling.rawValue)),
                  ("spread", JSON(rule.spread)),
                ])
            }
          }
        }
      }
    }
  }

  /// Shapley values for every choice of players, absence and window.
  private func values(
    _ samples: TokenBatch, _ sparsity: Double,
    _ body: ([Double], [Player], [(String, JSON)]) throws -> Void
  ) throws {
    let windows = samples.first(choices.valueWindows)
    for absence in choices.absences {
      for probe in absence == "bypassed" ? [0] : choices.probes {
        let replaced = try self.absence(absence, to: probe == 0 ? sparsity : probe, samples)
        for kind in choices.players where kind != .linears || absence != "bypassed" {
          var game = MemoisedGame(LayerGame(model, granularity: kind, windows: windows, absence: replaced))
          for estimator in estimators {
            let found = try estimator.estimate(&game)
            try body(
              found.values, kind.cut(model),
              [
                ("rule", "shapley"), ("players", JSON(kind.rawValue)), ("absence", JSON(absence)),
                ("probe", JSON(probe == 0 ? sparsity : probe)), ("window", JSON(estimator.length)),
                ("placement", JSON(estimator.placement.rawValue)),
                ("surroundings", JSON(estimator.surroundings.rawValue)), ("values", JSON(found.values)),
              ])
          }
        }
      }
    }
  }

  private var estimators: [SlidingWindowShapley] {
    choices.windows.flatMap { window in
      choices.placements.flatMap { placement in
        choices.surroundings.map { SlidingWindowShapley(length: window, placement: placement, surroundings: $0) }
      }
    }
  }

  private func absence(_ name: String, to sparsity: Double, _ samples: TokenBatch) throws -> LayerGame.Absence {
    if name == "bypassed" { return .bypassed }
    let pruners: [any Pruner] = [MagnitudePruner(), WandaPruner(), SparseGPTPruner()]
    guard let pruner = pruners.first(where: { $0.name == name }) else {
      throw StudyError("\(name) is no absence: bypassed, \(pruners.map(\.name).joined(separator: ", "))")
    }
    return try .pruned(model, by: pruner, to: sparsity, calibration: samples)
  }
}
