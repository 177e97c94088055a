import Support
import Tokenizer
import Transformer

/// A text that is being written.
struct WrittenText {
  /// Its tokens, the end of the text not among them.
  private(set) var sequence: TokenSequence
  /// Why the text ends where it does, once it does.
  private(set) var ending: GenerateResult.Ending?
  private let promptTokens: Int
  private let limit: Int
  private let stop: StopToken
  /// Tokens at which a text ends, and how.
  private let ends: [Int: GenerateResult.Ending]
  private var sampler: TokenSampler
  private var output: StoppingText
  private var stream: TextStream
  private var generated: [Int] = []
  private let start = ContinuousClock.now
  /// When the first token was chosen.
  private var first: ContinuousClock.Instant?
  private var end: ContinuousClock.Instant?

  /// A text that begins with a prompt, to go on as a job says, with room for so many tokens.
  init(
    _ prompt: PromptTokens, _ model: any CausalLM, _ job: GenerateJob, _ tokenizer: BPETokenizer,
    _ ends: [Int: GenerateResult.Ending], room: Int
  ) {
    sequence = TokenSequence(model, prompt.ids, cache: job.cache, expecting: room)
    (promptTokens, limit, stop, self.ends) = (prompt.ids.count, job.limit, job.stop, ends)
    var sampling = job.sampling
    sampling.seed = prompt.seed ?? sampling.seed
    sampler = TokenSampler(sampling)
    output = StoppingText(stops: job.stops)
    stream = tokenizer.stream(skippingSpecialTokens: true, continuing: prompt.goesOn)
    ending = limit > 0 ? nil : .limit
  }

  /// Its next token by itself: what is certain of the text with it.
  mutating func goOn() throws(DocumentError) -> String { try goOn(by: sequence.nextScores()) }

  /// Chooses a token by the scores of the next one, (vocabulary), and returns what is certain of the text with it.
  ///
  /// Throws where the scores are no finite numbers, of which any choice would be as good.
  mutating func goOn(by scores: [Float]) throws(DocumentError) -> String {
    let next = sampler.choose(scores, after: sequence.tokens)
    guard scores.indices.contains(next), scores[next].isFinite else {
      throw DocumentError(
        "the next token", reason: "its scores are no finite numbers: the activations of the model overflow")
    }
    first = first ?? .now
    if let ending = ends[next] {
      end(by: ending)
      return ""
    }
    sequence.append(next)
    generated.append(next)
    let piece = output.append(stream.append(next))
    if output.isStopped {
      end(by: .stop)
    } else if stop.isStopRequested {
      end(by: .interrupted)
    } else if generated.count == limit {
      end(by: .limit)
    } else if !sequence.hasRoom {
      end(by: .positions)
    }
    return piece
  }

  private mutating func end(by ending: GenerateResult.Ending) { (self.ending, end) = (ending, .now) }

  /// What was held back.
  mutating func finish() -> String { output.isStopped ? "" : output.append(stream.finish()) + output.finish() }

  /// What came of it.
  func result(_ memory: MemoryBudget) -> GenerateResult {
    let end = end ?? .now
    let first = first ?? end
    return GenerateResult(
      promptTokens: promptTokens, tokens: generated, text: output.text, ending: ending ?? .interrupted,
      promptSeconds: (first - start).seconds, decodingSeconds: (end - first).seconds, memory: memory)
  }
}
