import ShapleyPrune
import Support

package enum DemoCommand: Command {
  package static let output = Option<String?>(
    "output", .text("DIR"), defaultText: "a temporary folder, removed at the end",
    help: "Where to save the best pruned model.")
  package static let report = Option<String?>(
    "report", .text("FILE"), defaultText: "DIR.html, where there is --output DIR",
    help: "Write the results as a web page with charts and tables, in one file that loads nothing.")

  package static let name = "demo"
  package static let family = CommandFamily.begin
  package static let summary = "Prune the model that comes with svnup, in under a minute."
  package static let discussion = """
    Measures the dense perplexity, estimates the Shapley value of each of the 84 linears, prunes to 70 % by magnitude, \
    Wanda, SparseGPT and ADMM with uniform, OWL and Shapley budgets, saves the best result, reloads it and measures it \
    again.
    """
  package static let groups: [OptionGroup] = [("Output", [output, report, ReportOptions.charts, OutputOptions.force])]
  package static let examples: KeyValuePairs = [
    "See what svnup does:": "svnup demo",
    "Keep the pruned model, and a page of the results beside it:":
      "svnup demo --output kjv-pruned",
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    try ReportOptions.validate(arguments, outputs: [output])
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let kept = arguments[output]
    let temporary = Path.join(Process.environment("TMPDIR") ?? "/tmp", "svnup-demo-\(FileSystem.processIdentifier)")
    let place = try OutputFolder(
      kept ?? temporary, inputs: [EmbeddedModel.model()], replacing: arguments[OutputOptions.force])
    let report = try ReportOutput(
      page: arguments[report] ?? kept.map { Path.join(Path.parent(of: $0), Path.name(of: $0) + ".html") },
      charts: arguments[ReportOptions.charts], inputs: [EmbeddedModel.model()], outputs: [kept],
      replacing: arguments[OutputOptions.force])
    try Demonstration(console: console, report: report).run(savingTo: place, isTemporary: kept == nil)
  }
}
