import Support
import Tensor
import Tokenizer
import Transformer

/// The continuation of texts by a model.
///
///     var job = GenerateJob(try ModelSource("SmolLM2-135M"))
///     job.sampling.temperature = 0.8
///     let result = try job.run("Once upon a time") { print($0, terminator: "") }
///     print(result.decodingRate, "tokens a second")
public struct GenerateJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// Whether prompts are what a person says in a conversation, written by the model's chat template.
  public var isChat = false
  /// What the model is told about itself in a conversation; nil for what its template has.
  public var system: String?
  /// Tokens to generate at most.
  public var limit = 256
  /// How tokens are chosen.
  public var sampling = Sampling()
  /// How the keys and values of a text are kept.
  public var cache = KeyValueCache.Precision.f32
  /// Texts at which to stop; they are not part of the result.
  public var stops: [String] = []
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()
  /// Ends the work behind a token.
  public var stop = StopToken()

  /// Continuations by the most probable tokens.
  public init(_ model: ModelSource) { self.model = model }

  /// Continues a text, and hands out what follows as it comes: never half a character, and nothing that may yet be a text to stop at.
  ///
  /// Throws `SettingError` where the prompt has no tokens, or more than the model has positions, and what reading the model and `receive`
  /// throw.
  public func run(
    _ prompt: String, text receive: (String) throws -> Void = { _ in }
  ) throws -> GenerateResult {
    let (tokenizer, prompts, ends) = try tokens(of: [("the prompt", prompt)])
    return try generate(prompts[0], try model.load(for: .fewTokens, events: events), tokenizer, ends, receive)
  }

  /// Continues each of some texts by itself, and hands out the results as they come, with the number of the text.
  ///
  /// The model is read once, behind the check of all texts; each draws from the same seed, so that it does not matter in which company it is.
  /// Ends early where the token says stop. Throws as for one text.
  public func run(
    _ prompts: [String], result receive: (_ index: Int, _ result: GenerateResult) throws -> Void
  ) throws {
    let named = prompts.enumerated().map { ("prompt \($0.offset + 1)", $0.element) }
    let (tokenizer, ids, ends) = try tokens(of: named)
    let language = try model.load(for: .fewTokens, events: events)
    try events.during("generating", unit: "texts") { update in
      for (index, ids) in ids.enumerated() where !stop.isStopRequested {
        try receive(index, try generate(ids, language, tokenizer, ends) { _ in })
        update(index + 1, prompts.count)
      }
    }
  }

  /// The prompts of a file of JSON lines, each an object with the member `prompt`; `-` is standard input.
  ///
  /// Throws `DocumentError` where a line is something else, or there is none.
  public static func prompts(in path: String) throws -> [String] {
    var prompts: [String] = []
    try JSONLines.forEach(in: path, kind: "a prompt") { prompts.append(try $0.member("prompt").text()) }
    guard !prompts.isEmpty else { throw DocumentError(TextInput(path: path).name, reason: "there is no prompt in it") }
    return prompts
  }

  /// The tokens of some prompts, and those at which a text ends.
  private func tokens(
    of prompts: [(name: String, text: String)]
  ) throws -> (tokenizer: BPETokenizer, ids: [[Int]], ends: Set<Int>) {
    let tokenizer = try model.tokenizer()
    for note in tokenizer.notes { events.note(note) }
    let positions = model.directory.maximumPositions
    let template = isChat ? try ChatTemplate(directory: model.path) : nil
    let ids = try prompts.map { prompt in
      // The template writes all special tokens itself.
      let text = try template?.text((system.map { [.system($0)] } ?? []) + [.user(prompt.text)]) ?? prompt.text
      let ids = tokenizer.encode(Array(text.utf8), addingSpecialTokens: template == nil)
      guard !ids.isEmpty else { throw SettingError(.prompt, nil, "\(prompt.name) has no tokens; write some text") }
      guard ids.count <= positions else {
        throw SettingError(
          .prompt, nil, "\(prompt.name) has \(ids.count) tokens; the model has \(positions) positions")
      }
      try model.check(ids, of: prompt.name)
      return ids
    }
    return (tokenizer, ids, Set(try model.directory.endTokens() + [tokenizer.endOfText].compactMap(\.self)))
  }

  private func generate(
    _ ids: [Int], _ language: any CausalLM, _ tokenizer: BPETokenizer, _ ends: Set<Int>,
    _ receive: (String) throws -> Void
  ) throws -> GenerateResult {
    var (sequence, sampler) = (TokenSequence(language, ids, cache: cache), TokenSampler(sampling))
    var output = StoppingText(stops: stops)
    var stream = tokenizer.stream(skippingSpecialTokens: true)
    let clock = ContinuousClock()
    let start = clock.now
    var first = start
    var ending = GenerateResult.Ending.limit
    var generated: [Int] = []
    while generated.count < limit {
      guard sequence.hasRoom else {
        ending = .positions
        break
      }
      let next = sampler.choose(sequence.nextScores(), after: sequence.tokens)
      if generated.isEmpty { first = clock.now }
      if ends.contains(next) {
        ending = .endOfText
        break
      }
      sequence.append(next)
      generated.append(next)
      try receive(output.append(stream.append(next)))
      if output.isStopped {
        ending = .stop
        break
      }
      if stop.isStopRequested {
        ending = .interrupted
        break
      }
    }
    let end = clock.now
    if !output.isStopped {
      try receive(output.append(stream.finish()))
      try receive(output.finish())
    }
    return GenerateResult(
      promptTokens: ids.count, tokens: generated, text: output.text, ending: ending,
      promptSeconds: (first - start).seconds, decodingSeconds: (end - first).seconds)
  }
}

/// A generated text.
public struct GenerateResult: Sendable {
  /// Why the text ends where it does.
  public enum Ending: String, Sendable {
    case endOfText = "end of text"
    case stop
    case limit
    case positions
    case interrupted
  }

  /// Tokens of the prompt.
  public let promptTokens: Int
  /// The generated tokens, the end of the text not among them.
  public let tokens: [Int]
  /// What they say, up to a text to stop at.
  public let text: String
  /// Why the text ends where it does.
  public let ending: Ending
  /// Time until the first token was chosen.
  public let promptSeconds: Double
  /// Time from there on.
  public let decodingSeconds: Double

  /// Tokens of the prompt in a second.
  public var promptRate: Double { Double(promptTokens) / max(promptSeconds, 1e-9) }
  /// Tokens in a second behind the first; 0 where there is none.
  public var decodingRate: Double {
    tokens.count > 1 ? Double(tokens.count - 1) / max(decodingSeconds, 1e-9) : 0
  }
}

/// A text that comes in pieces and ends in front of the first of some texts.
struct StoppingText {
  private let stops: [[UInt8]]
  /// Everything that was given out.
  private(set) var text = ""
  /// What may yet become a text to stop at.
  private var held: [UInt8] = []
  private(set) var isStopped = false

  init(stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

  /// What is certain with a further piece.
  mutating func append(_ piece: String) -> String {
    guard !isStopped else { return "" }
    held.append(contentsOf: piece.utf8)
    for start in held.indices {
      let rest = held[start...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        isStopped = true
        return give(start)
      }
      // The beginning of one, as far as there is text.
      if stops.contains(where: { $0.starts(with: rest) }) { return give(start) }
    }
    return give(held.count)
  }

  /// What was held back.
  mutating func finish() -> String { isStopped ? "" : give(held.count) }

  /// Gives out the first bytes; a stop begins with a whole character, so that they are whole ones too.
  private mutating func give(_ count: Int) -> String {
    let piece = String(decoding: held[..<count], as: UTF8.self)
    held.removeFirst(count)
    text += piece
    return piece
  }
}
