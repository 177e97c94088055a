import Charts
import Report
import ShapleyPrune
import Support
import Transformer

/// The main job on the embedded model: measure, value the linears, prune in three ways to three allocations and in the way that is
/// usual here, save the best, and measure what was saved.
struct Demonstration {
  private static let target = 0.7
  private static let length = 256
  private static let testWindows = 80
  private static let valueWindows = 8
  private static let samples = 64

  private let console: Console
  private let source: ModelSource
  private let report: ReportOutput
  private let events: TimedEvents
  private let start = ContinuousClock.now

  init(console: Console, report: ReportOutput) throws {
    self.console = console
    self.report = report
    events = TimedEvents(console)
    source = try ModelSource(EmbeddedModel.model())
  }

  /// Runs everything and saves the best model to `output`.
  func run(savingTo output: OutputFolder, isTemporary: Bool) throws {
    try say("svnup demo: a LLaMA of 12 blocks, trained on the King James Bible, pruned to 70 %\n")
    let dense = try measure(source, "dense perplexity")
    try say("1. dense\n\n\(dense.lines)\n")

    let shapley = try phase("Shapley values") { try values() }
    try say(
      """
      2. what each linear of each block contributes, on \(shapley.record.windows) other windows

      \(shapley.record.text(console)); \(shapley.cost.text)

      """)

    try say("3. pruned to 70 %\n")
    let (records, best) = try prune(shapley.record, dense.perplexity)
    try say(table(records) + "\n")
    guard let best else { return }

    let record = try phase("saving") { try best.record.save(best.model, from: source, to: output, events: events) }
    defer { if isTemporary { FileSystem.removeTree(output.path) } }
    let reloaded = try measure(ModelSource(output.path), "reloaded").perplexity
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
    try report.write(
      Page(
        title:
          "svnup demo: a LLaMA of \(record.blocks.count) blocks, pruned to \(Quantity.percent(Self.target, digits: 0))",
        dense: dense.perplexity.perplexity, values: shapley.record, records: records, best: record,
        savings: ZeroSavings(of: best.model), cost: events),
      console
    ) {
      if console.wantsJSON { try console.print(json(dense, shapley.record, records, record, reloaded)) }
    }
  }

  /// Text is for people; with `--json` the document at the end is all.
  private func say(_ text: String) throws { if !console.wantsJSON { try console.print(text) } }

  /// Does a piece of the demonstration, whose time the report shows.
  private func phase<Result>(_ label: String, _ body: () throws -> Result) throws -> Result {
    let progress = events.begin(label, unit: "")
    defer { progress.finish() }
    return try body()
  }

  private func measure(_ source: ModelSource, _ label: String) throws -> PerplexityResult {
    var job = try PerplexityJob(source, data: EmbeddedModel.text("test"))
    job.sequenceLength = Self.length
    job.windows = Self.testWindows
    job.events = LabelledEvents(events, prefix: "\(label), ", notes: false)
    return try phase(label) { try job.run() }
  }

  private func values() throws -> ShapleyResult {
    var job = try ShapleyJob(source, data: EmbeddedModel.text("valid"))
    job.windows = Self.valueWindows
    job.sequenceLength = Self.length
    job.calibration = try EmbeddedModel.text("calibration")
    job.samples = Self.samples
    job.settings.probe?.sparsity = Self.target
    job.events = events
    return try job.run()
  }

  private func prune(
    _ values: ShapleyRecord, _ dense: Perplexity
  ) throws -> (records: [PruningRecord], best: PruneResult?) {
    let methods: [any Pruner] = [MagnitudePruner(), WandaPruner(), SparseGPTPruner()]
    let allocations: [Allocation] = [.uniform, .owl(), .shapley(.values(values))]
    let calibration = try EmbeddedModel.text("calibration")
    var jobs = methods.flatMap { method in
      allocations.map { allocation in
        var job = PruneJob(source, by: method, to: .unstructured(Self.target), calibration: calibration)
        job.allocation = allocation
        return job
      }
    }
    jobs.append(PruneJob(source, to: .unstructured(Self.target), calibration: calibration))
    var records: [PruningRecord] = []
    // Only the best model is kept: ten of them are ten times the memory.
    var best: PruneResult?
    for var job in jobs {
      job.evaluation = try EmbeddedModel.text("test")
      job.evaluationWindows = Self.testWindows
      job.measured.perplexity = dense
      job.samples = Self.samples
      job.sequenceLength = Self.length
      job.command = ["svnup", "demo"]
      let name = "\(job.pruner.name), \(job.allocation.name)"
      job.events = LabelledEvents(events, prefix: "\(name): ", notes: false)
      let result = try phase(name) { try job.run() }
      records.append(result.record)
      if result.record.testPerplexity < best?.record.testPerplexity ?? .infinity { best = result }
    }
    return (records, best)
  }

  /// What the others are compared with: the perplexity of SparseGPT with the same sparsity for every block.
  private func baseline(_ records: [PruningRecord]) -> Double {
    records.first { $0.pruner is SparseGPTPruner && $0.allocation.rule == Allocation.uniform.name }?.testPerplexity
      ?? .nan
  }

  private func table(_ records: [PruningRecord]) -> String {
    let base = baseline(records)
    var table = Table([
      .text("method"), .text("budgets"), .number("perplexity"), .number("against uniform SparseGPT"),
    ])
    for record in records {
      let perplexity = record.testPerplexity
      table.append([
        record.pruner.name, record.allocation.rule, perplexity.fixed(2), Quantity.change(perplexity, from: base),
      ])
    }
    return table.rendered
  }

  private func json(
    _ dense: PerplexityResult, _ shapley: ShapleyRecord, _ records: [PruningRecord], _ saved: PruningRecord,
    _ reloaded: Perplexity
  ) -> JSON {
    let base = baseline(records)
    let runs = records.map { record -> JSON in
      [
        "method": JSON(record.pruner.name), "allocation": JSON(record.allocation.rule),
        "perplexity": JSON(record.testPerplexity), "ratioToUniformSparseGPT": JSON(record.testPerplexity / base),
      ]
    }
    return [
      "dense": dense.json, "shapley": shapley.json, "sparsity": JSON(Self.target), "runs": .array(runs),
      "saved": saved.json, "reloadedPerplexity": JSON(reloaded.perplexity),
      "seconds": JSON((ContinuousClock.now - start).seconds), "peakBytes": JSON(Process.peakResidentBytes),
    ]
  }
}

extension PruningRecord {
  /// The perplexity on the test text, which every run of the demonstration measures.
  fileprivate var testPerplexity: Double { prunedPerplexity ?? .infinity }
}
