import ShapleyPrune
import Support

package enum ShapleyMergeCommand: Command {
  static let folder = Positional.required("DIR", help: "The folder of all shards.")

  package static let name = "shapley merge"
  package static let family = CommandFamily.understand
  package static let summary = "Put the values of a plan together from its shards."
  package static let discussion = """
    Reads and checks every shard. Where some are missing or damaged, they are named on standard output as Slurm's --array \
    takes them, nothing else is written, and the status is 75; the values are the same, to the bit, as 'svnup shapley' gives.
    """
  package static let usage = "--plan FILE DIR [--output FILE]"
  package static let positionals: [any Declaration] = [folder]
  package static let groups: [OptionGroup] = [
    ("Values", [ShapleyOptions.plan, ShapleyOptions.output, OutputOptions.force])
  ]
  package static let examples: KeyValuePairs = [
    "The values, or the list of what is missing:": "svnup shapley merge --plan plan.json shards --output values.json"
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    if !arguments.isGiven(ShapleyOptions.output) { try arguments.refuse([OutputOptions.force], unless: "--output") }
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let (path, folder) = (try arguments.required(ShapleyOptions.plan), arguments[folder])
    let plan = try ShardPlan(path)
    let shards = (0..<plan.shardCount).map { Path.join(folder, plan.fileName(of: $0)) }
    let file = try arguments[ShapleyOptions.output].map {
      try OutputFile($0, inputs: [path] + plan.inputs + shards, replacing: arguments[OutputOptions.force])
    }
    switch try plan.merge(folder, events: console) {
    case .values(let record):
      let told = Result { try console.report(record.json, or: record.text(console)) }
      try file?.write(record.json)
      try told.get()
    case .missing(let shards):
      let list = ShardIndex.list(shards)
      try console.report(["missing": JSON(shards), "array": JSON(list)], or: list)
      throw MissingPieces(count: shards.count, of: plan.shardCount, pieces: "shards")
    }
  }
}

/// A merge that came too early.
struct MissingPieces: Diagnostic, Equatable {
  let count: Int
  let of: Int
  /// What they are called.
  let pieces: String

  var description: String { "\(count) of \(of) \(pieces) are missing or damaged" }
  var failureKind: FailureKind { .interrupted }
}
