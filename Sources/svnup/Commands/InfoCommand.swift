import ShapleyPrune

/// `svnup info`: what a model directory holds.
package enum InfoCommand: Command {
  package static let description = CommandDescription(
    name: "info",
    summary: "Show a model's architecture, size and sparsity.",
    discussion: [
      """
      Architecture, parameters, stored type, positions, the sparsity of every block, and the memory that a run will need.
      """
    ],
    positionals: [InputOptions.model],
    examples: [
      Example("Look at a model before pruning it:", "svnup info Llama-3.2-1B"),
      Example("The sparsity of every block for a program:", "svnup info Llama-3.2-1B-pruned --json"),
    ]
  )

  package static func run(_ arguments: Arguments, console: Console) throws {
    let source = try ModelSource(arguments[InputOptions.model])
    let memory = try ModelReport.Forecast(source)
    let report = ModelReport(source, try source.load(), memory: memory)
    try console.report(report.json, or: report.text)
  }
}
