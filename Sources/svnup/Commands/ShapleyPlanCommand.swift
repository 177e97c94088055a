import ShapleyPrune
import Support

package enum ShapleyPlanCommand: Command {
  package static let shards = Option(
    "shards", .integer(1...ShardPlan.shardLimit), default: 1, help: "Pieces to cut the work into.")
  package static let output = Option<String?>("output", .text("FILE"), help: "The plan.")

  package static let name = "shapley plan"
  package static let family = CommandFamily.understand
  package static let summary = "Cut an estimate into shards for many machines."
  package static let discussion = """
    Writes down which coalitions there are and what decides about their values: the settings, and the hashes of model, \
    tokenizer and texts. Each 'svnup shapley work' then evaluates one shard, anywhere that these files can be read, and \
    'svnup shapley merge' puts the values together: the same, to the bit, as 'svnup shapley' gives.
    """
  package static let usage = "MODEL --data FILE [--shards N] --output FILE [options]"
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] = ShapleyOptions.groups + [("Plan", [shards, output, OutputOptions.force])]
  package static let examples: KeyValuePairs = [
    "A plan for 64 tasks of a Slurm array:": """
    svnup shapley plan Llama-2-7b --data valid.txt --calibration c4.txt \\
      --shards 64 --output plan.json
    """
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    try ShapleyOptions.validate(arguments)
    _ = try arguments.required(output)
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let job = try ShapleyOptions.job(arguments, console: console)
    let file = try OutputFile(
      arguments.required(output), inputs: [job.data.path, job.calibration?.path].compactMap(\.self),
      replacing: arguments[OutputOptions.force])
    let plan = try job.plan(shards: arguments[shards])
    try file.write(plan.document)
    let sizes = (0..<plan.shardCount).map { plan.shard($0).count }
    let text = """
      \(plan.measurements.count) measurements in \(Quantity.counted(plan.shardCount, "shard")) of \(sizes.min() ?? 0) to \(sizes.max() ?? 0); \
      \(plan.applications) applications in all
      plan \(plan.hash)
      """
    let json: JSON = [
      "plan": JSON(plan.hash), "shards": JSON(plan.shardCount), "coalitions": JSON(plan.coalitions.count),
      "measurements": JSON(plan.measurements.count),
      "applications": JSON(plan.applications),
    ]
    try console.report(json, or: text)
  }
}
