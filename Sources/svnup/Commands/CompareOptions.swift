import ShapleyPrune
import Support

/// What `svnup compare` and `svnup compare plan` are told about the grid.
package enum CompareOptions {
  private static let usual = CompareJob([], calibration: .text(""), evaluations: [])

  static let models = Positional.repeated("MODEL", help: "Hugging Face directories, one or more.")
  package static let methods = Option(
    "methods", .list(of: .pruner, "METHOD,…"), default: usual.methods,
    help: "Methods of pruning: any of \(Registries.pruners.names.joined(separator: ", ")).")
  package static let recipes = Option(
    "recipes", .list(of: .word, "RECIPE,…"), default: usual.recipes,
    help: """
      What goes with each method: usual, what 'svnup prune' takes with it; published, as SparseGPT prunes; best, dense targets, \
      stages and weighted outputs.
      """)
  package static let allocations = Option(
    "allocations", .list(of: .word, "RULE,…"), default: usual.rules,
    help: "How sparsities are shared: any of \(CompareJob.Rule.allCases.map(\.rawValue).joined(separator: ", ")).")
  package static let estimators = Option<[any ShapleyEstimator]?>(
    "estimators", .list(of: .estimator, "ESTIMATOR,…"), defaultText: "what goes with each recipe",
    help: "Estimators of Shapley values: any of \(Registries.estimators.names.joined(separator: ", ")).")
  package static let players = Option(
    "players", .list(of: .word, "PLAYERS,…"), default: usual.granularities,
    help: "Who plays and gets a sparsity: any of \(Granularity.allCases.map(\.rawValue).joined(separator: ", ")).")
  package static let sparsities = Option<[Double]?>(
    "sparsities", .list(of: .number(0...1), "S,…"),
    defaultText: "\(usual.targets[0].sparsity), where there are no patterns either",
    help: "Shares of zeros to prune to.")
  package static let patterns = Option<[SparsityPattern]?>(
    "patterns", .list(of: .groups, "N:M,…"),
    help: "Keep N of every M weights; the same for every linear, so with the uniform allocation only.")
  package static let seeds = Option(
    "seeds", .integer(1...CompareJob.seedLimit), default: usual.seeds,
    help: "With how many seeds samples are drawn, from 0 on.")
  package static let data = Option.repeated(
    "data", .text("FILE"), isRequired: true,
    help: "A text to measure on, in a form that 'svnup perplexity' takes; may be given several times.")
  package static let tasks = Option<[String]>.repeated(
    "task", .text("FILE"),
    help: "Questions to ask, as 'svnup evaluate' takes them; may be given several times.")
  package static let valueWindows = Option(
    "value-windows", .integer(1...ShapleyJob.windowLimit), default: usual.windows,
    help: "Calibration samples that Shapley values are taken on: the first ones.")

  static let groups: [OptionGroup] = [
    ("Grid", [methods, recipes, allocations, estimators, players, sparsities, patterns, seeds]),
    (
      "Calibration",
      [
        InputOptions.calibration, TextOptions.calibrationFormat, TextOptions.field, TextOptions.documents,
        InputOptions.samples, InputOptions.sequenceLength, valueWindows,
      ]
    ),
    ("Evaluation", [data, TextOptions.format, InputOptions.windows, tasks, EvaluateCommand.items]),
    ResourceOptions.group,
  ]

  /// Refuses options that would be ignored.
  static func validate(_ arguments: Arguments) throws(UsageError) {
    _ = try arguments.required(InputOptions.calibration)
    if !arguments[allocations].contains(.shapley) {
      try arguments.refuse([estimators, players, valueWindows], unless: "--allocations shapley")
    }
    if arguments[tasks].isEmpty { try arguments.refuse([EvaluateCommand.items], unless: "--task") }
    if arguments.isGiven(patterns), !arguments[allocations].contains(.uniform) {
      throw arguments.usageError("--patterns gives every linear the same sparsity, so it needs --allocations uniform")
    }
    if arguments.isGiven(patterns), !arguments.isGiven(sparsities) {
      // What is usual for sparsities is left out; what somebody asked for is not.
      let named = arguments.isGiven(allocations) ? arguments[allocations].filter { $0 != .uniform } : []
      if let other = named.first {
        throw arguments.usageError(
          "--allocations \(other.rawValue): --patterns gives every linear the same sparsity; add --sparsities, or take uniform alone"
        )
      }
      try arguments.refuse([estimators, players, valueWindows], unless: "--sparsities")
    }
  }

  /// The job that a command line asks for.
  static func job(_ arguments: Arguments, console: Console) throws -> CompareJob {
    var job = CompareJob(
      try arguments[models].map { try ModelSource($0) },
      calibration: try TextOptions.calibration(arguments, arguments.required(InputOptions.calibration)),
      evaluations: try arguments[data].map { try TextOptions.data(arguments, $0) })
    job.methods = arguments[methods]
    job.recipes = arguments[recipes]
    job.rules = arguments[allocations]
    job.estimators = arguments[estimators] ?? []
    job.granularities = arguments[players]
    let patterns = arguments[patterns] ?? []
    let sparsities = arguments[sparsities].map { $0.map { SparsityPattern.unstructured($0) } }
    job.targets = (sparsities ?? (patterns.isEmpty ? job.targets : [])) + patterns
    job.seeds = arguments[seeds]
    job.samples = arguments[InputOptions.samples]
    job.sequenceLength = arguments[InputOptions.sequenceLength]
    job.windows = arguments[valueWindows]
    job.evaluationWindows = arguments[InputOptions.windows]
    job.tasks = arguments[tasks]
    job.items = arguments[EvaluateCommand.items]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.events = console
    return job
  }
}
