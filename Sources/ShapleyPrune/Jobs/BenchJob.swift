import Support
import Tensor
import Transformer

/// How fast a model is, with and without its zeros, beside what the machine can do at most.
///
///     let result = try BenchJob(ModelSource("opt-125m-pruned")).run()
///     for form in result.forms { print(form.name, result.textRate(form), "tokens a second") }
public struct BenchJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// Tokens of the prompt; nil for 512, or half of the model's positions.
  public var promptTokens: Int?
  /// Tokens that are generated behind it.
  public var tokens = 32
  /// Runs of every form, in turns, of which the medians count.
  public var rounds = 3
  /// A text whose perplexity is measured, too.
  public var data: Corpus?
  /// Only the first windows of the text; nil for all.
  public var windows: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// Times of a prompt and of a text behind it.
  public init(_ model: ModelSource) { self.model = model }

  /// Measures, one run of each form to warm up and then `rounds` of each.
  ///
  /// Throws `SettingError` where the tokens do not fit into the model's positions, and what reading the files throws.
  public func run() throws -> BenchResult {
    let positions = model.directory.maximumPositions
    let prompt = promptTokens ?? max(1, min(512, positions / 2))
    guard prompt + tokens <= positions else {
      throw SettingError(
        .promptTokens, "\(prompt)", "with \(tokens) more these are more than the model's \(positions) positions")
    }
    let text = try data?.tokens(for: model, .measuring, events: events).windows(length: nil).first(windows)
    let machine = MachineLimits()
    let checkpoint = model.directory.checkpoint
    let files =
      checkpoint.isPacked
      ? checkpoint.packedSizes
      : try events.duringBytes("counting zeros", total: checkpoint.byteCount) {
        try checkpoint.sizesWhenPacked(progress: $0)
      }
    let models = try forms()
    // The same tokens for every form; which ones they are makes no difference to the time.
    var generator = SeededGenerator(seed: 0)
    let ids = (0..<prompt).map { _ in Int(generator.next() % UInt64(model.directory.vocabularySize)) }
    var times = models.map { _ in (prompt: [Double](), text: [Double]()) }
    events.during("timing \(model.path)", unit: "runs") { update in
      for round in 0...rounds {
        for (index, form) in models.enumerated() {
          let time = form.time(ids, tokens: tokens)
          if round > 0 {
            times[index].prompt.append(time.prompt)
            times[index].text.append(time.text)
          }
          update(round * models.count + index + 1, (rounds + 1) * models.count)
        }
      }
    }
    let measured = try models.map { form in try text.map { try form.perplexity($0, events) } }
    let others = files.denseBytes - models[0].denseLinearBytes
    return BenchResult(
      machine: machine, denseFileBytes: files.denseBytes, packedFileBytes: files.storedBytes, promptTokens: prompt,
      tokens: tokens,
      forms: zip(models, zip(times, measured)).map { form, figures in
        BenchResult.Form(form, otherBytes: others, prompt: figures.0.prompt, text: figures.0.text, figures.1)
      })
  }

  /// The dense model, and that without its zeros, where that makes a difference.
  private func forms() throws -> [TimedForm] {
    var dense = try model.load(events: events)
    for index in dense.blocks.indices {
      for role in dense.blocks[index].roles {
        dense.blocks[index][role].weight = dense.blocks[index][role].weight.expanded()
      }
    }
    var (forPrompt, forText) = (dense, dense)
    forPrompt.useFasterForms(for: .manyTokens)
    // What is compressed for both uses is in memory once.
    for index in dense.blocks.indices {
      for role in dense.blocks[index].roles {
        let compressed = forPrompt.blocks[index][role].weight
        let weight = compressed.isCompressed ? compressed : dense.blocks[index][role].weight
        forText.blocks[index][role].weight = weight.inFasterForm(for: .fewTokens)
      }
    }
    let forms = [TimedForm("dense", dense, dense), TimedForm("without zeros", forPrompt, forText)]
    guard forms[1].forPrompt.compressedLinears + forms[1].forText.compressedLinears > 0 else {
      events.note("no linear has enough zeros to be faster without them")
      return [forms[0]]
    }
    return forms
  }
}

/// A form of the model, which may differ between a prompt and a text behind it.
private struct TimedForm {
  let name: String
  let forPrompt: any CausalLM
  let forText: any CausalLM

  init(_ name: String, _ forPrompt: any CausalLM, _ forText: any CausalLM) {
    (self.name, self.forPrompt, self.forText) = (name, forPrompt, forText)
  }

  var denseLinearBytes: Int { forPrompt.linears.reduce(0) { $0 + $1.byteCount } }

  /// Seconds of a prompt, and of each token behind it.
  func time(_ ids: [Int], tokens: Int) -> (prompt: Double, text: Double) {
    let clock = ContinuousClock()
    var sequence = TokenSequence(forPrompt, ids)
    var scores: [Float] = []
    let prompt = clock.measure { scores = sequence.nextScores() }
    sequence.continue(with: forText)
    var sampler = TokenSampler(Sampling())
    let text = clock.measure {
      for _ in 0..<tokens {
        sequence.append(sampler.choose(scores, after: sequence.tokens))
        scores = sequence.nextScores()
      }
    }
    return (prompt.seconds, text.seconds / Double(tokens))
  }

  func perplexity(_ windows: TokenBatch, _ events: any JobEvents) throws -> (value: Perplexity, seconds: Double) {
    let start = ContinuousClock.now
    let value = try forPrompt.perplexity(windows, label: "perplexity, \(name)", events: events)
    return (value, (ContinuousClock.now - start).seconds)
  }
}

extension CausalLM {
  fileprivate var linears: [StoredMatrix] { blocks.flatMap { block in block.roles.map { block[$0].weight } } }

  fileprivate var compressedLinears: Int { linears.count(where: \.isCompressed) }
}

/// What the machine can do at most, with all threads of the run.
public struct MachineLimits: Sendable {
  /// The kernel of the products.
  public let kernel = Kernel.current
  /// How many threads.
  public let threads = Parallel.threadCount
  /// Floating-point operations a second in registers; nil for the reference, whose loops are no measure.
  public let peak: Double?
  /// Bytes read from memory a second.
  public let bandwidth: Double

  /// Measures, in about two seconds.
  init() {
    peak = kernel == .reference ? nil : MultiplyAddPeak.measure(kernel: kernel, threads: threads)
    bandwidth = ReadBandwidth.measure(byteCount: 1 << 28, threads: [threads])[0].rate
  }
}

/// What a model's speed came to.
public struct BenchResult: Sendable {
  /// What the machine can do at most.
  public let machine: MachineLimits
  /// Bytes of all tensors in files with their zeros.
  public let denseFileBytes: Int
  /// Bytes of all tensors as `svnup pack` stores them.
  public let packedFileBytes: Int
  /// Tokens of the prompt.
  public let promptTokens: Int
  /// Tokens behind it.
  public let tokens: Int
  /// The dense model, and where some linears are faster without their zeros, that without them.
  public let forms: [Form]

  /// The figures of one form of the model.
  public struct Form: Sendable {
    /// Dense, or without zeros.
    public let name: String
    /// Linears of all blocks.
    public let linears: Int
    /// Those that leave out their zeros for a prompt.
    public let sparseForPrompt: Int
    /// Those that leave out their zeros for a text behind it.
    public let sparseForText: Int
    /// Bytes of the weights in memory, while a text is written.
    public let weightBytes: Int
    /// Bytes that a token reads: the linears and the head.
    public let tokenBytes: Int
    /// Floating-point operations a token in the linears, zeros counted.
    public let tokenOperations: Double
    /// Seconds of the prompt, the median.
    public let promptSeconds: Double
    /// Seconds a token behind it, the median.
    public let secondsPerToken: Double
    /// The perplexity of the text; nil without a text.
    public let perplexity: Perplexity?
    /// The seconds that it took.
    public let perplexitySeconds: Double?

    fileprivate init(
      _ form: TimedForm, otherBytes: Int, prompt: [Double], text: [Double],
      _ perplexity: (value: Perplexity, seconds: Double)?
    ) {
      let linears = form.forText.linears
      let resident = linears.reduce(0) { $0 + $1.residentByteCount }
      name = form.name
      self.linears = linears.count
      sparseForPrompt = form.forPrompt.compressedLinears
      sparseForText = form.forText.compressedLinears
      weightBytes = resident + otherBytes
      tokenBytes = resident + form.forText.head.residentByteCount
      tokenOperations = 2 * linears.reduce(0) { $0 + Double($1.count) }
      promptSeconds = prompt.median
      secondsPerToken = text.median
      self.perplexity = perplexity?.value
      perplexitySeconds = perplexity?.seconds
    }
  }
}

extension BenchResult {
  /// Tokens of the prompt in a second.
  public func promptRate(_ form: Form) -> Double { Double(promptTokens) / form.promptSeconds }

  /// Tokens in a second behind it.
  public func textRate(_ form: Form) -> Double { 1 / form.secondsPerToken }

  /// The part of the machine's peak at which the linears of the prompt are multiplied, zeros counted; nil where there is none.
  public func promptShare(_ form: Form) -> Double? {
    machine.peak.map { form.tokenOperations * promptRate(form) / $0 }
  }

  /// The part of the machine's bandwidth at which the weights of a token are read.
  public func textShare(_ form: Form) -> Double { Double(form.tokenBytes) * textRate(form) / machine.bandwidth }
}

extension [Double] {
  /// The middle, or the mean of the two in the middle.
  fileprivate var median: Double {
    let sorted = sorted()
    guard !sorted.isEmpty else { return .nan }
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
