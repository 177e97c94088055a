import Support
import Tensor

/// How well a model predicts a text: e to the mean negative log-likelihood.
///
/// The protocol is that of SparseGPT, Wanda and OWL: the text is tokenised once, cut into windows of equal length without
/// overlap, each seen alone from position 0; the mean of the windows' means, each over its length - 1 targets.
public struct Perplexity: Sendable, Equatable {
  /// Mean negative log-likelihood in nats a token.
  public let meanNLL: Double
  /// Standard error of the perplexity: that of the windows' means, times the perplexity (delta method).
  ///
  /// Nil for one window.
  public let standardError: Double?
  /// Tokens that were predicted: windows · (sequenceLength - 1).
  public let tokens: Int
  /// Number of windows.
  public let windows: Int
  /// Tokens of a window.
  public let sequenceLength: Int
  /// Mean negative log-likelihood of each window, in nats a token: what two models are compared by, window by window.
  public let windowMeans: [Double]

  /// e^meanNLL.
  public var perplexity: Double { Math.exp(meanNLL) }

  /// The figures of windows whose mean negative log-likelihoods are given.
  public init(windowMeans: [Double], sequenceLength: Int) {
    let mean = windowMeans.mean
    meanNLL = mean
    standardError = windowMeans.standardErrorOfMean.map { Math.exp(mean) * $0 }
    windows = windowMeans.count
    tokens = windowMeans.count * (sequenceLength - 1)
    self.sequenceLength = sequenceLength
    self.windowMeans = windowMeans
  }
}

extension Perplexity {
  /// What the measurement of so many windows holds.
  package static func footprint(_ forecast: MemoryForecast, _ windows: BatchShape) -> Footprint {
    Footprint(
      "perplexity",
      [forecast.weights] + forecast.packedWeights(blocks: forecast.shape.blockCount, for: windows)
        + forecast.block(windows) + [forecast.loss(windows)])
  }
}

extension CausalLM {
  /// The perplexity over windows of equal length; `progress` is told the windows done and their number.
  ///
  /// `memory` says how many tokens are in the model at a time.
  ///
  /// - Precondition: at least one window of at least two tokens, no longer than `maximumPositions`.
  public func perplexity(
    _ windows: TokenBatch, memory: WorkingMemory = WorkingMemory(),
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) -> Perplexity {
    precondition(windows.sequences > 0 && windows.length > 1, "there is nothing to predict")
    var means: [Double] = []
    let strips = windows.strips(ofRows: memory.stripRows)
    let model = strips.count > 1 ? packed(within: memory.packedWeightBytes) : self
    strips.forEachPhase(of: \.sequences) { strip in
      means += windowMeans(model.hiddenStates(strip), of: strip)
      progress?(means.count, windows.sequences)
    }
    return Perplexity(windowMeans: means, sequenceLength: windows.length)
  }

  /// The mean negative log-likelihood of each sequence, from the last block's outputs.
  public func windowMeans(_ hidden: Matrix, of tokens: TokenBatch) -> [Double] {
    let losses = negativeLogLikelihoods(hidden, of: tokens)
    let targets = tokens.length - 1
    return (0..<tokens.sequences).map { window in
      losses[window * targets..<(window + 1) * targets].reduce(0, +) / Double(targets)
    }
  }
}
