import Support
import Transformer

/// `svnup shapley`: what each block contributes.
package enum ShapleyCommand: Command {
  package static let probeSparsity = Option(
    "probe-sparsity", .number(0...1, excludingLower: true, "S"), default: 0.7,
    help: "The sparsity of an absent block; best the one you are going to prune to.")

  package static let windows: Option<Int?> = Option(
    "windows", .integer(1...1_000_000), defaultText: "all", help: "Take only the first windows of --data.")

  package static let output: Option<String?> = Option(
    "output", .text("FILE"), help: "Write the values, as JSON, to a file too.")

  package static let description = CommandDescription(
    name: "shapley",
    summary: "Estimate the Shapley value of every block of a model.",
    discussion: [
      """
      The blocks are the players of a cooperative game. A coalition is the set of blocks left intact, and its value says how \
      well the model then predicts the windows of --data.
      """
    ],
    usage: "MODEL --data FILE [options]",
    positionals: [InputOptions.model],
    groups: [
      OptionGroup(
        "Game", [InputOptions.data, windows, InputOptions.sequenceLength, GameOptions.value, GameOptions.absence]),
      OptionGroup("Estimator", [GameOptions.estimator, GameOptions.window, GameOptions.placement]),
      OptionGroup(
        "Probe, for --absence pruned; calibrated on --data where --calibration is not given",
        [probeSparsity, GameOptions.probeMethod, InputOptions.calibration, InputOptions.samples, InputOptions.seed]),
      ResourceOptions.group,
      OptionGroup("Output", [output, OutputOptions.force]),
    ],
    examples: [
      Example(
        "Values for pruning to 60 %, the probe calibrated on another text:",
        """
        svnup shapley Llama-2-7b --data valid.txt --calibration c4.txt \\
          --probe-sparsity 0.6 --output values.json
        """),
      Example(
        "Leave one block out at a time, skipping it:",
        "svnup shapley opt-125m --data valid.txt --absence bypassed --window 1"),
    ]
  )

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    _ = try arguments.required(InputOptions.data)
    try GameOptions.validate(arguments, probeSparsity: probeSparsity)
    if arguments[GameOptions.absence] == .bypassed {
      let probing: [any OptionDeclaration] = [InputOptions.calibration, InputOptions.samples, InputOptions.seed]
      try arguments.refuse(probing, unless: "--absence pruned")
    }
    if !arguments.isGiven(InputOptions.calibration) {
      try arguments.refuse([InputOptions.samples, InputOptions.seed], unless: "--calibration")
    }
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let output = arguments[Self.output]
    let data = try arguments.required(InputOptions.data)
    if let output {
      let inputs = [data, arguments[InputOptions.calibration]].compactMap(\.self)
      try OutputOptions.checkFile(output, inputs: inputs, replacing: arguments[OutputOptions.force])
    }
    let source = try ModelSource(arguments[InputOptions.model])
    let settings = GameSettings(
      arguments, probe: arguments[GameOptions.probeMethod].pruner(), probeSparsity: arguments[probeSparsity])
    try settings.check(blockCount: source.directory.blockCount)
    let length = arguments[InputOptions.sequenceLength]
    let windows = try Corpus(data, for: source).windows(length: length).first(arguments[Self.windows])
    var samples: TokenBatch?
    if settings.isPruned, let calibration = arguments[InputOptions.calibration] {
      samples = try Corpus(calibration, for: source).samples(
        count: arguments[InputOptions.samples], length: length, seed: arguments[InputOptions.seed])
    }
    let plan = try MemoryPlan(
      source, limit: arguments[ResourceOptions.memory], length: max(windows.length, samples?.length ?? 0),
      storesStates: settings.isPruned && settings.probe.statistics > .none
    ) { $0.game(settings, windows: Samples(windows), calibration: samples.map(Samples.init)) }
    plan.announce(console)
    let model = try source.load(console: console)
    let run = try settings.estimate(
      model, windows: windows, calibration: samples, memory: plan.memory, console: console)
    // Told first: a disk that is full must not cost the values.
    try console.report(run.json.with(plan), or: run.text(console))
    if let output { try File.replace(output, with: Array(run.json.document.utf8)) }
  }
}
