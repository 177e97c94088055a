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
    try samples(from: [stream], count: count, length: length, seed: seed)
  }

  /// Draws samples from documents: each from one of those that are long enough, beginning anywhere in it, as SparseGPT
  /// draws from C4.
  ///
  /// Throws `PruningError.textTooShort` where every document is shorter than one sample.
  public static func samples(
    from documents: [[Int]], count: Int, length: Int, seed: UInt64
  ) throws(PruningError) -> TokenBatch {
    let longEnough = documents.filter { $0.count >= length }
    guard !longEnough.isEmpty else {
      throw .textTooShort(tokens: documents.map(\.count).max() ?? 0, needed: length)
    }
    var generator = SeededGenerator(seed: seed)
    var tokens: [Int] = []
    tokens.reserveCapacity(count * length)
    for _ in 0..<count {
      // One document draws nothing, so that a text has the samples that it always had.
      let document = longEnough.count == 1 ? longEnough[0] : longEnough[generator.below(longEnough.count)]
      let start = generator.below(document.count - length + 1)
      tokens += document[start..<start + length]
    }
    return TokenBatch(tokens: tokens, length: length)
  }
}
