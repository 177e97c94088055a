import ShapleyPrune
import Support

package enum ComparePlanCommand: Command {
  package static let name = "compare plan"
  package static let family = CommandFamily.compare
  package static let summary = "Write down the tasks of a comparison for many machines."
  package static let discussion = """
    Writes plan.json into the folder: the grid, and the hashes of models and texts. Each 'svnup compare work' then does one task, \
    anywhere that these files and the folder can be reached, and 'svnup compare merge' makes the tables. For each model, what its cells \
    share comes first; a cell that begins before that is there measures it itself.
    """
  package static let usage = "MODEL… --calibration FILE --data FILE --output DIR [options]"
  package static let positionals: [any Declaration] = [CompareOptions.models]
  package static let groups: [OptionGroup] =
    CompareOptions.groups + [("Output", [CompareCommand.output, OutputOptions.force])]
  package static let examples: KeyValuePairs = [
    "A plan for a Slurm array; its number of tasks is printed:": """
    svnup compare plan Llama-2-7b --sparsities 0.5,0.6,0.7 --seeds 3 \\
      --calibration c4.jsonl --data wiki.test.raw --format wikitext \\
      --output study
    """
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) { try CompareOptions.validate(arguments) }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let folder = try arguments.required(CompareCommand.output)
    let plan = try CompareOptions.job(arguments, console: console).plan(
      in: folder, replacing: arguments[OutputOptions.force])
    let lists = plan.tasksInTurn
    try console.report(
      ["tasks": JSON(plan.taskCount), "shared": JSON(lists.shared), "cells": JSON(lists.cells)],
      or: """
        \(plan.taskCount) tasks in \(folder)
        shared \(ShardIndex.list(lists.shared))
        cells \(ShardIndex.list(lists.cells))
        """)
  }
}
