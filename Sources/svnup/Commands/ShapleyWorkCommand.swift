import ShapleyPrune
import Support

package enum ShapleyWorkCommand: Command {
  static let shard = Option<Int?>(
    "shard", .number(ofPiece: "shard"), default: nil,
    help: "Which shard, from 0. auto: \(ShardIndex.variables.joined(separator: ", ")), whichever is set.")
  package static let output = Option<String?>("out", .text("DIR"), isRequired: true, help: "The folder of all shards.")

  package static let name = "shapley work"
  package static let family = CommandFamily.understand
  package static let summary = "Evaluate one shard of a plan."
  package static let discussion = """
    Writes shard-I-of-N.jsonl into the folder, complete or not at all. A shard that is there already takes milliseconds, so \
    that a whole array can be submitted again. What a task has measured when it is killed is not lost: the next one goes on \
    from there. SIGTERM ends it with status 75.
    """
  package static let usage = "--plan FILE --out DIR [--shard I]"
  package static let groups: [OptionGroup] = [("Shard", [ShapleyOptions.plan, shard, output])]
  package static let examples: KeyValuePairs = [
    "In a task of a Slurm array:": "svnup shapley work --plan plan.json --out shards",
    "The fourth shard:": "svnup shapley work --plan plan.json --out shards --shard 3",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    let plan = try ShardPlan(arguments.required(ShapleyOptions.plan))
    let index = try ShardIndex.resolve(arguments[shard], of: plan.shardCount)
    let result = try plan.work(
      on: index, into: arguments.required(output), events: console, stop: Stopping.token(keepsMeasurements: true))
    try console.report(result.json, or: result.text)
  }
}
