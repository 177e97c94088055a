import ShapleyPrune
import Support

package enum CompareMergeCommand: Command {
  package static let name = "compare merge"
  package static let family = CommandFamily.compare
  package static let summary = "Make the tables of a comparison from its tasks' results."
  package static let discussion = """
    Reads and checks every result. Where some are missing or damaged, they are named on standard output as Slurm's --array \
    takes them, nothing else is written, and the status is 75; the tables are the same, to the bit, as 'svnup compare' makes.
    """
  package static let positionals: [any Declaration] = [CompareWorkCommand.folder]
  package static let examples: KeyValuePairs = [
    "The tables, or the list of what is missing:": "svnup compare merge study"
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    let plan = try ComparePlan(arguments[CompareWorkCommand.folder])
    switch try plan.merge(events: console) {
    case .comparison(let comparison):
      try CompareCommand.show(comparison, in: arguments[CompareWorkCommand.folder], console)
    case .missing(let tasks):
      let list = ShardIndex.list(tasks)
      try console.report(["missing": JSON(tasks), "array": JSON(list)], or: list)
      throw MissingPieces(count: tasks.count, of: plan.taskCount, pieces: "tasks")
    }
  }
}
