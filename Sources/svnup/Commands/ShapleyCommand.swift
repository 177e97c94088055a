/// `svnup shapley`: what each block contributes.
package enum ShapleyCommand: Command {
  package static let probeSparsity = Option(
    "probe-sparsity", .number(0...1, excludingLower: true, "S"), default: 0.7,
    help: "The sparsity of an absent block; best the one you are going to prune to.")

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
      OptionGroup("Game", [InputOptions.data, InputOptions.sequenceLength, GameOptions.value, GameOptions.absence]),
      OptionGroup("Estimator", [GameOptions.estimator, GameOptions.window, GameOptions.placement]),
      OptionGroup(
        "Probe, for --absence pruned; calibrated on --data where --calibration is not given",
        [probeSparsity, GameOptions.probeMethod, InputOptions.calibration, InputOptions.samples, InputOptions.seed]),
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
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    throw usageError("shapley is not built yet")
  }
}
