import ShapleyPrune
import Support
import Tensor

/// `svnup shapley work`: one shard of a plan.
package enum ShapleyWorkCommand: Command {
  package static let plan: Option<String?> = Option("plan", .text("FILE"), help: "What 'svnup shapley plan' wrote.")

  package static let shard: Option<ShardChoice> = Option(
    "shard", .shard, default: .auto,
    help: "Which shard, from 0. auto: \(ShardIndex.variables.joined(separator: ", ")), whichever is set.")

  package static let output: Option<String?> = Option("out", .text("DIR"), help: "The folder of all shards.")

  package static let description = CommandDescription(
    name: "shapley work",
    summary: "Evaluate one shard of a plan.",
    discussion: [
      """
      Writes shard-I-of-N.jsonl into the folder, complete or not at all. A shard that is there already takes milliseconds, so \
      that a whole array can be submitted again. What a task has measured when it is killed is not lost: the next one goes on \
      from there. SIGTERM ends it with status 75.
      """
    ],
    usage: "--plan FILE --out DIR [--shard I]",
    groups: [OptionGroup("Shard", [plan, shard, output])],
    examples: [
      Example("In a task of a Slurm array:", "svnup shapley work --plan plan.json --out shards"),
      Example("The fourth shard:", "svnup shapley work --plan plan.json --out shards --shard 3"),
    ]
  )

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    _ = try arguments.required(plan)
    _ = try arguments.required(output)
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let plan = try ShardPlan(arguments.required(Self.plan))
    let index = try ShardIndex.resolve(arguments[shard].index, of: plan.shardCount)
    let result = try plan.work(
      on: index, into: arguments.required(output), events: console, stop: Stopping.token(keepsMeasurements: true))
    try console.report(result.json, or: result.text)
  }
}

/// A shard's number, or that it is to be found out.
package enum ShardChoice: Equatable, Sendable {
  case auto
  case number(Int)

  var index: Int? { if case .number(let index) = self { index } else { nil } }
}

extension ValueKind where Value == ShardChoice {
  /// A number from 0, or `auto`.
  package static var shard: Self {
    Self("I|auto") { text throws(InvalidValue) in
      if text == "auto" { return .auto }
      guard let index = Int(text), index >= 0 else { throw InvalidValue("must be a shard's number from 0, or auto") }
      return .number(index)
    } spell: { choice in
      choice.index.map { String($0) } ?? "auto"
    }
  }
}
