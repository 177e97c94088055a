import ShapleyPrune
import Support

package enum PerplexityCommand: Command {
  package static let name = "perplexity"
  package static let family = CommandFamily.understand
  package static let summary = "Measure a model's perplexity on a text."
  package static let discussion = """
    The text is tokenized once and cut into windows of the sequence length, each read alone from position 0; what is left \
    at the end is dropped. With the figure come its standard error and its protocol: how the text was joined, tokens, \
    windows, the beginning-of-text token, and the hash of the text.
    """
  package static let usage = "MODEL --data FILE [options]"
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] = [
    (
      "Evaluation",
      [
        InputOptions.data, TextOptions.format, TextOptions.field, TextOptions.documents, InputOptions.windows,
        InputOptions.sequenceLength,
      ]
    ), ResourceOptions.group,
  ]
  package static let examples: KeyValuePairs = [
    "As the literature reports it for LLaMA:": """
    svnup perplexity Llama-2-7b --data wiki.test.raw --format wikitext \\
      --sequence-length 2048
    """,
    "The figure alone, for a script:": "svnup perplexity Llama-2-7b --data ids.npy --quiet --json",
  ]

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = try PerplexityJob(
      ModelSource(arguments[InputOptions.model]),
      data: TextOptions.data(arguments, arguments.required(InputOptions.data)))
    job.windows = arguments[InputOptions.windows]
    job.sequenceLength = arguments[InputOptions.sequenceLength]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.events = console
    let result = try job.run()
    try console.report(result.json.with("memory", result.memory.json), or: result.lines)
  }
}
