import ShapleyPrune
import Support
import Transformer

/// The main job on the embedded model: measure, value the blocks, share out the budget in three ways, prune in three ways,
/// save the best, and measure what was saved.
struct Demonstration {
  /// One line of the table.
  private struct Outcome {
    let method: any Pruner
    let plan: AllocationPlan
    let blocks: [BlockReport]
    let perplexity: Perplexity
  }

  private static let target = 0.7
  private static let length = 256
  private static let testWindows = 80
  private static let valueWindows = 8
  private static let samples = 64
  private static let seed = 0

  private let console: Console
  private let source: ModelSource
  private let model: any CausalLM
  private let test: TokenBatch
  private let valid: TokenBatch
  private let calibration: TokenBatch
  private let start = ContinuousClock.now

  init(console: Console) throws {
    self.console = console
    source = try ModelSource(EmbeddedModel.model())
    test = try Corpus(EmbeddedModel.text("test"), for: source).windows(length: Self.length).first(Self.testWindows)
    valid = try Corpus(EmbeddedModel.text("valid"), for: source).windows(length: Self.length).first(Self.valueWindows)
    calibration = try Corpus(EmbeddedModel.text("calibration"), for: source).samples(
      count: Self.samples, length: Self.length, seed: Self.seed)
    model = try source.load(console: console)
  }

  /// Runs everything and saves the best model to `output`.
  func run(savingTo output: String, replacing: Bool, isTemporary: Bool) throws {
    try say("svnup demo: a LLaMA of 12 blocks, trained on the King James Bible, pruned to 70 %\n")
    let dense = try model.perplexity(test, console: console, label: "dense perplexity")
    try say("1. dense\n\n\(dense.text)\n")

    let (shapley, cost) = try ShapleyGame(windows: valid, calibration: calibration).play(model, console: console)
    try say(
      "2. what each linear of each block contributes, on \(valid.sequences) other windows\n\n\(shapley.text(console)); \(cost.text)\n"
    )

    try say("3. pruned to 70 %\n")
    let (outcomes, found) = try prune(shapley)
    try say(table(outcomes) + "\n")
    guard let (best, bestModel) = found else { return }

    var record = PruningRecord(
      command: ["svnup", "demo"], method: best.method, pattern: .unstructured(Self.target), allocation: best.plan,
      seed: Self.seed, calibration: calibration,
      blocks: best.blocks, dense: dense, pruned: best.perplexity,
      hashes: try PruningRecord.hashes(
        source, texts: [("calibration", EmbeddedModel.text("calibration")), ("data", EmbeddedModel.text("test"))],
        console: console))
    try record.save(bestModel, from: source, to: output, replacing: replacing, console: console)
    defer { if isTemporary { FileSystem.removeTree(output) } }
    let reloaded = try ModelSource(output).load(console: console).perplexity(
      test, console: console, label: "reloaded")
    try say(
      """
      4. saved: \(best.method.name) with \(best.plan.rule) budgets, \(Quantity.percent(record.sparsity)) zeros
      \(isTemporary ? "   in a temporary folder; --output DIR keeps it" : "   in \(output)")
         perplexity when saved   \(best.perplexity.perplexity)
         perplexity when reloaded \(reloaded.perplexity)\(reloaded == best.perplexity ? ", the same to the last bit" : "")

      \((ContinuousClock.now - start).seconds.fixed(1)) s, \(Quantity.bytes(Process.peakResidentBytes)) of memory at most
      """)
    guard reloaded == best.perplexity else {
      throw FileError(
        output, "reload", reason: "the perplexity is not that of the saved model", failureKind: .inputOutput)
    }
    if console.wantsJSON { try console.print(json(dense, shapley, outcomes, record, reloaded)) }
  }

  /// Text is for people; with `--json` the document at the end is all.
  private func say(_ text: String) throws { if !console.wantsJSON { try console.print(text) } }

  private func prune(
    _ shapley: ShapleyReport
  ) throws -> (outcomes: [Outcome], best: (outcome: Outcome, model: any CausalLM)?) {
    let progress = console.progress("outlier ratios", unit: "blocks")
    let ratios = try outlierRatios(of: model, calibration: calibration, progress: progress.update)
    progress.finish()
    let plans = [
      AllocationPlan.uniform(.unstructured(Self.target), model),
      try .owl(ratios: ratios, model, target: Self.target),
      try .shapley(
        shapley, model, target: Self.target, AllocationRule(), spread: AllocationRule().usualSpread),
    ]
    let methods: [any Pruner] = [MagnitudePruner(), WandaPruner(), SparseGPTPruner()]
    var outcomes: [Outcome] = []
    // Only the best model is kept: nine of them are nine times the memory.
    var best: (outcome: Outcome, model: any CausalLM)?
    for method in methods {
      for plan in plans {
        var model = self.model
        let blocks = try PruningRun.prune(&model, by: method, plan, calibration, console: console)
        let perplexity = try model.perplexity(test, console: console, label: "\(method.name), \(plan.rule)")
        let outcome = Outcome(method: method, plan: plan, blocks: blocks, perplexity: perplexity)
        outcomes.append(outcome)
        if perplexity.meanNLL < best?.outcome.perplexity.meanNLL ?? .infinity { best = (outcome, model) }
      }
    }
    return (outcomes, best)
  }

  /// What the others are compared with: SparseGPT, the same sparsity for every block.
  private func baseline(_ outcomes: [Outcome]) -> Double {
    outcomes.first { $0.method.name == "sparsegpt" && $0.plan.rule == "uniform" }?.perplexity.perplexity ?? .nan
  }

  private func table(_ outcomes: [Outcome]) -> String {
    var table = Table([
      .text("method"), .text("budgets"), .number("perplexity"), .number("against uniform SparseGPT"),
    ])
    let base = baseline(outcomes)
    for outcome in outcomes {
      let perplexity = outcome.perplexity.perplexity
      table.append([
        outcome.method.name, outcome.plan.rule, perplexity.fixed(2), Quantity.change(perplexity, from: base),
      ])
    }
    return table.rendered
  }

  private func json(
    _ dense: Perplexity, _ shapley: ShapleyReport, _ outcomes: [Outcome], _ saved: PruningRecord, _ reloaded: Perplexity
  ) -> JSON {
    let base = baseline(outcomes)
    let runs = outcomes.map { outcome -> JSON in
      [
        "method": JSON(outcome.method.name), "allocation": JSON(outcome.plan.rule),
        "perplexity": JSON(outcome.perplexity.perplexity),
        "ratioToUniformSparseGPT": JSON(outcome.perplexity.perplexity / base),
      ]
    }
    return [
      "dense": dense.json, "shapley": shapley.json, "sparsity": JSON(Self.target), "runs": .array(runs),
      "saved": saved.json, "reloadedPerplexity": JSON(reloaded.perplexity),
      "seconds": JSON((ContinuousClock.now - start).seconds), "peakBytes": JSON(Process.peakResidentBytes),
    ]
  }
}
