import ShapleyPrune
import Support
import Transformer

/// Which game the parts of a model play, and how its Shapley values are estimated.
struct GameSettings: Equatable, Sendable {
  var players = Granularity.linears
  var estimator = EstimatorDescription.window(length: 3, placement: .averaged, surroundings: .intact)
  /// How an absent player is pruned; nil where it is skipped.
  var probe: Probe? = Probe()
  var value = LayerGame.Value.nll

  /// A pruning method with its sparsity.
  struct Probe: Equatable, Sendable {
    var method = PruningMethodChoice.wanda
    var sparsity = 0.7
    /// SparseGPT's settings; for other methods they stay as they are.
    var dampening = 0.01
    var blockSize = 128

    var pruner: any Pruner { method.pruner(dampening: dampening, blockSize: blockSize) }
  }

  init() {}

  /// What the command line says; options that a command lacks are given.
  init(
    _ arguments: Arguments, probeSparsity: Double, dampening: Double = 0.01, blockSize: Int = 128, seed: Int
  ) {
    let isBypassing = arguments[GameOptions.absence] == .bypassed
    players = arguments[GameOptions.players] ?? (isBypassing ? .blocks : .linears)
    switch arguments[GameOptions.estimator] {
    case .exact: estimator = .exact
    case .window:
      estimator = .window(
        length: arguments[GameOptions.window], placement: arguments[GameOptions.placement], surroundings: .intact)
    case .permutation:
      estimator = .permutation(
        budget: arguments[GameOptions.evaluations], seed: UInt64(seed), tolerance: arguments[GameOptions.tolerance])
    }
    probe = nil
    if !isBypassing {
      let method = arguments[GameOptions.probeMethod]
      probe = Probe(method: method, sparsity: probeSparsity)
      if method == .sparsegpt {
        probe?.dampening = dampening
        probe?.blockSize = blockSize
      }
    }
    value = arguments[GameOptions.value]
  }

  /// Players of a model that is not loaded yet.
  func playerCount(_ source: ModelSource) -> Int {
    players.count(blocks: source.directory.blockCount, linears: source.directory.shape.linears.count)
  }

  /// Throws where the estimator cannot play with so many players; told before any work.
  func check(playerCount: Int) throws { try estimator.estimator.check(playerCount: playerCount) }
}

// In files: a flat object, whose first members are the estimator's.
extension GameSettings {
  var members: [(String, JSON)] {
    let isGPT = probe?.method == .sparsegpt
    return [("players", JSON(players.rawValue))] + estimator.members + [
      ("value", JSON(value.rawValue)), ("absence", JSON(probe == nil ? "bypassed" : "pruned")),
      ("probeMethod", probe.map { JSON($0.method.rawValue) } ?? .null),
      ("probeSparsity", probe.map { JSON($0.sparsity) } ?? .null),
      ("probeDampening", isGPT ? probe.map { JSON($0.dampening) } ?? .null : .null),
      ("probeBlockSize", isGPT ? probe.map { JSON($0.blockSize) } ?? .null : .null),
    ]
  }

  /// Reads what `members` wrote.
  ///
  /// Throws `ShapleyValuesError` for the estimator's members and `InputError` for others.
  init(json: JSON, source: String) throws {
    let fields = JSONFields(json, source: source)
    players = try fields.word("players")
    estimator = try EstimatorDescription(json: json, source: source)
    value = try fields.word("value")
    let absence: AbsenceChoice = try fields.word("absence")
    probe = nil
    if absence == .pruned {
      var probe = Probe(method: try fields.word("probeMethod"), sparsity: try fields.number("probeSparsity", in: 0...1))
      if probe.method == .sparsegpt {
        probe.dampening = try fields.number("probeDampening", in: 0...1)
        probe.blockSize = try fields.integer("probeBlockSize", in: 1...65_536)
      }
      self.probe = probe
    }
    guard probe != nil || players != .linears else { throw fields.failure("absence", "a linear cannot be skipped") }
  }
}
