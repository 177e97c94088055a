import ShapleyPrune
import Support
import Transformer

package enum GenerateCommand: Command {
  static let prompt = Positional.optional(
    "PROMPT", help: "The beginning of the text; without it, or as -, standard input.")

  private static let usual = Sampling()

  package static let prompts = Option<String?>(
    "prompts", .text("FILE"),
    help: """
      Continue many texts: an object with prompt, or with messages, a line, in JSON; one with the result is printed for \
      each.
      """)
  package static let batch = Option(
    "batch", .integer(1...GenerateJob.mostBatch), default: GenerateJob.usualBatch,
    help: "With --prompts: texts to continue at a time.")
  package static let chat = Option.flag(
    "chat", help: "PROMPT is what a person says: write it by the model's chat template.")
  package static let system = Option<String?>(
    "system", .text("TEXT"),
    help: "With --chat: what the model is told about itself, instead of the template's own words.")
  package static let limit = Option(
    "tokens", .integer(1...1_000_000), default: 256, help: "Tokens to generate at most.")
  package static let stops = Option<[String]>.repeated(
    "stop", .text("TEXT"), help: "End in front of this text; may be given several times.")
  package static let temperature = Option(
    "temperature", .number(Sampling.temperatures), default: usual.temperature,
    help: "What scores are divided by before a token is drawn; 0 takes the most probable token each time.")
  package static let topK = Option<Int?>(
    "top-k", .integer(1...1_000_000), defaultText: "all", help: "Draw from so many of the most probable tokens.")
  package static let topP = Option(
    "top-p", .number(Sampling.shares, excludingLower: true), default: usual.topP,
    help: "Draw from the most probable tokens whose probabilities come to this.")
  package static let minP = Option(
    "min-p", .number(Sampling.shares), default: usual.minP,
    help: "Draw from tokens with at least this share of the largest probability.")
  package static let repetitionPenalty = Option(
    "repetition-penalty", .number(Sampling.penalties), default: usual.repetitionPenalty,
    help: "What the scores of tokens that the text has are divided by, or multiplied by where they are negative.")
  package static let seed = Option("seed", .integer(0...Int.max), default: 0, help: "Where random numbers begin.")

  package static let cache = Option(
    "cache", .word, default: KeyValueCache.Precision.f32,
    help: "How the keys and values of a text are kept: f32, or bf16 in half the memory.")

  package static let name = "generate"
  package static let family = CommandFamily.understand
  package static let summary = "Continue a text."
  package static let discussion = """
    The text appears as it is generated and ends at the model's end of text, in front of a --stop, after --tokens, or where \
    the model has no positions left. Without --temperature every token is the most probable one, as in transformers' \
    greedy search. Linears with enough zeros are multiplied without them.
    """
  package static let usage = "MODEL [PROMPT] [options]"
  package static let positionals: [any Declaration] = [InputOptions.model, prompt]
  package static let groups: [OptionGroup] = [
    ("Text", [prompts, batch, chat, system, limit, stops]),
    ("Memory", [cache, ResourceOptions.memory]), ("Choice", [temperature, topK, topP, minP, repetitionPenalty, seed]),
  ]
  package static let examples: KeyValuePairs = [
    "What comes next:": #"svnup generate SmolLM2-135M "Once upon a time" --tokens 100"#,
    "An answer, by a model that was taught to give them:":
      #"svnup generate SmolLM2-135M-Instruct --chat "Who wrote Genesis?""#,
    "Many texts, a JSON object a line in and out:":
      "svnup generate SmolLM2-135M --prompts prompts.jsonl > texts.jsonl",
    "Drawn, and another text for every seed:":
      #"svnup generate SmolLM2-135M "The sea" --temperature 0.8 --seed 7"#,
  ]

  package static func validate(_ arguments: Arguments) throws(UsageError) {
    if arguments[prompts] == nil { try arguments.refuse([batch], unless: "--prompts") }
    if !arguments[chat], arguments[prompts] == nil { try arguments.refuse([system], unless: "--chat") }
    let drawing: [any OptionDeclaration] = [topK, topP, minP, seed]
    if arguments[prompts] != nil, arguments[prompt] != nil {
      throw UsageError("PROMPT and --prompts exclude each other", command: name)
    }
    if arguments[temperature] == 0 { try arguments.refuse(drawing, unless: "--temperature above 0") }
  }

  package static func run(_ arguments: Arguments, console: Console) throws {
    let source = try ModelSource(arguments[InputOptions.model])
    var job = GenerateJob(source)
    job.isChat = arguments[chat]
    job.system = arguments[system]
    job.limit = arguments[limit]
    job.stops = arguments[stops]
    job.cache = arguments[cache]
    job.batch = arguments[batch]
    job.memoryLimit = arguments[ResourceOptions.memory]
    job.sampling.temperature = arguments[temperature]
    job.sampling.topK = arguments[topK]
    job.sampling.topP = arguments[topP]
    job.sampling.minP = arguments[minP]
    job.sampling.repetitionPenalty = arguments[repetitionPenalty]
    job.sampling.seed = UInt64(arguments[seed])
    job.events = console
    if let file = arguments[prompts] { return try run(job, GeneratePrompt.read(file), console) }
    let text = try arguments[prompt].flatMap { $0 == "-" ? nil : $0 } ?? standardInput(console)
    let result: GenerateResult
    if console.wantsJSON {
      result = try job.run(text)
      try console.print(result.json.with("memory", result.memory.json))
    } else {
      result = try job.run(text) { piece in
        guard try StandardStream.output.send(piece) else { throw OutputClosed() }
      }
      try console.print()
    }
    console.note(result.rates)
  }

  private static func standardInput(_ console: Console) throws -> String {
    let input = TextInput(path: "-")
    let bytes = try input.bytes()
    for note in TextDocuments.notes(onProse: bytes, input.name) { console.note(note) }
    if bytes.last == UInt8(ascii: "\n") {
      console.note("\(input.name): it ends with a line feed, which is a part of the prompt")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A line of JSON for each prompt as its text comes, or one document in the end: the result, and what else the prompt's line has.
  private static func run(_ job: GenerateJob, _ prompts: [GeneratePrompt], _ console: Console) throws {
    var results: [JSON] = []
    var memory: MemoryBudget?
    var tokens = 0
    let start = ContinuousClock.now
    try job.run(prompts) { index, result in
      let json = result.json.adding(prompts[index].line)
      if index == 0 { noteReplaced(by: result.json, prompts, console) }
      tokens += result.tokens.count
      memory = result.memory
      if console.wantsJSON {
        results.append(json)
      } else {
        try console.print(String(decoding: json.encoded(), as: UTF8.self))
      }
    }
    if console.wantsJSON { try console.print(["texts": .array(results), "memory": memory?.json ?? .null]) }
    let seconds = (ContinuousClock.now - start).seconds
    console.note(
      "\(tokens) tokens in \(seconds.fixed(1)) s, the reading of the model included: "
        + "\((Double(tokens) / max(seconds, 1e-9)).fixed(1)) a second")
  }

  /// Names the members of lines in whose place the result's own are printed.
  private static func noteReplaced(by result: JSON, _ prompts: [GeneratePrompt], _ console: Console) {
    let replaced = result.objectMembers.map(\.0).filter { name in prompts.contains { $0.line[name] != nil } }
    guard !replaced.isEmpty else { return }
    console.note(
      "\(replaced.joined(separator: ", ")): the lines of prompts have them, too; those of the results are printed")
  }
}
