import Support
import Tensor
import Transformer

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
    bandwidth = ReadBandwidth.measure(byteCount: Self.readByteCount, threads: [threads])[0].rate
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
  /// From how many zeros on leaving them out is faster; nil where that was not measured.
  public let breakEven: BreakEvenCurve?
  /// What the job held in memory, as far as it was predicted.
  package let memory: MemoryBudget

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

    init(
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
