import Charts
import Report
import ShapleyPrune
import Support

package enum ExplainCommand: Command {
  private static let usual = GameSettings()
  package static let player = Option<String?>(
    "player", .text("NAME"), defaultText: "the one that is worth most a weight",
    help: "The part of the model to follow: 3.down, 3.mlp, 3.")
  package static let samples = Option(
    "samples", .integer(1...ShapleyJob.windowLimit), default: ExplainJob.usualSamples,
    help: "Samples to draw from --data, on which everything is measured and calibrated.")
  package static let players = Option<Granularity>(
    "players", .word, default: usual.granularity, help: "Who plays: blocks, attention and MLP, or linears.")
  package static let sparsity = Option(
    "sparsity", .number(0...1, excludingLower: true, "S"), default: GameSettings.Probe.usualSparsity,
    help: "The share of zeros that the model is to have.")
  package static let method = Option<any Pruner>(
    "method", .pruner, default: PruneRecipe.usualPruner, help: "How the weights to go are chosen.")

  package static let name = "explain"
  package static let family = CommandFamily.understand
  package static let summary = "Follow one part from the text to its value and its weights."
  package static let discussion = """
    Shows what takes the part's place, what it adds to every coalition of the windows that it is in, how these terms and the \
    derivatives on the diagonal add up to its values, which sparsity follows, and what pruning to that does to its weights and \
    outputs. Every number comes from the run itself.
    """
  package static let usage = "MODEL --data FILE [--player NAME] [options]"
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] = [
    (
      "Walk",
      [
        InputOptions.data, TextOptions.format, TextOptions.field, TextOptions.documents, player, players,
        GameOptions.windowLength, GameOptions.nodes, method, sparsity, samples, InputOptions.seed,
        InputOptions.sequenceLength,
      ]
    ), ResourceOptions.group, ("Output", ReportOptions.all + [OutputOptions.force]),
  ]
  package static let examples: KeyValuePairs = [
    "The last linear of the fourth block:": "svnup explain opt-125m --data valid.txt --player 3.fc2"
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) { try ReportOptions.validate(arguments) }

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = try ExplainJob(
      ModelSource(arguments[InputOptions.model]),
      data: TextOptions.data(arguments, arguments.required(InputOptions.data)))
    job.player = arguments[player]
    job.granularity = arguments[players]
    job.pruner = arguments[method]
    job.sparsity = arguments[sparsity]
    job.samples = arguments[samples]
    job.seed = arguments[InputOptions.seed]
    job.sequenceLength = arguments[InputOptions.sequenceLength]
    job.estimator.length = arguments[GameOptions.windowLength]
    job.diagonal.nodes = arguments[GameOptions.nodes]
    job.memoryLimit = arguments[ResourceOptions.memory]
    let report = try ReportOptions.output(arguments, inputs: [job.model.path, job.data.path], outputs: [])
    let events = report.events(console)
    job.events = events ?? console
    let walk = try job.run()
    try report.write(
      Page(
        of: walk, model: Path.name(of: job.model.path), command: ["svnup"] + CommandLine.arguments.dropFirst(),
        cost: events), console
    ) {
      try console.report(walk.json.with("memory", walk.memory?.json ?? .null), or: walk.text(console.barStyle))
    }
  }
}
