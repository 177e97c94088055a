import Support
import Tensor
import Transformer

/// The game whose players are the parts of a model: its blocks, their halves, or their linears.
///
/// A coalition is the set of players that are intact. Its value tells how well the model predicts the evaluation windows while the
/// other players are absent.
///
/// ```swift
/// let absence = try LayerGame.Absence.pruned(model, by: WandaPruner(), to: 0.7, calibration: samples)
/// var game = MemoisedGame(LayerGame(model, windows: windows, absence: absence))
/// let values = try SlidingWindowShapley(length: 3).estimate(&game)
/// ```
///
/// The forward passes of a batch of coalitions form a trie over the steps of the model (`CoalitionTrie`), which is walked once for
/// every strip of windows that fits into memory (`ForwardWalk`). The unit of cost is a forward step: one block, or one half of a
/// block, applied to all windows.
public struct LayerGame: Game {
  /// The worth of a coalition.
  public enum Value: String, Sendable, CaseIterable {
    /// Minus the mean negative log-likelihood a token: bounded, and additive over tokens.
    case nll
    /// Minus the perplexity.
    case perplexity

    /// The worth of a coalition whose windows have these mean negative log-likelihoods, summed in their order.
    package func worth(windowMeans: [Double]) -> Double {
      let mean = windowMeans.mean
      return self == .nll ? -mean : -Math.exp(mean)
    }
  }

  /// With packed weights, where memory allows, because every block is applied many times.
  let model: any CausalLM
  let steps: [ForwardStep]
  let absence: Absence
  let windows: TokenBatch
  let strips: [TokenBatch]
  let value: Value
  let memory: WorkingMemory
  let measurements: (any MeasurementStore)?
  let stop: StopToken
  let progress: ((_ completed: Int, _ total: Int) -> Void)?

  /// How many players the game has.
  public let playerCount: Int

  /// Forward steps of one pass through the model: its blocks, or their halves where the players are smaller than a block.
  public var forwardStepCount: Int { steps.count }

  /// Forward steps that all coalitions asked for so far need, those included whose values came from a store.
  public internal(set) var forwardStepsAsked = 0

  /// Makes a game; nothing is computed yet.
  ///
  /// - Parameters:
  ///   - model: The dense model.
  ///   - granularity: The parts of the model that are the players.
  ///   - windows: The text on which coalitions are measured.
  ///   - absence: What takes the place of an absent player.
  ///   - value: The worth of a coalition.
  ///   - memory: How many tokens are in the model at a time, and how much packed weights may take.
  ///   - measurements: Where the game looks for measurements made before, and enters its own; nil for neither.
  ///   - stop: Asked before every forward step; where it says stop, `values` throws `Interruption`.
  ///   - progress: Called after every forward step on a strip of windows, with the number of those done and of those to do.
  ///
  /// - Precondition: linears are not bypassed.
  public init(
    _ model: any CausalLM, granularity: Granularity = .linears, windows: TokenBatch, absence: Absence,
    value: Value = .nll, memory: WorkingMemory = WorkingMemory(), measurements: (any MeasurementStore)? = nil,
    stop: StopToken = StopToken(), progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) {
    precondition(granularity != .linears || !absence.isBypassing, "a linear cannot be bypassed")
    let packedBytes = memory.packedWeightBytes
    self.model = model.packed(within: packedBytes)
    self.absence = absence.prepared(
      for: model, sparseBytes: memory.sparseFormBytes, packedBytes: packedBytes - model.packedByteCount)
    steps = ForwardStep.steps(of: model, granularity)
    playerCount = steps.last?.players.upperBound ?? 0
    self.windows = windows
    self.memory = memory
    strips = windows.strips(ofRows: memory.stripRows)
    self.value = value
    self.measurements = measurements
    self.stop = stop
    self.progress = progress
  }

  /// What a game holds.
  ///
  /// - Parameters:
  ///   - span: how many players may change while a state waits for them.
  ///   - probe: how absent players are pruned; nil where they are bypassed.
  static func footprint(
    _ forecast: MemoryForecast, _ windows: BatchShape, _ granularity: Granularity, span: Int,
    probe: GameSettings.Probe?
  ) -> Footprint {
    // A state is kept at every block where the path turned to absence and the other way is still to be gone. Blocks that
    // are passed by leave the state as it is, so that neighbours share one.
    let steps = granularity == .blocks ? forecast.shape.blockCount : 2 * forecast.shape.blockCount
    let kept = min(probe != nil ? span + 1 : (span + 1) / 2, steps)
    let states = 4 * forecast.strip(windows).rows * forecast.hidden * Double(kept)
    let forms = probe.map { PrunedForm.footprint(forecast, $0) } ?? []
    var parts = [forecast.weights] + forms
    parts += PrunedForm.footprint(packed: forecast, probe)
    parts.append(Footprint.Part("states of the game", states))
    parts += forecast.block(windows)
    parts.append(forecast.loss(windows))
    return Footprint("Shapley values", parts)
  }

  /// The values of coalitions, in their order.
  ///
  /// Coalitions that agree on the players of the first steps share those steps, a bypassed step costs nothing, and what the store
  /// holds is not measured again. Values do not depend on the batch, on the strips, or on the store.
  ///
  /// Throws what the store throws, and `Interruption` where the stop token says stop; what was measured until then is in the store.
  ///
  /// - Precondition: every coalition has `playerCount` players.
  public mutating func values(of coalitions: [Coalition]) throws -> [Double] {
    let whole = trie(of: coalitions)
    let tasks = stripTasks(coalitions, whole)
    let total = tasks.reduce(0) { $0 + $1.trie.edgeCount }
    var completed = 0
    let progress = progress
    var means = [[Double]](repeating: [], count: coalitions.count)
    try tasks.forEachPhase(of: \.strip.sequences) { task in
      let measured = try measure(task, coalitions) {
        completed += 1
        progress?(completed, total)
      }
      for index in coalitions.indices { means[index] += measured[index] ?? [] }
    }
    forwardStepsAsked += whole.edgeCount
    return means.map(value.worth)
  }

  /// How many forward steps these coalitions need.
  ///
  ///     let share = Double(game.forwardStepsNeeded(for: coalitions)) / Double(coalitions.count * game.forwardStepCount)
  ///
  /// - Precondition: every coalition has `playerCount` players.
  public func forwardStepsNeeded(for coalitions: [Coalition]) -> Int { trie(of: coalitions).edgeCount }

  private func trie(of coalitions: [Coalition]) -> CoalitionTrie {
    CoalitionTrie(coalitions, steps: steps.map(\.players), bypassing: absence.isBypassing)
  }
}

// The work of one strip of windows.
extension LayerGame {
  private struct StripTask {
    let strip: TokenBatch
    let firstWindow: Int
    /// The window means of each coalition that the store holds.
    let known: [[Double]?]
    /// The indices of the other coalitions.
    let missing: [Int]
    /// The trie of the other coalitions.
    let trie: CoalitionTrie
  }

  /// What is to be measured on each strip, which differs from strip to strip after a run that was cut off.
  private func stripTasks(_ coalitions: [Coalition], _ whole: CoalitionTrie) -> [StripTask] {
    var firstWindow = 0
    return strips.map { strip in
      defer { firstWindow += strip.sequences }
      let known = coalitions.map { measurements?.means(of: $0, windows: firstWindow..<firstWindow + strip.sequences) }
      let missing = coalitions.indices.filter { known[$0] == nil }
      let trie = missing.count == coalitions.count ? whole : trie(of: missing.map { coalitions[$0] })
      return StripTask(strip: strip, firstWindow: firstWindow, known: known, missing: missing, trie: trie)
    }
  }

  /// The window means of every coalition on the strip; those that are measured go to the store.
  private func measure(_ task: StripTask, _ coalitions: [Coalition], applied: () -> Void) throws -> [[Double]?] {
    guard !task.missing.isEmpty else { return task.known }
    var means = task.known
    let walk = ForwardWalk(model: model, steps: steps, absence: absence, stop: stop)
    do {
      try walk.run(task.trie, on: task.strip, applied: applied) { indices, hidden in
        let measured = model.windowMeans(hidden, of: task.strip)
        for index in indices.map({ task.missing[$0] }) {
          means[index] = measured
          try measurements?.enter(measured, of: coalitions[index], firstWindow: task.firstWindow)
        }
      }
    } catch is StopRequested {
      throw try interruption()
    }
    return means
  }

  /// What a run that is told to stop ends with, its measurements being as durable as the store can make them.
  func interruption() throws -> Interruption {
    try measurements?.synchronize()
    return Interruption(
      location: measurements?.location, measured: measurements?.count(windows: windows.sequences) ?? 0)
  }
}

// Samples of the work, with which a job can predict how long the whole takes.
extension LayerGame {
  /// The part of all windows that is in the first strip; 1 where there is none.
  package var shareOfFirstStrip: Double {
    strips.first.map { Double($0.sequences) / Double(windows.sequences) } ?? 1
  }

  /// Applies the first forward step of the dense model to the first strip.
  package func applyFirstStep() {
    guard let strip = strips.first, let step = steps.first else { return }
    var hidden = model.embed(strip)
    step.apply(model.blocks[step.block], to: &hidden, sequences: strip.sequences)
  }

  /// Computes the loss of one coalition on the first strip.
  package func computeFirstLoss() {
    guard let strip = strips.first else { return }
    _ = model.windowMeans(model.embed(strip), of: strip)
  }
}
