// Arguments and options that more than one command has, declared once so that they mean the same everywhere.

import ShapleyPrune
import Support

/// The options that every command has.
package enum CommonOptions {
  static let json = Option.flag("json", help: "Print the result as one JSON document on standard output.")
  static let quiet = Option.flag("quiet", help: "No notes and no progress on standard error.")
  static let threads = Option<Int?>(
    "threads", .integer(1...1024), defaultText: "one a processor",
    help: "Threads to compute with. The results are the same for any number.")
  static let help = Option.flag("help", help: "Show this help; also -h.")
  static let helpAll = Option.flag("help-all", help: "Show the help with every option.").advanced
  static let group: OptionGroup = ("Common options", [json, quiet, threads, help, helpAll])
}

/// What a command reads.
package enum InputOptions {
  static let model = Positional.required(
    "MODEL", help: "A Hugging Face directory: config.json, the tokenizer's files, safetensors.")

  static let data = Option<String?>(
    "data", .text("FILE"), isRequired: true,
    help: """
      The text to measure on: UTF-8, documents (.jsonl, .json, a folder of texts), or token ids (.npy, .npz, or .safetensors \
      holding input_ids; rows are windows).
      """)
  static let calibration = Option<String?>(
    "calibration", .text("FILE"),
    help: """
      The text whose activations tell which weights matter: UTF-8, documents (.jsonl, .json, a folder of texts), or token \
      ids (.npy, .npz, or .safetensors holding input_ids; rows are samples).
      """)
  package static let samples = Option(
    "samples", .integer(1...1_000_000), default: Calibration.usualSamples,
    help: "Calibration samples to draw from a text.")
  package static let seed = Option(
    "seed", .integer(0...Int.max), default: 0, help: "Where calibration samples, and random orders, are drawn.")

  static let windows = Option<Int?>(
    "windows", .integer(1...ShapleyJob.windowLimit), defaultText: "all", help: "Take only the first windows of --data.")

  /// A window of one token has nothing to predict.
  static let sequenceLength = Option<Int?>(
    "sequence-length", .integer(2...1_048_576), defaultText: "the model's positions, at most 2048",
    help: "Tokens in a window and in a calibration sample.")
}

/// How texts are read.
package enum TextOptions {
  private static let usual = TextReading()

  package static let format = Option<TextReading.Format>(
    "format", .word, default: usual.format,
    help: """
      What --data holds: auto goes by the name; wikitext joins the rows of WikiText by two newlines, blank rows included, as \
      the papers do.
      """)
  package static let calibrationFormat = Option<TextReading.Format>(
    "calibration-format", .word, default: usual.format, help: "What --calibration holds."
  ).advanced
  package static let field = Option(
    "field", .text("NAME"), default: usual.field, help: "The member of a JSON object that has the text.")
  package static let documents = Option<TextReading.Joining?>(
    "documents", .word, defaultText: "space for --data, apart for --calibration",
    help:
      "What becomes of several documents: one text, joined by a space or an empty line; or windows within each alone."
  ).advanced

  /// The corpus in the file of --data.
  static func data(_ arguments: Arguments, _ path: String) throws(UsageError) -> Corpus {
    try corpus(arguments, path, format)
  }

  /// The corpus in the file of --calibration.
  static func calibration(_ arguments: Arguments, _ path: String) throws(UsageError) -> Corpus {
    try corpus(arguments, path, calibrationFormat)
  }

  private static func corpus(
    _ arguments: Arguments, _ path: String, _ format: Option<TextReading.Format>
  ) throws(UsageError) -> Corpus {
    let reading = TextReading(
      format: arguments[format], field: arguments[field], joining: arguments[documents])
    let corpus = Corpus.file(path, as: reading)
    if !corpus.isText { try arguments.refuse([format], unless: "a text, and \(path) has token ids") }
    return corpus
  }
}

/// What a run may use.
enum ResourceOptions {
  static let memory = Option<Int?>(
    "memory", .byteSize, defaultText: "no limit",
    help: """
      The memory to stay within, as in 4GiB: less of a text, or fewer texts, go through the model at a time and, as the last \
      resort, calibration states are stored as BF16. What is changed is said; a run that cannot keep within it is refused.
      """)
  static let group: OptionGroup = ("Resources", [memory])
}

/// Where a command writes.
enum OutputOptions {
  static let force = Option.flag("force", help: "Replace an output that exists.")

  /// What to do about an output that is there already, and about a run that was stopped.
  static func remedy(for error: any Error) -> String? {
    if (error as? FileError)?.isForExistingOutput == true { return "--force replaces it" }
    if (error as? Interruption)?.location != nil { return "go on with: \(CommandLine.typed)" }
    return nil
  }
}

extension CommandLine {
  /// The command line as a shell takes it.
  static var typed: String { (["svnup"] + arguments.dropFirst()).map(\.shellWord).joined(separator: " ") }
}

/// The page that shows a result.
package enum ReportOptions {
  static let report = Option<String?>(
    "report", .text("FILE"),
    help: "Write the result as a web page with charts and tables, in one file that loads nothing.")
  static let charts = Option<String?>(
    "charts", .text("DIR"), help: "Save the charts of that page, each as an SVG file, in a folder.")
  static let all: [any OptionDeclaration] = [report, charts]

  /// Refuses `--force` where nothing is written: no report, no charts and none of the outputs that the command has besides.
  static func validate(_ arguments: Arguments, outputs: [any OptionDeclaration] = []) throws(UsageError) {
    let outputs = outputs + all
    guard !outputs.contains(where: { arguments.isGiven($0) }) else { return }
    try arguments.refuse([OutputOptions.force], unless: outputs.map { "--\($0.name)" }.alternatives)
  }

  /// Where the report of a command goes.
  static func output(
    _ arguments: Arguments, page: String? = nil, inputs: [String?], outputs: [String?]
  ) throws(FileError) -> ReportOutput {
    try ReportOutput(
      page: arguments[report] ?? page, charts: arguments[charts], inputs: inputs, outputs: outputs,
      replacing: arguments[OutputOptions.force])
  }
}
