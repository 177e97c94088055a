import Charts
import Report
import ShapleyPrune
import Support

package enum ShapleyCommand: Command {
  static let journal = Option<String?>(
    "journal", .text("FILE"), defaultText: "OUTPUT.journal, removed at the end",
    help: "Keep what has been measured, so that the same command goes on after an interruption.")

  package static let name = "shapley"
  package static let family = CommandFamily.understand
  package static let summary = "Estimate what every part contributes: its Shapley value."
  package static let discussion = """
    The blocks (or their halves, or every linear) are the players of a cooperative game. A coalition is the set of players \
    left intact, and its value says how well the model then predicts the windows of --data.
    To spread the work over machines, see 'svnup help shapley plan', 'shapley work' and 'shapley merge'.
    """
  package static let usage = "MODEL --data FILE [options]"
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] =
    ShapleyOptions.groups + [("Output", [ShapleyOptions.output] + ReportOptions.all + [OutputOptions.force, journal])]
  package static let examples: KeyValuePairs = [
    "Values for pruning to 60 %, the probe calibrated on another text:": """
    svnup shapley Llama-2-7b --data valid.txt --calibration c4.txt \\
      --probe-sparsity 0.6 --output values.json
    """,
    "Leave one block out at a time, skipping it:":
      "svnup shapley opt-125m --data valid.txt --absence bypassed --window 1",
    "Attention and MLP apart, from random orders, until the errors are small:": """
    svnup shapley opt-125m --data valid.txt --players sublayers \\
      --estimator permutation --evaluations 5000 --tolerance 0.002
    """,
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    try ShapleyOptions.validate(arguments)
    try ReportOptions.validate(arguments, outputs: [ShapleyOptions.output])
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = try ShapleyOptions.job(arguments, console: console)
    job.output = arguments[ShapleyOptions.output]
    job.replacesOutput = arguments[OutputOptions.force]
    let journal = arguments[Self.journal]
    let report = try ReportOptions.output(
      arguments, inputs: [job.model.path, job.data.path, job.calibration?.path], outputs: [job.output, journal])
    let events = report.events(console)
    job.events = events ?? console
    job.stop = Stopping.token(keepsMeasurements: job.output != nil || journal != nil)
    let result = try job.run(journal: journal)
    // Told first, since a disk that is full must not cost the values; nor must a reader who has gone.
    let told = Result {
      try console.report(
        result.record.json.with("run", result.cost.json).with("memory", result.memory.json),
        or: "\(result.record.text(console)); \(result.cost.text)")
    }
    try result.save()
    try report.write(
      Page(
        of: result.record, model: Path.name(of: job.model.path), command: ["svnup"] + CommandLine.arguments.dropFirst(),
        cost: events), console)
    try told.get()
  }
}
