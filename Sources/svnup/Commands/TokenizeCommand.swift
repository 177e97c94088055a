import Support
import Tokenizer

package enum TokenizeCommand: Command {
  package static let text = Positional.optional(
    "TEXT", help: "The text; without it and without a file, standard input.")

  package static let file = Option<String?>("file", .text("F"), help: "Tokenize a UTF-8 file; - is standard input.")
  package static let jsonl = Option<String?>(
    "jsonl", .text("F"),
    help:
      #"Tokenize the lines of a file, {"text": …} each, to lines {"ids": […]} in the same order, with --json to one document of them; - is standard input."#
  )

  package static let name = "tokenize"
  package static let family = CommandFamily.understand
  package static let summary = "Show the token ids and pieces of a text."
  package static let usage = "MODEL [TEXT | --file F | --jsonl F] [options]"
  package static let positionals: [any Declaration] = [InputOptions.model, text]
  package static let groups: [OptionGroup] = [("Input", [file, jsonl, TextOptions.field])]
  package static let examples: KeyValuePairs = [
    "Ids and pieces of a sentence:": #"svnup tokenize Llama-3.2-1B "In the beginning""#,
    "A corpus, a document a line:": "svnup tokenize Llama-3.2-1B --jsonl corpus.jsonl > ids.jsonl",
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    let given = [file, jsonl].filter { arguments.isGiven($0) }.map(\.spelling)
    let sources = (arguments.isGiven(text) ? [text.name] : []) + given
    if !arguments.isGiven(jsonl) { try arguments.refuse([TextOptions.field], unless: "--jsonl") }
    guard sources.count <= 1 else { throw arguments.usageError("\(sources[0]) and \(sources[1]) exclude each other") }
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let tokenizer = try BPETokenizer(directory: arguments[InputOptions.model])
    for note in tokenizer.notes { console.note(note) }
    if let path = arguments[jsonl] {
      try tokenizeLines(of: TextInput(path: path), by: tokenizer, field: arguments[TextOptions.field], console)
    } else if let text = arguments[Self.text] {
      try show(Array(text.utf8), by: tokenizer, console)
    } else {
      try show(try TextInput(path: arguments[file] ?? "-").bytes(), by: tokenizer, console)
    }
  }

  /// Ids and pieces of a text.
  private static func show(_ text: [UInt8], by tokenizer: BPETokenizer, _ console: Console) throws {
    let progress = console.begin("tokenizing", unit: "parts")
    let ids = tokenizer.encodeInParallel(text, progress: progress.update)
    progress.finish()
    let pieces = ids.map { String(decoding: tokenizer.piece($0) ?? [], as: UTF8.self) }
    var table = Table([.number("id"), .text("piece")])
    for (id, piece) in zip(ids, pieces) { table.append([String(id), piece]) }
    try console.report(["ids": JSON(ids), "pieces": .array(pieces.map { JSON($0) })], or: table.rendered)
  }

  /// One line of JSON for each line of JSON, in order, or one document for all; blank lines have none.
  ///
  /// Every line is checked before the first is answered, so that a wrong one leaves no partial output.
  private static func tokenizeLines(of input: TextInput, by tokenizer: BPETokenizer, field: String, _ console: Console)
    throws
  {
    let texts = try JSONDocuments(name: input.name, field: field).texts(input.bytes())
    let progress = console.begin("tokenizing", unit: "lines")
    let batch = 256 * Parallel.threadCount
    var all: [JSON] = []
    for start in stride(from: 0, to: texts.count, by: batch) {
      let results = Parallel.map(min(batch, texts.count - start)) { i -> JSON in
        ["ids": JSON(tokenizer.encode(texts[start + i]))]
      }
      if console.wantsJSON {
        all += results
      } else {
        try console.print(results.map { String(decoding: $0.encoded(), as: UTF8.self) }.joined(separator: "\n"))
      }
      progress.update(start + results.count, of: texts.count)
    }
    progress.finish()
    if console.wantsJSON { try console.report(["texts": .array(all)], or: "") }
  }
}
