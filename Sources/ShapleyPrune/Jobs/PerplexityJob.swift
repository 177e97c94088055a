import Transformer

/// The measurement of how well a model predicts a text.
///
///     let result = try PerplexityJob(ModelSource("opt-125m"), data: .text("wiki.test.raw")).run()
///     print(result.perplexity.perplexity)
public struct PerplexityJob: Sendable {
  /// The model.
  public var model: ModelSource
  /// The text.
  public var data: Corpus
  /// Only the first windows of the text; nil for all.
  public var windows: Int?
  /// Tokens of a window; nil for the model's positions, at most 2,048.
  public var sequenceLength: Int?
  /// Bytes that the run may take; nil for no limit.
  public var memoryLimit: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// A measurement on all windows of a text.
  public init(_ model: ModelSource, data: Corpus) {
    self.model = model
    self.data = data
  }

  /// Measures.
  ///
  /// Throws `SettingError` for a setting that cannot be carried out, what reading the files throws, and an error where
  /// the perplexity is not finite.
  ///
  /// - Parameter loaded: a model that was made of this one, such as one that a program pruned, which is used in the form that it has; memory
  ///   is predicted for the weights of the directory all the same. Nil to read the weights.
  public func run(on loaded: (any CausalLM)? = nil) throws -> PerplexityResult {
    try SettingError.demandOne(windows, .windows)
    let corpus = try data.tokens(for: model, .measuring, events: events)
    let windows = try corpus.windows(length: sequenceLength).first(windows)
    events.note(data, has: windows, of: self.windows, "windows", rows: corpus.rowCount)
    let budget = try MemoryBudget(model, for: .manyTokens, limit: memoryLimit, length: windows.length) {
      [Perplexity.footprint($0, BatchShape(windows))]
    }
    budget.announce(events)
    let language = try loaded ?? model.load(for: .manyTokens, events: events)
    let perplexity = try language.perplexity(windows, memory: budget.memory, events: events)
    return PerplexityResult(perplexity: perplexity, text: corpus.told, memory: budget)
  }
}

/// What came of a measurement.
public struct PerplexityResult: Sendable {
  /// The perplexity with its standard error.
  public let perplexity: Perplexity
  /// How the text became tokens.
  public let text: TextProtocol
  /// What the job held in memory, as far as it was predicted.
  package let memory: MemoryBudget
}
