import Support
import Transformer

/// Samples for the statistics of pruning.
///
///     let samples = try Calibration.samples(from: tokenizer.encode(text), count: 128, length: 2048, seed: 0)
public enum Calibration {
  /// Samples that are drawn where nobody says how many.
  public static let usualSamples = 128

  /// Draws samples of equal length from a text's ids, each beginning anywhere, from a seed: the same ones on every
  /// machine.
  ///
  /// Throws `PruningError.textTooShort` where the text is shorter than one sample.
  public static func samples(
    from stream: [Int], count: Int, length: Int, seed: UInt64
  ) throws(PruningError) -> TokenBatch {
    guard stream.count >= length else { throw .textTooShort(tokens: stream.count, needed: length) }
    var generator = SeededGenerator(seed: seed)
    var tokens: [Int] = []
    tokens.reserveCapacity(count * length)
    for _ in 0..<count {
      let start = generator.below(stream.count - length + 1)
      tokens += stream[start..<start + length]
    }
    return TokenBatch(tokens: tokens, length: length)
  }
}
