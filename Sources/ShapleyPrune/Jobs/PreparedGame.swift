import Support
import Tensor
import Transformer

/// A game whose text has been read and whose settings are complete: who plays, on which windows, with which probe.
struct PreparedGame {
  let settings: GameSettings
  let windows: TokenBatch
  /// How their text became tokens.
  let text: TextProtocol
  /// The samples that the probe is calibrated on; nil means the windows.
  let calibration: TokenBatch?
  /// Hashes of the files that model, windows and samples came from.
  let hashes: FileHashes
  let memory: WorkingMemory
  let events: any JobEvents
  let stop: StopToken

  /// What the probe, where there is one, and the game hold.
  static func footprint(
    _ forecast: MemoryForecast, _ settings: GameSettings, windows: BatchShape, calibration: BatchShape?
  ) -> [Footprint] {
    let probe = settings.probe.map { probe in
      ModelPruner(probe.pruner, propagation: .dense).footprint(forecast, calibration ?? windows)
        .map { $0.beside(PrunedForm.footprint(forecast, probe.pruner)) }
    }
    let players = settings.granularity.count(
      blocks: forecast.shape.blockCount, linears: forecast.shape.linears.count)
    let game = LayerGame.footprint(
      forecast, windows, settings.granularity, span: settings.estimator.span(playerCount: players),
      probe: settings.probe?.pruner)
    guard settings.estimator.usesDerivatives, let pruner = settings.probe?.pruner else { return (probe ?? []) + [game] }
    return (probe ?? []) + [game, LayerGame.derivativesFootprint(forecast, windows, probe: pruner)]
  }

  /// The values, and what it took to get them in this run.
  func play(
    _ model: any CausalLM, measurements: (any MeasurementStore)?
  ) throws -> (record: ShapleyRecord, cost: ShapleyCost) {
    let start = ContinuousClock.now
    let players = settings.granularity.cut(model)
    let coalitions = try settings.estimator.coalitions(playerCount: players.count)
    let restored = measurements?.count(windows: windows.sequences) ?? 0
    return try events.during("Shapley values", unit: "block applications") { update in
      var game = MemoisedGame(
        try game(model, for: coalitions, measurements: measurements, progress: update))
      try predict(game.game, coalitions, measurements)
      let values = try settings.estimator.estimate(&game)
      stop.end()
      var record = ShapleyRecord()
      record.values = values
      record.settings = settings
      record.names = players.map(\.name)
      describe(&record)
      record.applications = game.game.forwardStepsAsked
      record.naiveApplications = game.evaluatedCount * game.game.forwardStepCount
      let cost = ShapleyCost(
        seconds: (ContinuousClock.now - start).seconds, evaluated: max(0, game.evaluatedCount - restored),
        restored: restored)
      return (record, cost)
    }
  }

  /// Evaluates coalitions into a store.
  func evaluate(_ coalitions: [Coalition], _ model: any CausalLM, into measurements: any MeasurementStore) throws {
    try events.during("coalitions", unit: "block applications") { update in
      var game = try game(model, for: coalitions, measurements: measurements, progress: update)
      try predict(game, coalitions, measurements)
      _ = try game.values(of: coalitions)
      stop.end()
    }
  }

  /// Writes down what the values are measured on.
  func describe(_ record: inout ShapleyRecord) {
    record.windows = windows.sequences
    record.text = text
    record.sequenceLength = windows.length
    record.samples = settings.probe == nil ? nil : (calibration ?? windows).sequences
    record.hashes = hashes.json
  }

  private func game(
    _ model: any CausalLM, for coalitions: [Coalition]?, measurements: (any MeasurementStore)?,
    progress: @escaping (Int, Int) -> Void
  ) throws -> LayerGame {
    LayerGame(
      model, granularity: settings.granularity, windows: windows,
      absence: try absence(model, for: coalitions, measurements), value: settings.value, memory: memory,
      measurements: measurements, stop: stop, progress: progress)
  }

  /// What absent players are; nothing is pruned for coalitions that are all known.
  private func absence(
    _ model: any CausalLM, for coalitions: [Coalition]?, _ measurements: (any MeasurementStore)?
  ) throws -> LayerGame.Absence {
    guard let probe = settings.probe else { return .bypassed }
    if let coalitions, !settings.estimator.usesDerivatives, missing(coalitions, measurements).isEmpty {
      return .replaced([])
    }
    return try events.during("probe", unit: "blocks") { update in
      try LayerGame.Absence.pruned(
        model, by: ModelPruner(probe.pruner, propagation: .dense, memory: memory),
        to: probe.sparsity ?? GameSettings.Probe.usualSparsity, calibration: calibration ?? windows, progress: update)
    }
  }

  private func missing(_ coalitions: [Coalition], _ measurements: (any MeasurementStore)?) -> [Coalition] {
    coalitions.filter { measurements?.means(of: $0, windows: 0..<windows.sequences) == nil }
  }

  /// Tells how long it will take, from one step and one loss that are timed.
  private func predict(
    _ game: LayerGame, _ coalitions: [Coalition]?, _ measurements: (any MeasurementStore)?
  ) throws {
    guard let coalitions else { return }
    let missing = missing(coalitions, measurements)
    let nodes = settings.estimator.derivativeCount
    guard !missing.isEmpty || nodes > 0 else { return }
    let steps = game.forwardStepsNeeded(for: missing) + nodes * LayerGame.passesOfNode * game.forwardStepCount
    let step = ContinuousClock().measure { game.applyFirstStep() }.seconds
    let loss = ContinuousClock().measure { game.computeFirstLoss() }.seconds
    let ofFirstStrip = step * Double(steps) + loss * Double(missing.count)
    let seconds = ofFirstStrip / max(game.shareOfFirstStrip, 1e-9)
    let unit = settings.granularity == .blocks ? "blocks" : "sublayers"
    events.note(
      "Shapley values: \(missing.count) coalitions, \(nodes > 0 ? "derivatives at \(nodes) nodes, " : "")\(steps) \(unit) to apply to "
        + "\(windows.sequences) windows of \(windows.length) tokens: about \(Duration.seconds(seconds).clock)")
  }
}

/// What it took to get Shapley values in one run.
public struct ShapleyCost: Sendable {
  /// The time, without reading the model.
  public let seconds: Double
  /// Coalitions that were evaluated in this run.
  public let evaluated: Int
  /// Coalitions whose values were known from a run before.
  public let restored: Int
}
