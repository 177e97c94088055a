/// `svnup tokenize`: a text as the model's tokenizer sees it.
package enum TokenizeCommand: Command {
  package static let text = Positional.optional(
    "TEXT", help: "The text; without it and without a file, standard input.")

  package static let file: Option<String?> = Option(
    "file", .text("F"), help: "Tokenize a UTF-8 file; - is standard input.")

  package static let jsonl: Option<String?> = Option(
    "jsonl", .text("F"),
    help:
      #"Tokenize the lines of a file, {"text": …} each, to lines {"ids": […]} in the same order; - is standard input."#)

  package static let description = CommandDescription(
    name: "tokenize",
    summary: "Show the token ids and pieces of a text.",
    usage: "MODEL [TEXT | --file F | --jsonl F] [options]",
    positionals: [InputOptions.model, text],
    groups: [OptionGroup("Input", [file, jsonl])],
    examples: [
      Example("Ids and pieces of a sentence:", #"svnup tokenize Llama-3.2-1B "In the beginning""#),
      Example("A corpus, a document a line:", "svnup tokenize Llama-3.2-1B --jsonl corpus.jsonl > ids.jsonl"),
    ]
  )

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    let given = [file, jsonl].filter { arguments.isGiven($0) }.map(\.spelling)
    let sources = (arguments.isGiven(text) ? [text.name] : []) + given
    guard sources.count <= 1 else { throw usageError("\(sources[0]) and \(sources[1]) exclude each other") }
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    throw usageError("tokenize is not built yet")
  }
}
