import ShapleyPrune
import Support

/// What `svnup shapley` and `svnup shapley plan` are told about the values to take.
enum ShapleyOptions {
  /// The file of the values, of 'svnup shapley' and 'svnup shapley merge'.
  static let output = Option<String?>(
    "output", .text("FILE"), help: "Write the values, as JSON, to a file too; 'svnup prune --values' reads it.")

  /// The plan that 'svnup shapley work' and 'svnup shapley merge' read.
  static let plan = Option<String?>("plan", .text("FILE"), isRequired: true, help: "What 'svnup shapley plan' wrote.")
  static let probeSparsity = Option(
    "probe-sparsity", .number(0...1, excludingLower: true, "S"), default: GameSettings.Probe.usualSparsity,
    help: "The sparsity of an absent player; best the one you are going to prune to.")

  static let groups: [OptionGroup] = [
    (
      "Game",
      [
        InputOptions.data, TextOptions.format, TextOptions.field, TextOptions.documents, InputOptions.windows,
        InputOptions.sequenceLength, GameOptions.players, GameOptions.value, GameOptions.absence,
      ]
    ),
    ("Estimator", GameOptions.estimation + [InputOptions.seed]),
    (
      "Probe, for --absence pruned; calibrated on --data where --calibration is not given",
      [
        probeSparsity, GameOptions.probeMethod, InputOptions.calibration, TextOptions.calibrationFormat,
        InputOptions.samples,
      ]
    ),
    ResourceOptions.group,
  ]

  /// Refuses options that would be ignored.
  static func validate(_ arguments: Arguments) throws(UsageError) {
    try GameOptions.validate(arguments, probeSparsity: probeSparsity)
    if arguments[GameOptions.absence] == .bypassed {
      try arguments.refuse(
        [InputOptions.calibration, TextOptions.calibrationFormat, InputOptions.samples], unless: "--absence pruned")
    }
    if !arguments.isGiven(InputOptions.calibration) {
      try arguments.refuse([InputOptions.samples, TextOptions.calibrationFormat], unless: "--calibration")
      if !Registries.estimators.names(having: "seed").contains(
        GameOptions.chosenEstimator(arguments, for: .published).name)
      {
        try arguments.refuse([InputOptions.seed], unless: "--calibration or --estimator permutation")
      }
    }
  }

  /// The job that a command line asks for.
  static func job(_ arguments: Arguments, console: Console) throws -> ShapleyJob {
    var job = try ShapleyJob(
      ModelSource(arguments[InputOptions.model]),
      data: TextOptions.data(arguments, arguments.required(InputOptions.data)))
    job.settings = try GameOptions.settings(arguments, probeSparsity: arguments[probeSparsity])
    job.windows = arguments[InputOptions.windows]
    job.sequenceLength = arguments[InputOptions.sequenceLength]
    if job.settings.probe != nil {
      job.calibration = try arguments[InputOptions.calibration].map { try TextOptions.calibration(arguments, $0) }
    }
    job.samples = arguments[InputOptions.samples]
    job.seed = arguments[InputOptions.seed]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.events = console
    return job
  }
}
