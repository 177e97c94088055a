import ShapleyPrune
import Support
import Tensor
import Transformer

/// The game of a model's parts, ready to be played: who plays, on which text, with which probe.
struct ShapleyGame {
  var settings = GameSettings()
  let windows: TokenBatch
  /// The samples that the probe is calibrated on; nil means the windows.
  let calibration: TokenBatch?
  /// Hashes of the files that model, windows and samples came from.
  var hashes = JSON.null

  /// What was done to get the values, beside what `ShapleyReport` tells.
  struct Cost {
    let seconds: Double
    /// Coalitions that were evaluated in this run, those left out whose values were known.
    let evaluated: Int
    let restored: Int

    var json: JSON { ["seconds": JSON(seconds), "evaluated": JSON(evaluated), "fromJournal": JSON(restored)] }

    var text: String {
      "\(evaluated) coalitions evaluated in \(seconds.fixed(1)) s"
        + (restored > 0 ? ", \(restored) taken from the journal" : "")
    }
  }

  /// The text that the values are of.
  var text: ShapleyReport.Text {
    ShapleyReport.Text(
      windows: windows.sequences, length: windows.length,
      samples: settings.probe == nil ? nil : (calibration ?? windows).sequences)
  }

  /// Plays the game and returns the values with what they cost.
  func play(
    _ model: any CausalLM, memory: WorkingMemory = WorkingMemory(), measurements: (any MeasurementStore)? = nil,
    console: Console
  ) throws -> (report: ShapleyReport, cost: Cost) {
    let start = ContinuousClock.now
    let estimator = settings.estimator.estimator
    let players = settings.players.cut(model)
    let coalitions = try estimator.coalitions(playerCount: players.count)
    let restored = measurements?.count(windows: windows.sequences) ?? 0
    let progress = console.progress("Shapley values", unit: "block applications")
    defer { progress.finish() }
    var game = MemoisedGame(
      LayerGame(
        model, granularity: settings.players, windows: windows,
        absence: try absence(model, for: coalitions, memory, measurements, console), value: settings.value,
        memory: memory, measurements: measurements, stop: StopToken(polling: Termination.isRequested),
        progress: progress.update))
    try predict(game.game, coalitions, measurements, console)
    let values = try estimator.estimate(&game)
    Termination.endDeferring()
    let report = ShapleyReport(
      values: values, settings: settings, names: players.map(\.name), text: text,
      applications: game.game.forwardStepsAsked,
      naiveApplications: game.evaluatedCount * game.game.forwardStepCount,
      hashes: hashes)
    let cost = Cost(
      seconds: (ContinuousClock.now - start).seconds, evaluated: max(0, game.evaluatedCount - restored),
      restored: restored)
    return (report, cost)
  }

  /// Evaluates coalitions into a store of measurements.
  func evaluate(
    _ coalitions: [Coalition], _ model: any CausalLM, memory: WorkingMemory, measurements: any MeasurementStore,
    console: Console
  ) throws {
    let progress = console.progress("coalitions", unit: "block applications")
    defer { progress.finish() }
    var game = LayerGame(
      model, granularity: settings.players, windows: windows,
      absence: try absence(model, for: coalitions, memory, measurements, console), value: settings.value,
      memory: memory, measurements: measurements, stop: StopToken(polling: Termination.isRequested),
      progress: progress.update)
    try predict(game, coalitions, measurements, console)
    _ = try game.values(of: coalitions)
    Termination.endDeferring()
  }

  /// What absent players are; nothing is pruned for coalitions that are all known.
  private func absence(
    _ model: any CausalLM, for coalitions: [Coalition]?, _ memory: WorkingMemory,
    _ measurements: (any MeasurementStore)?, _ console: Console
  ) throws -> LayerGame.Absence {
    guard let probe = settings.probe else { return .bypassed }
    if let coalitions, missing(coalitions, measurements).isEmpty { return .replaced([]) }
    let progress = console.progress("probe", unit: "blocks")
    defer { progress.finish() }
    let absence = try LayerGame.Absence.pruned(
      model, by: ModelPruner(probe.pruner, propagation: .dense, memory: memory), to: probe.sparsity,
      calibration: calibration ?? windows, progress: progress.update)
    AlignedStorage.trim()
    return absence
  }

  private func missing(_ coalitions: [Coalition], _ measurements: (any MeasurementStore)?) -> [Coalition] {
    coalitions.filter { measurements?.means(of: $0, windows: 0..<windows.sequences) == nil }
  }

  /// Tells how long it will take, from one forward step and one loss that are timed.
  private func predict(
    _ game: LayerGame, _ coalitions: [Coalition]?, _ measurements: (any MeasurementStore)?, _ console: Console
  ) throws {
    guard let coalitions else { return }
    let missing = missing(coalitions, measurements)
    guard !missing.isEmpty else { return }
    let applications = game.forwardStepsNeeded(for: missing)
    func seconds(_ work: () -> Void) -> Double {
      let start = ContinuousClock.now
      work()
      return (ContinuousClock.now - start).seconds / game.shareOfFirstStrip
    }
    let forward = seconds(game.applyFirstStep) * Double(applications)
    let losses = seconds(game.computeFirstLoss) * Double(missing.count)
    let unit = settings.players == .blocks ? "blocks" : "sublayers"
    console.note(
      "Shapley values: \(missing.count) coalitions, \(applications) \(unit) to apply to "
        + "\(windows.sequences) windows of \(windows.length) tokens: about \(Duration.seconds(forward + losses).clock)")
  }
}
