import ShapleyPrune
import Support

package enum CompareWorkCommand: Command {
  static let folder = Positional.required("DIR", help: "The folder that 'svnup compare plan' made.")
  static let task = Option<Int?>(
    "task", .number(ofPiece: "task"), default: nil,
    help: "Which task, from 0. auto: \(ShardIndex.variables.joined(separator: ", ")), whichever is set.")

  package static let name = "compare work"
  package static let family = CommandFamily.compare
  package static let summary = "Do one task of a comparison."
  package static let discussion = """
    Writes the task's result into the folder, complete or not at all. A result that is there already takes milliseconds, so \
    that a whole array can be submitted again. SIGTERM ends it with status 75 where it is taking Shapley values.
    """
  package static let positionals: [any Declaration] = [folder]
  package static let groups: [OptionGroup] = [("Task", [task])]
  package static let examples: KeyValuePairs = [
    "In a task of a Slurm array:": "svnup compare work study",
    "The fourth task:": "svnup compare work study --task 3",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    let plan = try ComparePlan(arguments[folder])
    let index = try ShardIndex.resolve(arguments[task], of: plan.taskCount, piece: "task")
    let result = try plan.work(on: index, events: console, stop: Stopping.token(keepsMeasurements: true))
    try console.report(
      ["task": JSON(index), "words": JSON(result.task), "seconds": result.seconds.map { JSON($0) } ?? .null],
      or: "\(result.task): \(result.seconds.map { "\($0.fixed(1)) s" } ?? "complete")")
  }
}
