import Support
import Tensor
import Transformer

/// What a pruning would take, before it is carried out.
public struct PruneForecast: Sendable {
  /// A kind of work and its time.
  public struct Part: Sendable {
    /// What is done.
    public let name: String
    /// The time that it will take, in seconds.
    public let seconds: Double
  }

  /// Blocks of the model.
  public let blocks: Int
  /// Weights of the blocks' linears.
  public let prunable: Int
  /// Samples that the method looks at; nil where it looks at none.
  public let samples: Int?
  /// Tokens of a sample.
  public let sampleLength: Int?
  /// Windows that are measured; nil where nothing is.
  public let windows: Int?
  /// The sparsities of blocks, where they are known before anything is measured.
  public let sparsities: [Double]?
  /// Bytes that the output will take on the disk.
  public let outputBytes: Int
  /// The work in its order.
  public let parts: [Part]
  /// What the run will hold in memory.
  package let memory: MemoryBudget

  /// The whole time, in seconds.
  public var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }
  /// The largest resident set, in bytes.
  public var bytes: Int { memory.predicted }
}

extension PruneJob {
  /// What the job would take: its files are read and checked, one block is pruned with a few samples, and nothing is written.
  ///
  /// Throws what `run` would throw before anything is computed.
  public func forecast() throws -> PruneForecast {
    try check()
    _ = try reserve()
    let run = try PruneRun(self)
    let model = try self.model.load(events: events)
    var sparsities: [Double]?
    switch allocation {
    case .uniform: sparsities = pattern.map { pattern in model.blocks.map { _ in pattern.sparsity } }
    case .given(let file):
      sparsities = zip(try SharedSparsity.given(file, model).patterns, model.blocks).map { pattern, block in
        block.roles.reduce(0) { $0 + pattern[$1].sparsity * Double(block[$1].weight.count) }
          / Double(block.prunableParameters)
      }
    case .owl, .dlp, .alphaPruning, .shapley, .search: break
    }
    if let pattern {
      try modelPruner().check(model, patterns: model.blocks.map { _ in BlockPattern(pattern) })
    }
    let samples = modelPruner().looksAtSamples ? run.calibration : nil
    return PruneForecast(
      blocks: model.blocks.count, prunable: model.blocks.reduce(0) { $0 + $1.prunableParameters },
      samples: samples?.sequences, sampleLength: samples?.length, windows: run.evaluation?.sequences,
      sparsities: sparsities, outputBytes: try self.model.directory.byteCount(), parts: try run.timed(model),
      memory: run.budget)
  }
}

extension PruneRun {
  /// The work in its order, from the times of one block.
  fileprivate func timed(_ model: any CausalLM) throws -> [PruneForecast.Part] {
    var parts: [PruneForecast.Part] = []
    func add(_ name: String, _ seconds: Double) { parts.append(PruneForecast.Part(name: name, seconds: seconds)) }
    let blocks = Double(model.blocks.count)
    let clock = ContinuousClock()
    if let evaluation {
      let few = evaluation.first(2)
      let seconds = clock.measure { _ = model.perplexity(few, memory: budget.memory) }.seconds / Double(few.sequences)
      let times = job.measured.perplexity == nil ? 2.0 : 1
      add("perplexity", times * seconds * Double(evaluation.sequences))
    }
    let pass = calibration.map { seconds(ofPass: model, $0, clock) } ?? Pass(block: 0, loss: 0)
    let samples = Double(calibration?.sequences ?? 0)
    if job.weighting == .gradient {
      let passes = Double(LayerGame.passesOfNode) * min(samples, Double(OutputSensitivity.usualSamples))
      add("sensitivities", passes * blocks * pass.block)
    }
    let pruning = try seconds(ofPruning: model, clock) + blocks * samples * pass.block
    switch job.allocation.start {
    case .uniform, .given, .search: break
    case .owl, .dlp: add("scores of weights", 1.5 * blocks * samples * pass.block)
    case .alphaPruning(_, let tail):
      add("spectra", try clock.measure { _ = try exponents(of: model.firstBlock, tail: tail) }.seconds * blocks)
    case .shapley(_, let spread, let map):
      if let game { add("Shapley values", try seconds(of: game, model, pass)) }
      if spread == .auto { add("spreads", pruning * Double(map.scaling.candidateSpreads.count)) }
    }
    if let search = job.allocation.search {
      let windows = Double(search.generations * AllocationSearch.windowsOfGeneration)
      add("search", Double(2 * SearchLevels.usualReach + 1) * pruning + windows * blocks * pass.block)
    }
    add(job.pruner.name, pruning)
    return parts
  }

  /// The times of one sample in one block, and of its loss.
  private struct Pass {
    let block: Double
    let loss: Double
  }

  private func seconds(ofPass model: any CausalLM, _ samples: TokenBatch, _ clock: ContinuousClock) -> Pass {
    let few = samples.first(4)
    let count = Double(few.sequences)
    let first = model.firstBlock
    let hidden = first.hiddenStates(few)
    let block = clock.measure { _ = first.hiddenStates(few) }.seconds
    let loss = clock.measure { _ = model.windowMeans(hidden, of: few) }.seconds
    return Pass(block: block / count, loss: loss / count)
  }

  /// The time of pruning all blocks, by a line through those of the first block with few samples and with more.
  private func seconds(ofPruning model: any CausalLM, _ clock: ContinuousClock) throws -> Double {
    let pattern = BlockPattern(.unstructured(job.pattern?.sparsity ?? 0.5))
    func seconds(_ samples: TokenBatch) throws -> Double {
      var first = model.firstBlock
      return try clock.measure {
        _ = try job.modelPruner(budget.memory).prune(&first, patterns: [pattern], calibration: samples)
      }.seconds
    }
    let blocks = Double(model.blocks.count)
    guard let calibration, job.modelPruner().looksAtSamples else { return try blocks * seconds(.none) }
    let (few, more) = (calibration.first(2), calibration.first(8))
    let short = try seconds(few)
    guard more.sequences > few.sequences else { return blocks * short }
    let slope = max(0, try seconds(more) - short) / Double(more.sequences - few.sequences)
    return blocks * (short + slope * Double(calibration.sequences - few.sequences))
  }

  /// The time of a game, with its probe.
  private func seconds(of game: PreparedGame, _ model: any CausalLM, _ pass: Pass) throws -> Double {
    let settings = game.settings
    let windows = Double(game.windows.sequences)
    let counted = try game.stepCount(model)
    let step = pass.block / (settings.granularity == .blocks ? 1 : 2)
    let probe =
      settings.probe == nil ? 0 : 1.5 * Double(model.blocks.count * (game.calibration?.sequences ?? 0)) * pass.block
    return probe + windows * (Double(counted.steps) * step + Double(counted.coalitions) * pass.loss)
  }
}

extension CausalLM {
  /// The model without its other blocks.
  fileprivate var firstBlock: any CausalLM {
    var copy: any CausalLM = self
    copy.blocks = Array(blocks.prefix(1))
    return copy
  }
}
