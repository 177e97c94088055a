import Charts
import Report
import ShapleyPrune
import Support

package enum BenchCommand: Command {
  package static let promptTokens = Option<Int?>(
    "prompt-tokens", .integer(1...1_000_000), defaultText: "512, or half of the model's positions",
    help: "Tokens of the prompt.")
  package static let tokens = Option(
    "tokens", .integer(1...1_000_000), default: 32, help: "Tokens to generate behind it.")
  package static let rounds = Option(
    "rounds", .integer(1...1000), default: 3, help: "Runs of every form, in turns; the medians are shown.")
  package static let breakEven = Option.flag(
    "break-even", help: "Measure from how many zeros on leaving them out is faster, on weights like the largest linear."
  )
  package static let data = Option<String?>(
    "data", .text("FILE"), help: "A text whose perplexity is timed, too; as svnup perplexity reads it.")

  package static let name = "bench"
  package static let family = CommandFamily.understand
  package static let summary = "Time a model, dense and without its zeros."
  package static let discussion = """
    How many tokens a second a prompt and a text behind it take, beside the machine's peak and its bandwidth, which are \
    measured first; and what the model takes in files and in memory. Where no linear has enough zeros, the dense figures stand \
    alone.
    """
  package static let positionals: [any Declaration] = [InputOptions.model]
  package static let groups: [OptionGroup] = [
    (
      "Text",
      [promptTokens, tokens, data, TextOptions.format, TextOptions.field, TextOptions.documents, InputOptions.windows]
    ),
    ("Measurement", [rounds, breakEven]), ResourceOptions.group, ("Output", ReportOptions.all + [OutputOptions.force]),
  ]
  package static let examples: KeyValuePairs = [
    "What pruning bought:": "svnup bench Llama-2-7b-pruned --data wiki.test.raw --windows 20",
    "What it would buy at other sparsities, drawn:":
      "svnup bench SmolLM2-135M --break-even --report zeros.html",
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    if arguments[data] == nil {
      let reading: [any OptionDeclaration] = [
        TextOptions.format, TextOptions.field, TextOptions.documents, InputOptions.windows,
      ]
      try arguments.refuse(reading, unless: "--data")
    }
    try ReportOptions.validate(arguments)
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    var job = BenchJob(try ModelSource(arguments[InputOptions.model]))
    job.promptTokens = arguments[promptTokens]
    job.tokens = arguments[tokens]
    job.rounds = arguments[rounds]
    job.measuresBreakEven = arguments[breakEven]
    job.data = try arguments[data].map { try TextOptions.data(arguments, $0) }
    job.windows = arguments[InputOptions.windows]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.events = console
    let report = try ReportOptions.output(arguments, inputs: [job.model.path, job.data?.path], outputs: [])
    let result = try job.run()
    try report.write(Page(of: result, model: Path.name(of: job.model.path)), console) {
      try console.report(result.json.with("memory", result.memory.json), or: result.text)
    }
  }
}
