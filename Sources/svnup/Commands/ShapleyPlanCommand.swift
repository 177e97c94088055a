import Support

/// `svnup shapley plan`: the work of an estimate, cut into shards.
package enum ShapleyPlanCommand: Command {
  package static let shards = Option(
    "shards", .integer(1...ShapleyPlan.shardLimit), default: 1, help: "Pieces to cut the work into.")

  package static let output: Option<String?> = Option("output", .text("FILE"), help: "The plan.")

  package static let description = CommandDescription(
    name: "shapley plan",
    summary: "Cut an estimate into shards for many machines.",
    discussion: [
      """
      Writes down which coalitions there are and what decides about their values: the settings, and the hashes of model, \
      tokenizer and texts. Each 'svnup shapley work' then evaluates one shard, anywhere that these files can be read, and \
      'svnup shapley merge' puts the values together: the same, to the bit, as 'svnup shapley' gives.
      """
    ],
    usage: "MODEL --data FILE [--shards N] --output FILE [options]",
    positionals: [InputOptions.model],
    groups: ShapleyOptions.groups + [OptionGroup("Plan", [shards, output, OutputOptions.force])],
    examples: [
      Example(
        "A plan for 64 tasks of a Slurm array:",
        """
        svnup shapley plan Llama-2-7b --data valid.txt --calibration c4.txt \\
          --shards 64 --output plan.json
        """)
    ]
  )

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    try ShapleyOptions.validate(arguments)
    _ = try arguments.required(output)
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let output = try arguments.required(Self.output)
    let request = try ShapleyRequest(arguments)
    try OutputOptions.checkFile(
      output, inputs: [request.data, request.calibration].compactMap(\.self),
      replacing: arguments[OutputOptions.force])
    let plan = try ShapleyPlan(request, shardCount: arguments[shards], console: console)
    try File.replace(output, with: Array(plan.json.document.utf8))
    let costs = (0..<plan.shardCount).map { plan.shard($0).count }
    let text = """
      \(plan.coalitions.count) coalitions in \(plan.shardCount) shards of \(costs.min() ?? 0) to \(costs.max() ?? 0); \
      \(plan.applications) applications in all
      plan \(plan.header.plan)
      """
    let json = JSON(members: [
      ("plan", JSON(plan.header.plan)), ("shards", JSON(plan.shardCount)),
      ("coalitions", JSON(plan.coalitions.count)), ("applications", JSON(plan.applications)),
    ])
    try console.report(json, or: text)
  }
}
