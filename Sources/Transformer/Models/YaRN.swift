import Support

extension RotaryEmbedding {
  /// YaRN: pairs of columns that turn slowly are stretched, those that turn fast are kept, those between are blended.
  ///
  /// Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models" (2023), sections 3.2 and 3.4;
  /// shares fall evenly from pair to pair, as in the authors' code.
  public struct YaRN: Sendable, Equatable {
    /// Divides the frequencies of the pairs that are stretched.
    public var factor: Double
    /// Multiplies cosines and sines, and so every score of the attention by its square.
    public var attentionFactor: Double
    /// A pair that turns more often than this in the original context is kept (`beta_fast`).
    public var fastTurns: Double
    /// A pair that turns less often than this in the original context is stretched (`beta_slow`).
    public var slowTurns: Double
    /// Tokens of the texts that the model was trained on first.
    public var originalPositions: Int
    /// Whether blending begins and ends at whole indices.
    public var isTruncated: Bool

    /// Settings with the paper's recommendations where nothing else is said.
    public init(
      factor: Double, attentionFactor: Double? = nil, fastTurns: Double = 32, slowTurns: Double = 1,
      originalPositions: Int, isTruncated: Bool = true
    ) {
      self.factor = factor
      self.attentionFactor = attentionFactor ?? Self.attentionFactor(for: factor)
      self.fastTurns = fastTurns
      self.slowTurns = slowTurns
      self.originalPositions = originalPositions
      self.isTruncated = isTruncated
    }

    /// 0.1 · weight · ln(factor) + 1, which keeps the attention over long texts sharp; 1 where texts do not grow.
    ///
    /// Section 3.4 of the paper; the weight is DeepSeek's `mscale`.
    static func attentionFactor(for factor: Double, weight: Double = 1) -> Double {
      factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1
    }

    /// How much of every pair's own frequency counts beside the stretched one, from 0 to 1: (headDimension / 2).
    ///
    /// The bounds are computed in Double and the shares in Float, as Hugging Face's implementation does.
    func keptShares(headDimension: Int, theta: Double) -> [Float] {
      // The index, a fraction, of the pair that turns so often in the original context.
      func index(turns: Double) -> Double {
        let wavelength = Double(originalPositions) / (turns * 2 * .pi)
        return Double(headDimension) * Math.log(wavelength) / (2 * Math.log(theta))
      }
      var (first, last) = (index(turns: fastTurns), index(turns: slowTurns))
      if isTruncated { (first, last) = (first.rounded(.down), last.rounded(.up)) }
      first = max(first, 0)
      last = min(last, Double(headDimension - 1))
      // Without a distance there would be nothing to divide by.
      if first == last { last += 0.001 }
      let (start, distance) = (Float(first), Float(last - first))
      return (0..<headDimension / 2).map { 1 - min(max((Float($0) - start) / distance, 0), 1) }
    }
  }
}
