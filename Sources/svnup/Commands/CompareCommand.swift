import Charts
import Report
import ShapleyPrune
import Support

package enum CompareCommand: Command {
  static let output = Option<String?>(
    "output", .text("DIR"), isRequired: true,
    help: "The folder of the results and tables; the same command goes on where it was ended.")

  package static let name = "compare"
  package static let family = CommandFamily.compare
  package static let summary = "Prune models in every way of a grid, and make the table."
  package static let discussion = """
    Every combination of model, method, allocation, target and seed is pruned and measured; nothing is saved but the figures. What \
    several cells need, such as Shapley values, is measured once. Each result is a file in DIR, there complete or not at all, so \
    that nothing is lost when the run is ended, and a larger grid takes over what a smaller one has.
    DIR gets report.html, compare.json, table.md, table.tex, table.csv and cells.csv. To spread the work over machines, see 'svnup help \
    compare plan'.
    """
  package static let usage = "MODEL… --calibration FILE --data FILE --output DIR [options]"
  package static let positionals: [any Declaration] = [CompareOptions.models]
  package static let groups: [OptionGroup] = CompareOptions.groups + [("Output", [output])]
  package static let examples: KeyValuePairs = [
    "A paper's table, with three seeds:": """
    svnup compare Llama-2-7b opt-6.7b --methods wanda,sparsegpt,admm \\
      --sparsities 0.5,0.6,0.7 --patterns 2:4 --seeds 3 --calibration c4.jsonl \\
      --data wiki.test.raw --format wikitext --output study
    """,
    "What the choice of players and of the estimator does:": """
    svnup compare opt-125m --methods sparsegpt --allocations uniform,shapley \\
      --estimators window,diagonal --players blocks,linears \\
      --calibration c4.txt --data valid.txt --output players
    """,
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) { try CompareOptions.validate(arguments) }

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = try CompareOptions.job(arguments, console: console)
    job.stop = Stopping.token(keepsMeasurements: true)
    let folder = try arguments.required(output)
    try show(job.run(in: folder), in: folder, console)
  }

  /// Shows the result, and writes the page beside the tables; throws where no cell could be pruned.
  static func show(_ comparison: Comparison, in folder: String, _ console: Console) throws {
    let path = Path.join(folder, "report.html")
    let told = Result { try console.report(comparison.json, or: comparison.text) }
    try File.replace(path, with: Array(Page(of: comparison).rendered.utf8))
    console.note("report in \(path)")
    try told.get()
    if let failure = comparison.failures.first, comparison.failures.count == comparison.cellCount {
      throw DocumentError(folder, reason: "nothing could be pruned; of \(failure.cell): \(failure.reason)")
    }
  }
}
