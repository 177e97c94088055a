import ShapleyPrune
import Support

/// `svnup perplexity`: how well a model predicts a text.
package enum PerplexityCommand: Command {
  package static let description = CommandDescription(
    name: "perplexity",
    summary: "Measure a model's perplexity on a text.",
    discussion: [
      """
      The text is tokenized once and cut into windows of the sequence length, each read alone from position 0; what is left \
      at the end is dropped. The number of tokens and windows and the standard error are reported with the figure.
      """
    ],
    usage: "MODEL --data FILE [options]",
    positionals: [InputOptions.model],
    groups: [
      OptionGroup("Evaluation", [InputOptions.data, InputOptions.sequenceLength]), ResourceOptions.group,
    ],
    examples: [
      Example(
        "As the literature reports it for LLaMA:",
        "svnup perplexity Llama-2-7b --data wiki.test.raw --sequence-length 2048"),
      Example("The figure alone, for a script:", "svnup perplexity Llama-2-7b --data ids.npy --quiet --json"),
    ]
  )

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    _ = try arguments.required(InputOptions.data)
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = try PerplexityJob(
      ModelSource(arguments[InputOptions.model]), data: .file(arguments.required(InputOptions.data)))
    job.sequenceLength = arguments[InputOptions.sequenceLength]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.events = console
    let result = try job.run()
    try console.report(result.perplexity.json.with("memory", result.memory.json), or: result.perplexity.text)
  }
}
