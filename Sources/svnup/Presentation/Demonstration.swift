import ShapleyPrune
import Support
import Transformer

/// The main job on the embedded model: measure, value the linears, share out the budget in three ways, prune in three ways, save
/// the best, and measure what was saved.
struct Demonstration {
  /// One line of the table.
  private struct Outcome {
    let method: String
    let budgets: String
    let perplexity: Double
  }

  private static let target = 0.7
  private static let length = 256
  private static let testWindows = 80
  private static let valueWindows = 8
  private static let samples = 64

  private let console: Console
  private let source: ModelSource
  private let test: Corpus
  private let valid: Corpus
  private let calibration: Corpus
  private let start = ContinuousClock.now

  init(console: Console) throws {
    self.console = console
    source = try ModelSource(EmbeddedModel.model())
    test = .text(try EmbeddedModel.text("test"))
    valid = .text(try EmbeddedModel.text("valid"))
    calibration = .text(try EmbeddedModel.text("calibration"))
  }

  /// Runs everything and saves the best model to `output`.
  func run(savingTo output: OutputFolder, isTemporary: Bool) throws {
    try say("svnup demo: a LLaMA of 12 blocks, trained on the King James Bible, pruned to 70 %\n")
    let dense = try measure(source, "dense perplexity")
    try say("1. dense\n\n\(dense.text)\n")

    let shapley = try values()
    try say(
      """
      2. what each linear of each block contributes, on \(shapley.record.windows) other windows

      \(shapley.record.text(console)); \(shapley.cost.text)

      """)

    try say("3. pruned to 70 %\n")
    let (outcomes, found) = try prune(shapley.record, dense)
    try say(table(outcomes) + "\n")
    guard let best = found else { return }

    let record = try best.record.save(best.model, from: source, to: output, events: console)
    defer { if isTemporary { FileSystem.removeTree(output.path) } }
    let reloaded = try measure(ModelSource(output.path), "reloaded")
    let perplexity = record.prunedPerplexity ?? .nan
    let isSame = reloaded.perplexity == perplexity
    try say(
      """
      4. saved: \(record.pruner.name) with \(record.allocation.rule) budgets, \(Quantity.percent(record.sparsity)) zeros
      \(isTemporary ? "   in a temporary folder; --output DIR keeps it" : "   in \(output.path)")
         perplexity when saved   \(perplexity)
         perplexity when reloaded \(reloaded.perplexity)\(isSame ? ", the same to the last bit" : "")

      \((ContinuousClock.now - start).seconds.fixed(1)) s, \(Quantity.bytes(Process.peakResidentBytes)) of memory at most
      """)
    guard isSame else {
      throw FileError(
        output.path, "reload", reason: "the perplexity is not that of the saved model", failureKind: .inputOutput)
    }
    if console.wantsJSON { try console.print(json(dense, shapley.record, outcomes, record, reloaded)) }
  }

  /// Text is for people; with `--json` the document at the end is all.
  private func say(_ text: String) throws { if !console.wantsJSON { try console.print(text) } }

  private func measure(_ source: ModelSource, _ label: String) throws -> Perplexity {
    var job = PerplexityJob(source, data: test)
    job.sequenceLength = Self.length
    job.windows = Self.testWindows
    job.events = ProgressOnly(console: console, prefix: "\(label), ")
    return try job.run().perplexity
  }

  private func values() throws -> ShapleyResult {
    var job = ShapleyJob(source, data: valid)
    job.windows = Self.valueWindows
    job.sequenceLength = Self.length
    job.calibration = calibration
    job.samples = Self.samples
    job.settings.probe?.sparsity = Self.target
    job.events = console
    return try job.run()
  }

  private func prune(
    _ values: ShapleyRecord, _ dense: Perplexity
  ) throws -> (outcomes: [Outcome], best: PruneResult?) {
    let methods: [any Pruner] = [MagnitudePruner(), WandaPruner(), SparseGPTPruner()]
    let allocations: [Allocation] = [.uniform, .owl(), .shapley(.values(values))]
    var outcomes: [Outcome] = []
    // Only the best model is kept: nine of them are nine times the memory.
    var best: PruneResult?
    for method in methods {
      for allocation in allocations {
        var job = PruneJob(source, by: method, to: .unstructured(Self.target), calibration: calibration)
        job.allocation = allocation
        job.evaluation = test
        job.evaluationWindows = Self.testWindows
        job.densePerplexity = dense
        job.samples = Self.samples
        job.sequenceLength = Self.length
        job.command = ["svnup", "demo"]
        job.events = ProgressOnly(console: console, prefix: "\(method.name), \(allocation.name): ")
        let result = try job.run()
        let perplexity = result.record.prunedPerplexity ?? .infinity
        outcomes.append(Outcome(method: method.name, budgets: allocation.name, perplexity: perplexity))
        if perplexity < best?.record.prunedPerplexity ?? .infinity { best = result }
      }
    }
    return (outcomes, best)
  }

  /// What the others are compared with: SparseGPT, the same sparsity for every block.
  private func baseline(_ outcomes: [Outcome]) -> Double {
    outcomes.first { $0.method == SparseGPTPruner.name && $0.budgets == Allocation.uniform.name }?.perplexity ?? .nan
  }

  private func table(_ outcomes: [Outcome]) -> String {
    var table = Table([
      .text("method"), .text("budgets"), .number("perplexity"), .number("against uniform SparseGPT"),
    ])
    let base = baseline(outcomes)
    for outcome in outcomes {
      table.append([
        outcome.method, outcome.budgets, outcome.perplexity.fixed(2), Quantity.change(outcome.perplexity, from: base),
      ])
    }
    return table.rendered
  }

  private func json(
    _ dense: Perplexity, _ shapley: ShapleyRecord, _ outcomes: [Outcome], _ saved: PruningRecord, _ reloaded: Perplexity
  ) -> JSON {
    let base = baseline(outcomes)
    let runs = outcomes.map { outcome -> JSON in
      [
        "method": JSON(outcome.method), "allocation": JSON(outcome.budgets), "perplexity": JSON(outcome.perplexity),
        "ratioToUniformSparseGPT": JSON(outcome.perplexity / base),
      ]
    }
    return [
      "dense": dense.json, "shapley": shapley.json, "sparsity": JSON(Self.target), "runs": .array(runs),
      "saved": saved.json, "reloadedPerplexity": JSON(reloaded.perplexity),
      "seconds": JSON((ContinuousClock.now - start).seconds), "peakBytes": JSON(Process.peakResidentBytes),
    ]
  }
}
