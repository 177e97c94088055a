import ShapleyPrune
import Support
import Tensor
import Transformer

/// Which game the blocks play, and how its Shapley values are estimated.
struct GameSettings {
  var estimator = EstimatorChoice.window
  var window = 5
  var placement = WindowPlacement.centred
  var isPruned = true
  var probe: any Pruner = WandaPruner()
  var probeSparsity = 0.7
  var value = LayerGame.Value.nll

  init() {}

  init(_ arguments: Arguments, probe: any Pruner, probeSparsity: Double) {
    estimator = arguments[GameOptions.estimator]
    window = arguments[GameOptions.window]
    placement = arguments[GameOptions.placement]
    isPruned = arguments[GameOptions.absence] == .pruned
    self.probe = probe
    self.probeSparsity = probeSparsity
    value = arguments[GameOptions.value]
  }

  /// Throws where the estimator cannot play with so many blocks; told before any work.
  func check(blockCount: Int) throws {
    switch estimator {
    case .exact:
      guard blockCount <= ExactShapley.playerLimit else {
        throw EstimatorError.tooManyPlayers(blockCount, limit: ExactShapley.playerLimit)
      }
    case .window:
      let length = min(window, blockCount)
      let evaluations = SlidingWindowShapley.evaluations(players: blockCount, length: length)
      guard evaluations <= 1 << ExactShapley.playerLimit else {
        throw UsageError(
          "--window \(window): \(blockCount) blocks would take \(evaluations) evaluations; at most "
            + "\(1 << ExactShapley.playerLimit) are offered, so take a shorter window")
      }
    }
  }

  /// Plays the game and returns the values with what they cost.
  func estimate(
    _ model: any CausalLM, windows: TokenBatch, calibration: TokenBatch?, memory: WorkingMemory = WorkingMemory(),
    console: Console
  ) throws -> ShapleyRun {
    let start = ContinuousClock.now
    var absence = LayerGame.Absence.bypassed
    if isPruned {
      let progress = console.progress("probe", unit: "blocks")
      absence = try .pruned(
        model, by: ModelPruner(probe, propagation: .dense, memory: memory), to: probeSparsity,
        calibration: calibration ?? windows, progress: progress.update)
      progress.finish()
      AlignedStorage.trim()
    }
    let progress = console.progress("Shapley values", unit: "block applications")
    var game = MemoisedGame(
      LayerGame(model, windows: windows, absence: absence, value: value, memory: memory, progress: progress.update))
    let values =
      switch estimator {
      case .exact: try ExactShapley().estimate(&game)
      case .window: try SlidingWindowShapley(length: window, placement: placement).estimate(&game)
      }
    progress.finish()
    let distinct = game.evaluatedCount
    return ShapleyRun(
      values: values, settings: self, windows: windows, calibration: calibration,
      blocksApplied: game.game.blocksApplied,
      naiveBlocks: distinct * game.playerCount, seconds: (ContinuousClock.now - start).seconds)
  }
}

/// Shapley values of a model's blocks, and what they cost.
struct ShapleyRun {
  let values: ShapleyValues
  let settings: GameSettings
  let windows: TokenBatch
  /// The samples that the probe was calibrated on; nil means the windows.
  let calibration: TokenBatch?
  /// Blocks that were applied to all windows, and how many a run of every distinct coalition from the start would apply.
  let blocksApplied: Int
  let naiveBlocks: Int
  let seconds: Double

  var json: JSON {
    var members = (values.json.object?.members ?? []).map { (String(decoding: $0.key, as: UTF8.self), $0.value) }
    members += [
      ("value", JSON(settings.value.rawValue)), ("absence", JSON(settings.isPruned ? "pruned" : "bypassed")),
      ("probeMethod", settings.isPruned ? JSON(settings.probe.name) : .null),
      ("probeSparsity", settings.isPruned ? JSON(settings.probeSparsity) : .null),
      ("calibrationSamples", settings.isPruned ? JSON((calibration ?? windows).sequences) : .null),
      ("windows", JSON(windows.sequences)), ("sequenceLength", JSON(windows.length)),
      ("blocksApplied", JSON(blocksApplied)), ("blocksOfNaiveRun", JSON(naiveBlocks)),
    ]
    return JSON(members: members)
  }

  /// A bar for every block, and the sums below.
  func text(_ console: Console) -> String {
    var table = Table([.number("block"), .number("Shapley value"), .text("")])
    let bar = Bar(comparing: values.values, width: 40, style: console.barStyle)
    for (block, value) in values.values.enumerated() {
      table.append([String(block), value.fixed(5), bar.rendered(value)])
    }
    let share = Quantity.percent(Double(blocksApplied) / Double(max(naiveBlocks, 1)), digits: 0)
    return """
      \(table.rendered)

      v(all) \(values.grandValue.fixed(5)), v(none) \(values.emptyValue.fixed(5)), efficiency gap \(values.efficiencyGap.fixed(5))
      \(values.evaluations) coalitions evaluated for \(values.coalitionsAsked) asked; \
      \(blocksApplied) blocks applied, \(share) of a run without shared work; \(seconds.fixed(1)) s
      """
  }
}
