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
    let probing =
      settings.probe.map { probe in
        ModelPruner(probe.pruner, propagation: .dense).footprint(forecast, calibration ?? windows)
          .map { $0.beside(PrunedForm.footprint(forecast, probe)) }
      } ?? []
    let players = settings.granularity.count(
      blocks: forecast.shape.blockCount, linears: forecast.shape.linears.count)
    let game = LayerGame.footprint(
      forecast, windows, settings.granularity, span: settings.estimator.span(playerCount: players),
      probe: settings.probe)
    guard settings.estimator.usesDerivatives, let probe = settings.probe else { return probing + [game] }
    return probing + [game, LayerGame.derivativesFootprint(forecast, windows, probe: probe)]
  }

  /// The values, and what it took to get them in this run.
  func play(
    _ model: any CausalLM, measurements: (any MeasurementStore)?
  ) throws -> (record: ShapleyRecord, cost: ShapleyCost) {
    let start = ContinuousClock.now
    let players = settings.granularity.cut(model)
    let wanted = try settings.estimator.measurements(playerCount: players.count, windows: windows.sequences)
    let restored = measurements?.count(windows: windows.sequences) ?? 0
    return try events.during("Shapley values", unit: settings.granularity.applications) { update in
      var game = MemoisedGame(
        try game(model, for: wanted, measurements: measurements, progress: update))
      try predict(game.game, wanted, measurements)
      let values = try settings.estimator.estimate(&game)
      stop.end()
      let record = record(of: values, players, game)
      let slopes = settings.estimator.presences.count * windows.sequences
      let cost = ShapleyCost(
        seconds: (ContinuousClock.now - start).seconds, evaluated: max(0, game.evaluatedCount + slopes - restored),
        restored: restored)
      return (record, cost)
    }
  }

  /// The record of values that were estimated on a game.
  func record(of values: ShapleyValues, _ players: [Player], _ game: MemoisedGame<LayerGame>) -> ShapleyRecord {
    var record = ShapleyRecord()
    record.values = values
    record.settings = settings
    record.names = players.map(\.name)
    describe(&record)
    record.applications = game.game.forwardStepsAsked
    record.naiveApplications = game.evaluatedCount * game.game.forwardStepCount
    return record
  }

  /// Measures into a store.
  func measure(_ wanted: [Measurement], _ model: any CausalLM, into measurements: any MeasurementStore) throws {
    var coalitions: [Coalition] = []
    var slopes: [(presence: Double, windows: [Int])] = []
    for measurement in wanted {
      switch measurement {
      case .coalition(let coalition): coalitions.append(coalition)
      case .slope(let presence, let window):
        if slopes.last?.presence != presence { slopes.append((presence, [])) }
        slopes[slopes.count - 1].windows.append(window)
      }
    }
    try events.during("measurements", unit: settings.granularity.applications) { update in
      var game = try game(model, for: wanted, measurements: measurements, progress: update)
      try predict(game, wanted, measurements)
      if !coalitions.isEmpty { _ = try game.values(of: coalitions) }
      _ = try game.slopes(slopes)
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

  /// The game itself, with its probe where something is to be measured.
  func game(
    _ model: any CausalLM, for wanted: [Measurement]?, measurements: (any MeasurementStore)?,
    progress: @escaping (Int, Int) -> Void
  ) throws -> LayerGame {
    LayerGame(
      model, granularity: settings.granularity, windows: windows,
      absence: try absence(model, for: wanted, measurements), value: settings.value, memory: memory,
      measurements: measurements, stop: stop, progress: progress)
  }

  /// The forward steps of all coalitions and nodes on one window, and how many coalitions there are; nothing is computed.
  func stepCount(_ model: any CausalLM) throws -> (steps: Int, ofAll: Int, coalitions: Int) {
    // For counting, it does not matter what the pruned forms are.
    let counted = LayerGame(
      model, granularity: settings.granularity, windows: windows,
      absence: settings.probe == nil ? .bypassed : .replaced([]), memory: WorkingMemory(packedWeightBytes: 0))
    let coalitions = try settings.estimator.coalitions(playerCount: counted.playerCount) ?? []
    let nodes = settings.estimator.presences.count * LayerGame.passesOfNode * counted.forwardStepCount
    return (counted.forwardStepsNeeded(for: coalitions) + nodes, counted.forwardStepCount, coalitions.count)
  }

  /// What absent players are; nothing is pruned where everything is known.
  private func absence(
    _ model: any CausalLM, for wanted: [Measurement]?, _ measurements: (any MeasurementStore)?
  ) throws -> LayerGame.Absence {
    guard let probe = settings.probe else { return .bypassed }
    if let wanted, missing(wanted, measurements).isEmpty {
      return .replaced([])
    }
    return try events.during("probe", unit: "blocks") { update in
      try LayerGame.Absence.pruned(
        model, by: ModelPruner(probe.pruner, propagation: .dense, memory: memory),
        to: probe.sparsity ?? GameSettings.Probe.usualSparsity, calibration: calibration ?? windows, progress: update)
    }
  }

  private func missing(_ wanted: [Measurement], _ measurements: (any MeasurementStore)?) -> [Measurement] {
    guard let measurements else { return wanted }
    return wanted.filter { !measurements.holds($0, windows: windows.sequences) }
  }

  /// Tells how long it will take, from one step and one loss that are timed.
  private func predict(
    _ game: LayerGame, _ wanted: [Measurement]?, _ measurements: (any MeasurementStore)?
  ) throws {
    guard let wanted else { return }
    let missing = missing(wanted, measurements)
    guard !missing.isEmpty else { return }
    let coalitions = missing.compactMap { if case .coalition(let coalition) = $0 { coalition } else { nil } }
    let nodes = Double(missing.count - coalitions.count) / Double(windows.sequences)
    let steps =
      Double(game.forwardStepsNeeded(for: coalitions)) + nodes * Double(LayerGame.passesOfNode * game.forwardStepCount)
    let step = ContinuousClock().measure { game.applyFirstStep() }.seconds
    let loss = ContinuousClock().measure { game.computeFirstLoss() }.seconds
    let ofFirstStrip = step * steps + loss * Double(coalitions.count)
    let seconds = ofFirstStrip / max(game.shareOfFirstStrip, 1e-9)
    let unit = settings.granularity == .blocks ? "blocks" : "sublayers"
    events.note(
      "Shapley values: \(coalitions.count) coalitions, \(nodes > 0 ? "derivatives at \(Int(nodes.rounded(.up))) nodes, " : "")\(Int(steps.rounded(.up))) \(unit) to apply to "
        + "\(windows.sequences) windows of \(windows.length) tokens: about \(Duration.seconds(seconds).clock)")
  }
}

/// What it took to get Shapley values in one run.
public struct ShapleyCost: Sendable {
  /// The time, without reading the model.
  public let seconds: Double
  /// Coalitions, and slopes of windows, that were measured in this run.
  public let evaluated: Int
  /// Those that were known from a run before.
  public let restored: Int
}
