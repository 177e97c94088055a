import Charts
import Report
import ShapleyPrune
import Support

package enum PruneCommand: Command {
  package static let method = Option<(any Pruner)?>(
    "method", .pruner, defaultText: PruneRecipe.usualPruner.name,
    help:
      "How the weights to go are chosen: \(Registries.pruners.names.alternatives); all but magnitude and wanda also correct those that stay."
  )
  package static let sparsity = Option<Double?>(
    "sparsity", .number(0...1, "S"), help: "The share of zeros in the linears of the blocks, all together.")
  package static let pattern = Option<SparsityPattern?>(
    "pattern", .groups, help: "Keep N of every M consecutive weights of a row, as in 2:4.")
  package static let targets = Option<ModelPruner.Targets?>(
    "targets", .word, defaultText: defaultText(\.targets.rawValue),
    help: """
      What the weights that stay are to give: their linear's own outputs, or half the way to those that it has in the dense \
      model, so that they also make up for what was pruned in front.
      """)
  package static let sequential = Option<ModelPruner.Sequencing?>(
    "sequential", .word, defaultText: defaultText(\.sequencing.rawValue),
    help: """
      What is pruned at a time, with activations taken anew: all linears of a block, or stages of it: queries, keys and values, \
      then the output, then gate and up, then down.
      """)
  package static let weighting = Option<ModelPruner.Weighting?>(
    "weighting", .word, defaultText: "\(defaultText(\.weighting.rawValue)), and with --pattern",
    help: """
      What an error in an output counts where weights of several outputs compete for being kept: the same everywhere, or what it \
      does to the loss, by the mean squared gradient.
      """)
  package static let allocation = Option<AllocationChoice?>(
    "allocation", .allocation, defaultText: "\(defaultText(\.allocation.name)), and with --pattern",
    help: #"""
      How the sparsity is shared among the players: \#(AllocationChoice.rules.map(\.name).alternatives), or as a file says. \#
      A file holds {"blocks": [s0, s1, …]}, or {"players": "linears", "sparsities": {"0.query": s, …}}, or is the svnup.json of a pruned model.
      """#)
  package static let values = Option<String?>(
    "values", .text("FILE"),
    help: "Shapley values that 'svnup shapley' saved, instead of taking them in this run.")
  package static let spread = Option<Spread?>(
    "spread", .spread,
    defaultText: """
      \(ImportanceScaling.exponential.usualSpread), or \(ImportanceScaling.linear.usualSpread) with --scaling linear, rank or \
      log; \(OWL.usualSpread) for OWL, \(DLP.usualSpread) for DLP, \(AlphaPruning.usualSpread) for AlphaPruning
      """,
    help: """
      How far sparsities lie apart: with exponential scaling, what makes a player cost e times as much; else half the distance \
      between the densest and the sparsest, which AlphaPruning takes as a share of the sparsity. auto prunes with several and \
      keeps the best on calibration text that is held back for it.
      """)
  package static let scaling = Option<ImportanceScaling>(
    "scaling", .word, default: ImportanceMap().scaling,
    help: "What is done to the Shapley values before they become sparsities."
  ).advanced
  package static let floor = Option(
    "floor", .number(0...1, "S"), default: ImportanceMap().floor, help: "The least sparsity of a player."
  ).advanced
  package static let ceiling = Option(
    "ceiling", .number(0...1, "S"), default: ImportanceMap().ceiling, help: "The greatest sparsity of a player."
  ).advanced
  package static let generations = Option(
    "generations", .integer(1...AllocationSearch.generationLimit), default: AllocationSearch.usualGenerations,
    help: "Rounds of the search, each of which changes the allocation a little and keeps what is better.")
  package static let start = Option<AllocationSearch.Start.Name>(
    "start", .word, default: .values,
    help: "What the search begins with: the allocation by Shapley values, or the same sparsity everywhere."
  ).advanced
  package static let dampening = Option<Double?>(
    "dampening", .number(0...1, excludingLower: true),
    defaultText: "\(SparseGPTPruner().dampening) for sparsegpt and alps, \(ADMMPruner().dampening) for admm",
    help: """
      What is added to the diagonal of the inputs' products: as a share of its mean for sparsegpt, to ones for admm and alps.
      """
  ).advanced
  package static let blockSize = Option(
    "block-size", .integer(1...SparseGPTPruner.blockSizeLimit), default: SparseGPTPruner().blockSize,
    help: "SparseGPT: columns that are pruned together."
  ).advanced

  package static let penalty = Option<Double?>(
    "penalty", .number(0...ADMMPruner.penaltyLimit, excludingLower: true),
    defaultText: "\(ADMMPruner().penalty) for admm, \(ALPSPruner().penalty) for alps",
    help: """
      ADMM: how much the difference between the dense and the sparse weights counts; ALPS: how much in the first round.
      """
  ).advanced
  package static let iterations = Option<Int?>(
    "iterations", .integer(1...ADMMPruner.iterationLimit),
    defaultText: "\(ADMMPruner().iterations) for admm, \(ALPSPruner().iterations) for alps",
    help: "ADMM: rounds for each linear, three quarters of which choose the weights that go; ALPS: rounds at most."
  ).advanced
  package static let interval = Option(
    "interval", .integer(1...ADMMPruner.iterationLimit), default: ALPSPruner().interval,
    help: "ALPS: rounds from one look at the mask to the next."
  ).advanced
  package static let refinements = Option(
    "refinements", .integer(0...ADMMPruner.iterationLimit), default: ALPSPruner().refinements,
    help: "ALPS: steps of conjugate gradients at the end."
  ).advanced

  /// The settings of pruning methods.
  static let methodSettings = [
    MethodOption(dampening, sets: "dampening", FieldFormat<Double>.number().orNull),
    MethodOption(blockSize, sets: "blockSize", .integer()),
    MethodOption(penalty, sets: "penalty", FieldFormat<Double>.number().orNull),
    MethodOption(iterations, sets: "iterations", FieldFormat<Int>.integer().orNull),
    MethodOption(interval, sets: "interval", .integer()), MethodOption(refinements, sets: "refinements", .integer()),
  ]

  package static let probeSparsity = Option<Double?>(
    "probe-sparsity", .number(0...1, excludingLower: true, "S"),
    defaultText:
      "--sparsity; at most \(PruneRecipe.best.probeCeiling) for \(Self.bestNames)",
    help: "The sparsity of an absent player.")
  package static let data = Option<String?>(
    "data", .text("FILE"),
    help:
      "The text to measure perplexity on, before and after, in a form that --calibration takes. Nothing is tuned on it."
  )
  package static let windows = Option(
    "windows", .integer(1...ShapleyJob.windowLimit), default: ShapleySource.usualWindows,
    help: "Calibration samples that the Shapley values are taken on: the first ones.")
  package static let output = Option<String?>(
    "output", .text("DIR"),
    help: "The pruned model's directory. It appears when it is complete, with svnup.json in it.")
  package static let dryRun = Option.flag(
    "dry-run",
    help:
      "Read and check everything, time one block, and tell what the run would take; on a terminal, what happens without --output."
  )
  package static let journal = Option<String?>(
    "journal", .text("FILE"), defaultText: "OUTPUT.journal, removed at the end",
    help: """
      Keep what has been measured for the Shapley values and, in FILE.search, the generations of a search, so that the same command \
      goes on after an interruption.
      """)

  /// The default of an option that follows the method.
  private static func defaultText(_ path: KeyPath<PruneRecipe, String>) -> String {
    "\(PruneRecipe.best[keyPath: path]) for \(bestNames), \(PruneRecipe.published[keyPath: path]) for the others"
  }

  /// The methods that go with the best settings.
  private static let bestNames = [ADMMPruner.name, ALPSPruner.name].joined(separator: " and ")

  static func method(_ arguments: Arguments) -> any Pruner { arguments[method] ?? PruneRecipe.usualPruner }

  /// How the sparsity is shared: as the command line says, or as goes with the method.
  static func allocationChoice(_ arguments: Arguments) -> AllocationChoice {
    if let given = arguments[allocation] { return given }
    if !arguments.isGiven(pattern), case .shapley = method(arguments).recipe.allocation { return .shapley }
    return .uniform
  }

  /// Whether sparsities follow from Shapley values, at least in the beginning.
  static func usesValues(_ arguments: Arguments) -> Bool {
    switch allocationChoice(arguments) {
    case .shapley: true
    case .search: arguments[start] == .values
    case .uniform, .owl, .dlp, .alphaPruning, .file: false
    }
  }

  package static let name = "prune"
  package static let family = CommandFamily.prune
  package static let summary = "Prune a model and save it in the form it came in."
  package static let discussion = """
    Prunes the linears of every block, in order; each block is calibrated on what the pruned blocks before it put out. \
    Embeddings, norms, biases and the output head stay as they are.
    """
  package static let usage =
    "MODEL [--method METHOD] (--sparsity S | --pattern N:M) --calibration FILE --output DIR [options]"
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] = [
    (
      "Pruning",
      [
        method, sparsity, pattern, dampening, blockSize, penalty, iterations, interval, refinements, targets,
        sequential, weighting,
      ]
    ),
    (
      "Calibration; --method magnitude needs none",
      [
        InputOptions.calibration, TextOptions.calibrationFormat, TextOptions.field, TextOptions.documents,
        InputOptions.samples, InputOptions.sequenceLength, InputOptions.seed,
      ]
    ),
    ("Allocation", [allocation, spread, scaling, floor, ceiling]),
    ("Search, for --allocation search", [start, generations]),
    (
      "Shapley values, for --allocation shapley and search",
      [values] + GameOptions.all + [probeSparsity, windows, journal]
    ),
    ("Evaluation", [data, TextOptions.format]),
    ResourceOptions.group,
    ("Output", [output] + ReportOptions.all + [OutputOptions.force, dryRun]),
  ]
  package static let examples: KeyValuePairs = [
    "The best at 70 %: ADMM with dense targets, each linear's sparsity by its value:": """
    svnup prune Llama-2-7b --sparsity 0.7 --calibration c4.jsonl \\
      --output Llama-2-7b-best
    """,
    "SparseGPT at 70 %, each linear with the sparsity its Shapley value earns it:": """
    svnup prune Llama-2-7b --method sparsegpt --sparsity 0.7 \\
      --allocation shapley --calibration c4.jsonl --data wiki.test.raw \\
      --format wikitext --output Llama-2-7b-pruned
    """,
    "2:4 with Wanda:": """
    svnup prune Llama-2-7b --method wanda --pattern 2:4 \\
      --calibration c4.txt --output Llama-2-7b-2of4
    """,
    "What a run would take, in time and memory:": """
    svnup prune Llama-2-7b --sparsity 0.7 --calibration c4.jsonl --dry-run
    """,
    "The best, with a page that shows what became of it:": """
    svnup prune opt-125m --sparsity 0.6 --calibration c4.jsonl \\
      --data wiki.test.raw --format wikitext --output opt-40 \\
      --report opt-40.html
    """,
    "Magnitude, which needs no calibration:":
      "svnup prune opt-125m --method magnitude --sparsity 0.5 --output opt-half",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    var method = method(arguments)
    try methodSettings.apply(arguments, to: &method)
    let target = arguments[pattern] ?? arguments[sparsity].map { .unstructured($0) }
    var job = try PruneJob(
      ModelSource(arguments[InputOptions.model]), by: method, to: target,
      calibration: arguments[InputOptions.calibration].map { try TextOptions.calibration(arguments, $0) })
    job.targets = arguments[targets] ?? method.recipe.targets
    job.sequencing = arguments[sequential] ?? method.recipe.sequencing
    if let weighting = arguments[weighting] { job.weighting = weighting }
    job.allocation = try allocation(arguments)
    job.evaluation = try arguments[data].map { try TextOptions.data(arguments, $0) }
    job.samples = arguments[InputOptions.samples]
    job.sequenceLength = arguments[InputOptions.sequenceLength]
    job.seed = arguments[InputOptions.seed]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.output = arguments[output]
    job.replacesOutput = arguments[OutputOptions.force]
    job.command = ["svnup"] + CommandLine.arguments.dropFirst()
    let report = try ReportOptions.output(
      arguments,
      inputs: [job.model.path, job.calibration?.path, job.evaluation?.path, arguments[values]],
      outputs: [job.output, arguments[journal]])
    let events = report.events(console)
    job.events = events ?? console
    if isDry(arguments) {
      let forecast = try job.forecast()
      try console.report(forecast.json, or: forecast.text)
      if !arguments.isGiven(dryRun) { console.note("Nothing was written; --output DIR prunes.") }
      return
    }
    let keepsValues = usesValues(arguments) && !arguments.isGiven(values)
    job.stop = Stopping.token(keepsMeasurements: keepsValues || allocationChoice(arguments) == .search)
    let result = try job.run(journal: arguments[journal])
    let record = try result.save()
    console.note("saved \(try arguments.required(output))")
    try report.write(
      Page(of: record, model: Path.name(of: job.model.path), savings: ZeroSavings(of: result.model), cost: events),
      console
    ) {
      try console.report(record.json.with("memory", result.memory.json), or: record.text)
    }
  }

  /// Whether the run is only told of.
  static func isDry(_ arguments: Arguments) -> Bool {
    arguments[dryRun] || !arguments.isGiven(output) && StandardStream.output.isTerminal
  }

  private static func allocation(_ arguments: Arguments) throws -> Allocation {
    let spread = arguments[Self.spread] ?? .usual
    switch allocationChoice(arguments) {
    case .uniform: return .uniform
    case .owl:
      if case .number(let spread) = spread { return .owl(spread: spread) }
      return .owl()
    case .dlp:
      if case .number(let spread) = spread { return .dlp(spread: spread) }
      return .dlp()
    case .alphaPruning:
      if case .number(let spread) = spread { return .alphaPruning(spread: spread) }
      return .alphaPruning()
    case .shapley: return .shapley(try source(arguments), spread: spread, map: map(arguments))
    case .search:
      let start: AllocationSearch.Start =
        arguments[start] == .uniform
        ? .uniform : .values(try source(arguments), spread: spread, map: map(arguments))
      return .search(AllocationSearch(generations: arguments[generations], from: start))
    case .file(let path): return .given(try AllocationFile(path))
    }
  }

  /// Where Shapley values come from.
  private static func source(_ arguments: Arguments) throws -> ShapleySource {
    if let path = arguments[values] { return .values(try ShapleyRecord(path)) }
    let game = try GameOptions.settings(
      arguments, probeSparsity: arguments[probeSparsity], probeSettings: methodSettings,
      for: method(arguments).recipe)
    return .game(game, windows: arguments[windows])
  }

  /// What turns them into sparsities.
  private static func map(_ arguments: Arguments) -> ImportanceMap {
    ImportanceMap(scaling: arguments[scaling], floor: arguments[floor], ceiling: arguments[ceiling])
  }
}
