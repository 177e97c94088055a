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
  /// Whether it is measured, too, from how many zeros on leaving them out is faster, on weights like the largest linear.
  public var measuresBreakEven = false
  /// A text whose perplexity is measured, too.
  public var data: Corpus?
  /// Only the first windows of the text; nil for all.
  public var windows: Int?
  /// Bytes that the run may take; nil for no limit.
  public var memoryLimit: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// Times of a prompt and of a text behind it.
  public init(_ model: ModelSource) { self.model = model }

  /// Measures, one run of each form to warm up and then `rounds` of each.
  ///
  /// Throws `SettingError` where the tokens do not fit into the model's positions, and for a memory limit that cannot be kept, and what reading
  /// the files throws.
  public func run() throws -> BenchResult {
    let positions = model.directory.maximumPositions
    let prompt = promptTokens ?? max(1, min(512, positions / 2))
    for (setting, value) in [(SettingError.Setting.promptTokens, prompt), (.tokens, tokens), (.rounds, rounds)] {
      try SettingError.demandOne(value, setting)
    }
    guard prompt <= positions, tokens <= positions - prompt else {
      throw promptTokens == nil
        ? SettingError(
          .tokens, "\(tokens)", "with \(prompt) in front these are more than the model's \(positions) positions")
        : SettingError(
          .promptTokens, "\(prompt)", "with \(tokens) more these are more than the model's \(positions) positions")
    }
    let corpus = try data?.tokens(for: model, .measuring, events: events)
    let text = try corpus?.windows(length: nil).first(windows)
    events.note(data, has: text, of: windows, "windows", rows: corpus?.rowCount)
    let checkpoint = model.directory.checkpoint
    let files =
      checkpoint.isPacked
      ? checkpoint.packedSizes
      : try events.duringBytes("counting zeros", total: checkpoint.byteCount) {
        try checkpoint.sizesWhenPacked(progress: $0)
      }
    let budget = try MemoryBudget(model, limit: memoryLimit, length: max(prompt, text?.length ?? 0)) {
      footprint($0, files, prompt: prompt, text: text.map(BatchShape.init))
    }
    budget.announce(events)
    let machine = MemoryPool.shared.phase { MachineLimits() }
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
    let curve = measuresBreakEven ? breakEven(models[0].forPrompt) : nil
    let measured = try models.map { form in try text.map { try form.perplexity($0, budget.memory, events) } }
    let others = files.denseBytes - models[0].denseLinearBytes
    return BenchResult(
      machine: machine, denseFileBytes: files.denseBytes, packedFileBytes: files.storedBytes, promptTokens: prompt,
      tokens: tokens,
      forms: zip(models, zip(times, measured)).map { form, figures in
        BenchResult.Form(form, otherBytes: others, prompt: figures.0.prompt, text: figures.0.text, figures.1)
      }, breakEven: curve, memory: budget)
  }

  private func breakEven(_ model: any CausalLM) -> BreakEvenCurve? {
    guard Kernel.current != .reference else {
      events.note("the reference kernel multiplies all zeros, so that nothing breaks even")
      return nil
    }
    return model.linears.max { $0.count < $1.count }.map { largest in
      events.during("timing products", unit: "fractions") {
        BreakEvenCurve(like: largest, modelBytes: model.linearBytes, progress: $0)
      }
    }
  }

  /// The dense model, and that without its zeros, where that makes a difference.
  private func forms() throws -> [TimedForm] {
    var dense = try model.load(events: events)
    dense.useDenseForms()
    var forPrompt = dense
    forPrompt.useFasterForms(for: .manyTokens)
    // What is compressed for both uses is in memory once.
    var forText = forPrompt
    forText.useFasterForms(for: .oneToken)
    let forms = [TimedForm("dense", dense, dense), TimedForm("without zeros", forPrompt, forText)]
    guard forms[1].forPrompt.compressedLinears + forms[1].forText.compressedLinears > 0 else {
      events.note("no linear has enough zeros, and weights, to be faster without them")
      return [forms[0]]
    }
    return forms
  }
}

/// A form of the model, which may differ between a prompt and a text behind it.
struct TimedForm {
  let name: String
  let forPrompt: any CausalLM
  let forText: any CausalLM

  init(_ name: String, _ forPrompt: any CausalLM, _ forText: any CausalLM) {
    (self.name, self.forPrompt, self.forText) = (name, forPrompt, forText)
  }

  var denseLinearBytes: Int { forPrompt.linearBytes }

  /// Seconds of a prompt, and of each token behind it.
  func time(_ ids: [Int], tokens: Int) -> (prompt: Double, text: Double) {
    var sequence = TokenSequence(forPrompt, ids)
    var scores: [Float] = []
    let prompt = clocked { scores = sequence.nextScores() }
    sequence.continue(with: forText)
    var sampler = TokenSampler(Sampling())
    let text = clocked {
      for _ in 0..<tokens {
        sequence.append(sampler.choose(scores, after: sequence.tokens))
        scores = sequence.nextScores()
      }
    }
    return (prompt, text / Double(tokens))
  }

  func perplexity(
    _ windows: TokenBatch, _ memory: WorkingMemory, _ events: any JobEvents
  ) throws -> (value: Perplexity, seconds: Double) {
    let start = ContinuousClock.now
    let value = try forPrompt.perplexity(windows, memory: memory, label: "perplexity, \(name)", events: events)
    return (value, (ContinuousClock.now - start).seconds)
  }
}

extension CausalLM {
  var compressedLinears: Int { linears.count(where: \.isCompressed) }
}
