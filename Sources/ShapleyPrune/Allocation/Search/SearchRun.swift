import Support
import Tensor
import Transformer

/// A search whose start is known: the part of a pruning that looks for a better allocation.
struct SearchRun {
  let settings: AllocationSearch
  let model: any CausalLM
  /// What prunes in the end.
  let pruner: ModelPruner
  let calibration: TokenBatch
  /// Windows that neither samples nor the search touch.
  let heldBack: TokenBatch
  let seed: Int
  let events: any JobEvents
  let stop: StopToken
  let journal: SearchJournal?

  /// The windows that candidates are measured on: the first samples.
  private var windows: TokenBatch { calibration.first(AllocationSearch.windows) }

  /// The better of a start and what the search makes of it, by the perplexity on the windows that were held back.
  ///
  /// Throws `PruningError`, `Interruption` where the token says stop, and what the journal throws.
  func improve(_ start: SharedSparsity) throws -> SharedSparsity {
    let players = Granularity.linears.cut(model)
    let counts = players.map(\.parameters)
    let zeros = players.map { player in
      let sparsity = player.roles.first.map { start.patterns[player.block][$0].sparsity } ?? 0
      return CountingRule.exact.count(player.parameters, sparsity)
    }
    var (floor, ceiling) = (0.0, 1.0)
    if case .values(_, _, let map) = settings.start { (floor, ceiling) = (map.floor, map.ceiling) }
    let rows = players.map { player in player.roles.first.map { model.blocks[player.block][$0].weight.rows } ?? 1 }
    let levels = SearchLevels(
      counts: counts, start: zeros, floor: floor, ceiling: ceiling, rows: pruner.pruner.choosesAcrossRows ? nil : rows)
    let found = try search(levels)
    var record = SearchRecord()
    record.start = settings.start.name
    record.generations = settings.generations
    record.accepted = found.accepted
    record.windows = AllocationSearch.stages.map { min($0.windows, windows.sequences) }
    record.step = levels.step
    (record.startDivergence, record.divergence) = (found.startFitness, found.state.fitness)
    record.heldBack = heldBack.sequences
    func shared(_ chosen: [Int]) throws -> SharedSparsity {
      try start.searched(players, levels, at: chosen, model)
    }
    events.note(
      "search: divergence \(found.startFitness.fixed(4)) at the start, \(found.state.fitness.fixed(4)) after "
        + "\(settings.generations) generations, \(found.accepted) of which changed the allocation")
    var result = try shared(levels.origin)
    if found.state.levels == levels.origin {
      events.note("search: no other allocation came out better, so the start is kept")
      record.kept = .start
    } else {
      let better = try shared(found.state.levels)
      let perplexities = try [("start", result), ("found", better)].map { name, shared in
        try SpreadSearch.perplexity(
          "allocation \(name)", shared.patterns, model, by: pruner, calibration: calibration, heldBack: heldBack,
          events: events)
      }
      (record.startPerplexity, record.perplexity) = (perplexities[0], perplexities[1])
      // Not a number is never below another.
      if perplexities[1] < perplexities[0] || !perplexities[0].isFinite {
        result = better
      } else {
        record.kept = .start
        events.note(
          "search: the allocation that was found does not help on text that was held back, so the start is kept")
      }
    }
    result.record.search = record
    return result
  }

  /// What the generations came to.
  private struct Outcome {
    var state: SearchState
    var startFitness: Double
    var accepted = 0
  }

  private func search(_ levels: SearchLevels) throws -> Outcome {
    let known = try replay(levels)
    var outcome = known?.outcome ?? Outcome(state: SearchState(levels: levels.origin, fitness: 0), startFitness: 0)
    let first = known?.generations ?? -1
    if first > 0, let journal { events.note("\(journal.path): going on from generation \(first)") }
    guard first < settings.generations else { return outcome }
    do {
      let dense = try events.during("dense model", unit: "windows") {
        try DenseDistribution(of: model, on: windows, memory: pruner.memory, stop: stop, progress: $0)
      }
      var densePruner = ModelPruner(pruner.pruner, propagation: .dense, memory: pruner.memory)
      densePruner.sensitivity = pruner.sensitivity
      let database = try events.during("levels", unit: "blocks") {
        try LevelDatabase(of: model, levels, by: densePruner, calibration: calibration, stop: stop, progress: $0)
      }
      let loop = SearchLoop(levels, windows: windows.sequences, seed: UInt64(bitPattern: Int64(seed)))
      func fitness(_ levels: [Int], _ windows: [Int]) throws -> Double {
        try stop.check()
        return database.divergence(at: levels, from: dense, windows: windows, memory: pruner.memory)
      }
      try events.during("search", unit: "generations") { update in
        if first < 0 {
          outcome.state = SearchState(levels: levels.origin, fitness: try fitness(levels.origin, loop.allWindows))
          outcome.startFitness = outcome.state.fitness
          try journal?.enter(SearchJournal.Entry(levels: nil, fitness: outcome.startFitness))
        }
        for generation in max(0, first)..<settings.generations {
          let next = try loop.next(after: outcome.state, generation: generation + 1, fitness: fitness)
          let isNew = next.levels != outcome.state.levels
          if isNew { outcome.accepted += 1 }
          outcome.state = next
          try journal?.enter(SearchJournal.Entry(levels: isNew ? next.levels : nil, fitness: next.fitness))
          update(generation + 1, settings.generations)
        }
      }
    } catch is StopRequested {
      try journal?.synchronize()
      throw Interruption(
        location: journal?.path, measured: max(0, (journal?.entries.count ?? 0) - 1), unit: "generations")
    }
    stop.end()
    return outcome
  }

  /// What the journal knows; nil where it knows nothing.
  private func replay(_ levels: SearchLevels) throws(JournalError) -> (outcome: Outcome, generations: Int)? {
    guard let journal, let start = journal.entries.first else { return nil }
    var outcome = Outcome(
      state: SearchState(levels: levels.origin, fitness: start.fitness), startFitness: start.fitness)
    // A journal of more generations serves a run of fewer.
    let entries = journal.entries.dropFirst().prefix(settings.generations)
    for entry in entries {
      outcome.state.fitness = entry.fitness
      guard let chosen = entry.levels else { continue }
      guard levels.allow(chosen) else { throw .otherRun(journal.path) }
      outcome.state.levels = chosen
      outcome.accepted += 1
    }
    return (outcome, entries.count)
  }

  /// What the search holds: while linears are pruned to all levels, and while candidates are measured.
  static func footprint(_ forecast: MemoryForecast, _ samples: BatchShape, _ pruner: ModelPruner) -> [Footprint] {
    let windows = BatchShape(sequences: min(samples.sequences, AllocationSearch.windows), length: samples.length)
    let database = LevelDatabase.footprint(forecast, pruner.pruner)
    let dense = DenseDistribution.footprint(forecast, windows)
    let making = ModelPruner(pruner.pruner, propagation: .dense, memory: pruner.memory).footprint(forecast, samples)
    return making.map { Footprint("levels", $0.parts + database + dense.prefix(1)) }
      + [Footprint("search", [forecast.weights] + database + dense + forecast.block(windows))]
  }
}

extension SharedSparsity {
  /// The allocation that a search came to, with what the record says of this one, its start.
  fileprivate func searched(
    _ players: [Player], _ levels: SearchLevels, at chosen: [Int], _ model: any CausalLM
  ) throws -> SharedSparsity {
    let allocation = try SparsityAllocation(chosen.indices.map { levels.sparsity($0, at: chosen[$0]) })
    var shared = try SharedSparsity(Allocation.search().name, allocation, .linears, model)
    shared.record.spread = record.spread
    shared.record.scaling = record.scaling
    shared.record.shapley = record.shapley
    shared.record.tries = record.tries
    return shared
  }
}
