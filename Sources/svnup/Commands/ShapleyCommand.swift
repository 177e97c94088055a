import ShapleyPrune
import Support
import Transformer

/// `svnup shapley`: what each part of a model contributes.
package enum ShapleyCommand: Command {
  package static let output: Option<String?> = Option(
    "output", .text("FILE"), help: "Write the values, as JSON, to a file too; 'svnup prune --values' reads it.")

  package static let journal: Option<String?> = Option(
    "journal", .text("FILE"), defaultText: "OUTPUT.journal, removed at the end",
    help: "Keep what has been measured, so that the same command goes on after an interruption.")

  package static let description = CommandDescription(
    name: "shapley",
    summary: "Estimate what every part of a model contributes: its Shapley value.",
    discussion: [
      """
      The blocks (or their halves, or every linear) are the players of a cooperative game. A coalition is the set of players \
      left intact, and its value says how well the model then predicts the windows of --data.
      """,
      "To spread the work over machines, see 'svnup help shapley plan', 'shapley work' and 'shapley merge'.",
    ],
    usage: "MODEL --data FILE [options]",
    positionals: [InputOptions.model],
    groups: ShapleyOptions.groups + [OptionGroup("Output", [output, OutputOptions.force, journal])],
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
      Example(
        "Attention and MLP apart, from random orders, until the errors are small:",
        """
        svnup shapley opt-125m --data valid.txt --players sublayers \\
          --estimator permutation --evaluations 5000 --tolerance 0.002
        """),
    ]
  )

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    try ShapleyOptions.validate(arguments)
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let output = arguments[Self.output]
    let request = try ShapleyRequest(arguments)
    if let output {
      let inputs = [request.data, arguments[InputOptions.calibration]].compactMap(\.self)
      try OutputOptions.checkFile(output, inputs: inputs, replacing: arguments[OutputOptions.force])
    }
    let task = try ShapleyTask(request, console: console)
    let journal = try RunJournal(arguments[journal], besides: output, task.header, console: console)
    task.memory.announce(console)
    let model = try task.source.load(console: console)
    let (report, cost) = try task.game.play(
      model, memory: task.memory.memory, measurements: journal.measurements, console: console)
    // Told first: a disk that is full must not cost the values.
    try console.report(
      report.json.with("run", cost.json).with("memory", task.memory.json),
      or: "\(report.text(console)); \(cost.text)")
    if let output { try File.replace(output, with: Array(report.json.document.utf8)) }
    journal.finish()
  }
}
