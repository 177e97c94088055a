import ShapleyPrune

package enum InfoCommand: Command {
  package static let name = "info"
  package static let family = CommandFamily.begin
  package static let summary = "Show a model's architecture, size and sparsity."
  package static let discussion = """
    Architecture, parameters, stored type, positions, the sparsity of every block, and the memory that a run will need.
    """
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let examples: KeyValuePairs = [
    "Look at a model before pruning it:": "svnup info Llama-3.2-1B",
    "The sparsity of every block for a program:": "svnup info Llama-3.2-1B-pruned --json",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    let source = try ModelSource(arguments[InputOptions.model])
    for note in source.directory.notes { console.note(note) }
    let report = try ModelReport(source)
    try console.report(report.json, or: report.text)
  }
}
