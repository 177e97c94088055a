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
  /// Whether texts are what a person says in a conversation, written by the model's chat template, as messages always are.
  public var isChat = false
  /// What the model is told about itself in a conversation that does not tell it; nil for what its template has.
  public var system: String?
  /// Tokens to generate at most.
  public var limit = 256
  /// How tokens are chosen.
  public var sampling = Sampling()
  /// How the keys and values of a text are kept.
  public var cache = KeyValueCache.Precision.f32
  /// Of many texts, how many are continued at a time.
  public var batch = GenerateJob.usualBatch
  /// Bytes that the run may take, for which fewer texts are continued at a time; nil for no limit.
  public var memoryLimit: Int?
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
  /// Throws `DocumentError` where the prompt has no tokens, or more than the model has positions, `SettingError` for a memory limit that cannot
  /// be kept, and what the chat template, reading the model and `receive` throw.
  ///
  /// - Parameters:
  ///   - prompt: the text.
  ///   - loaded: the model where it is in memory already, such as for each turn of a conversation, in the form that it has
  ///     (`ModelSource.load(for: .oneToken)` is fastest); memory is predicted for the weights of the directory all the same. Nil to read them.
  ///   - receive: is handed what follows.
  public func run(
    _ prompt: String, on loaded: (any CausalLM)? = nil, text receive: (String) throws -> Void = { _ in }
  ) throws -> GenerateResult {
    let (tokenizer, prompts) = try tokens(of: [GeneratePrompt(prompt)])
    let ends = try ends(tokenizer)
    let plan = try GeneratePlan(self, prompts: prompts.map(\.ids))
    let language = try loaded ?? model.load(for: plan.use, events: events)
    var text = WrittenText(prompts[0], language, self, tokenizer, ends, room: plan.room)
    while text.ending == nil { try receive(try text.goOn()) }
    try receive(text.finish())
    return text.result(plan.budget)
  }

  /// Texts that `run` continues at a time, where nobody says.
  public static let usualBatch = 16
  /// Texts at a time at most: as many as there are rows for which a weight is read once, and a row is summed as it is alone.
  public static let mostBatch = PackingMemory.unpackedRows

  /// Continues each of some texts, several at a time by one pass of the model, and hands out the results in the order of the texts, with the
  /// number of each.
  ///
  /// The model is read once, if at all, behind the check of all texts. Each draws from its own seed or the job's, and none is changed by its company: the weights'
  /// products are the same to the bit, unless a model leaves out zeros, where the last bits may differ. Ends early where the token says
  /// stop. Throws as for one text.
  ///
  /// - Parameters:
  ///   - prompts: the texts.
  ///   - loaded: the model where it is in memory already, as for one text; nil to read the weights.
  ///   - receive: is handed the results.
  public func run(
    _ prompts: [GeneratePrompt], on loaded: (any CausalLM)? = nil,
    result receive: (_ index: Int, _ result: GenerateResult) throws -> Void
  ) throws {
    guard 1...Self.mostBatch ~= batch else {
      throw SettingError(.batch, "\(batch)", "it must be between 1 and \(Self.mostBatch)")
    }
    guard !prompts.isEmpty else { return }
    if sampling.temperature <= 0, let seeded = prompts.first(where: { $0.seed != nil }) {
      events.note("\(seeded.name): its seed says nothing, because no token is drawn")
    }
    let (tokenizer, prompts) = try tokens(of: prompts)
    let ends = try ends(tokenizer)
    let plan = try GeneratePlan(self, prompts: prompts.map(\.ids))
    let language = try loaded ?? model.load(for: plan.use, events: events)
    try events.during("generating", unit: "texts") { update in
      var (begun, handedOut) = (0, 0)
      var active: [(index: Int, text: WrittenText)] = []
      var ended: [Int: GenerateResult] = [:]
      while !active.isEmpty || begun < prompts.count && !stop.isStopRequested {
        while active.count < plan.batch, begun < prompts.count, !stop.isStopRequested {
          active.append((begun, WrittenText(prompts[begun], language, self, tokenizer, ends, room: plan.room)))
          begun += 1
          // By itself, as it would be alone: a prompt has rows enough to pay for the weights. Each has matrices of its own sizes.
          _ = try MemoryPool.shared.phase { () throws(DocumentError) in try active[active.count - 1].text.goOn() }
        }
        let going = active.indices.filter { active[$0].text.ending == nil }
        let scores = TokenSequence.nextScores(of: going.map { active[$0].text.sequence })
        for (row, index) in going.enumerated() {
          _ = try active[index].text.goOn(by: scores.rows(row..<row + 1).elements)
        }
        for index in active.indices where active[index].text.ending != nil {
          _ = active[index].text.finish()
          ended[active[index].index] = active[index].text.result(plan.budget)
        }
        active.removeAll { $0.text.ending != nil }
        while let result = ended.removeValue(forKey: handedOut) {
          try receive(handedOut, result)
          handedOut += 1
          update(handedOut, prompts.count)
        }
      }
    }
  }

  /// Throws where a setting has a value that it cannot have.
  private func check() throws(SettingError) {
    if limit < 0 { throw SettingError(.tokens, "\(limit)", "there cannot be fewer than none") }
    try SettingError.demand(sampling.temperature, in: Sampling.temperatures, .temperature)
    if sampling.topP == 0 { throw SettingError(.topP, "0", "no token would be left") }
    try SettingError.demand(sampling.topP, in: Sampling.shares, .topP)
    try SettingError.demand(sampling.minP, in: Sampling.shares, .minP)
    try SettingError.demand(sampling.repetitionPenalty, in: Sampling.penalties, .repetitionPenalty)
  }

  /// The tokens of some prompts.
  private func tokens(of prompts: [GeneratePrompt]) throws -> (tokenizer: BPETokenizer, prompts: [PromptTokens]) {
    try check()
    let tokenizer = try model.tokenizer()
    for note in tokenizer.notes { events.note(note) }
    let unread = try model.directory.unreadGenerationSettings()
    if !unread.names.isEmpty {
      events.note("\(unread.file): settings that are not read: \(unread.names.joined(separator: ", "))")
    }
    let positions = model.directory.maximumPositions
    var (template, isSystemChecked): (ChatTemplate?, Bool) = (nil, false)
    func tokens(_ text: String) -> [Int] { tokenizer.encode(Array(text.utf8), addingSpecialTokens: false) }
    /// The tokens of a conversation; its template writes all special ones.
    func written(_ messages: [ChatTemplate.Message], _ name: String) throws -> [Int] {
      let own = try template ?? ChatTemplate(directory: model.path)
      template = own
      if system != nil, messages.first?.role == "system" {
        throw DocumentError(name, field: "messages", reason: "they tell the model about itself, and so does a setting")
      }
      guard let system else { return try tokens(own.text(messages)) }
      let text = try own.text([.system(system)] + messages)
      if !isSystemChecked, (try? own.text(messages)) == text {
        events.note("the chat template writes nothing of the system message")
      }
      isSystemChecked = true
      return tokens(text)
    }
    if system != nil, !isChat, let text = prompts.first(where: { !$0.isConversation }) {
      events.note("\(text.name): it is no conversation, and nothing is told to the model in front of it")
    }
    let found = try prompts.map { prompt in
      let (ids, goesOn) =
        switch prompt.content {
        case .messages(let messages): (try written(messages, prompt.name), false)
        case .text(let text) where isChat: (try written([.user(text)], prompt.name), false)
        case .text(let text): (tokenizer.encode(Array(text.utf8)), !text.isEmpty)
        }
      guard !ids.isEmpty else { throw DocumentError(prompt.name, reason: "it has no tokens; write some text") }
      guard ids.count <= positions else {
        throw DocumentError(prompt.name, reason: "it has \(ids.count) tokens; the model has \(positions) positions")
      }
      try model.check(ids, of: prompt.name)
      return PromptTokens(ids: ids, goesOn: goesOn, seed: prompt.seed)
    }
    return (tokenizer, found)
  }

  /// The tokens at which a text ends: by the model's files, of which those that it does not have are named, and by the stops that are special
  /// tokens, which are never part of the text.
  private func ends(_ tokenizer: BPETokenizer) throws -> [Int: GenerateResult.Ending] {
    let (tokens, count) = (try model.directory.endTokens(), model.directory.vocabularySize)
    let strangers = tokens.filter { !(0..<count).contains($0) }
    if !strangers.isEmpty {
      let list = strangers.map { "\($0)" }.joined(separator: ", ")
      events.note("\(model.path): eos_token_id: the model has \(count) tokens, and no text ends with \(list)")
    }
    var ends: [Int: GenerateResult.Ending] = [:]
    for stop in stops where !stop.isEmpty {
      // By their spellings: a stop that has no token of its own would be taken for the unknown one.
      let found = tokenizer.specialTokens.filter { stop.pieces(between: $0.spelling).count > 1 }
      if let whole = found.first(where: { $0.spelling.utf8.elementsEqual(stop.utf8) }) {
        ends[whole.id] = .stop
      } else if let part = found.first {
        events.note("the stop '\(stop)' has the special token \(part.spelling) in it, which is no part of the text")
      }
    }
    for token in tokens + [tokenizer.endOfText].compactMap(\.self) { ends[token] = .endOfText }
    return ends
  }
}

/// What a text begins with.
struct PromptTokens {
  let ids: [Int]
  /// Whether the model goes on in the text, as it stands; else what it writes is a text of its own.
  let goesOn: Bool
  /// Where its random numbers begin; nil for where the job's do.
  let seed: UInt64?
}
