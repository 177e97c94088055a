import Support
import Tensor

/// The k smallest of many scores, found without sorting them.
///
/// Scores are the bit patterns of floats without regard to their signs.
package struct Selection: Sendable {
  /// Bits of the k-th smallest score: everything below it is among the k smallest.
  package let threshold: UInt32
  /// How many of the scores that equal the threshold are among them; by convention the first ones.
  package let ties: Int

  /// The k smallest of `count` scores, 1 <= k <= count.
  package init(smallest k: Int, of scores: UnsafeRawPointer, count: Int) {
    precondition(k >= 1 && k <= count, "there are no \(k) smallest of \(count)")
    var search = DigitSearch(rank: k)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: DigitSearch.bins) { histogram in
      guard let histogram = histogram.baseAddress else { return }
      while !search.isDone {
        search.count(scores, count: count, into: histogram)
        search.narrow { Int(histogram[$0]) }
      }
    }
    threshold = search.prefix
    ties = search.rank
  }

  /// Zeroes the weights whose scores are chosen.
  package func clear(_ weights: UnsafeMutablePointer<Float>, scores: UnsafeRawPointer, count: Int) {
    Self.clear(weights, scores: scores, count: count, below: threshold, ties: ties)
  }

  /// Zeroes the weights whose scores are below a threshold, and the first `ties` of those whose scores equal it.
  ///
  /// The weights may be the scores.
  static func clear(
    _ weights: UnsafeMutablePointer<Float>, scores: UnsafeRawPointer, count: Int, below threshold: UInt32, ties: Int
  ) {
    var left = ties
    var i = 0
    while left > 0, i < count {
      if magnitudeBits(scores, i) == threshold {
        weights[i] = 0
        left -= 1
      }
      i += 1
    }
    // The bits of scores are not negative as signed numbers, which is what the processor compares.
    let limit = SIMD8<Int32>(repeating: Int32(bitPattern: threshold))
    i = 0
    while i + 8 <= count {
      let bits = scores.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Int32>.self) & 0x7FFF_FFFF
      let target = UnsafeMutableRawPointer(weights + i)
      let kept = target.loadUnaligned(as: SIMD8<Int32>.self).replacing(with: 0, where: bits .< limit)
      target.storeBytes(of: kept, as: SIMD8<Int32>.self)
      i += 8
    }
    while i < count {
      if magnitudeBits(scores, i) < threshold { weights[i] = 0 }
      i += 1
    }
  }

  /// Zeroes, in every group of `of`, all but the `keep` weights with the largest scores, the first ones where they are
  /// equal.
  ///
  /// The weights may be the scores.
  package static func clearGroups(
    _ weights: UnsafeMutablePointer<Float>, scores: UnsafeRawPointer, count: Int, keep: Int, of: Int
  ) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: of) { ranks in
      for start in stride(from: 0, to: count, by: of) {
        for i in 0..<of {
          let score = magnitudeBits(scores, start + i)
          var rank = 0
          for j in 0..<i {
            // One of the two comes before the other: the smaller, or the first. The difference of two numbers of 31
            // bits has the sign of the comparison; a branch would be guessed wrong every other time.
            let isSmaller = Int((score &- magnitudeBits(scores, start + j)) >> 31)
            ranks[j] &+= isSmaller
            rank &+= 1 &- isSmaller
          }
          ranks[i] = rank
        }
        for i in 0..<of {
          // All ones where the rank is that of a weight to keep.
          let kept = UInt32(truncatingIfNeeded: (of &- keep &- 1 &- ranks[i]) >> 63)
          weights[start + i] = Float(bitPattern: weights[start + i].bitPattern & kept)
        }
      }
    }
  }
}

/// The k smallest of so many scores that several threads look for them.
package struct ChunkedSelection: Sendable {
  /// Bits of the k-th smallest score.
  package let threshold: UInt32
  /// For every chunk, how many of its scores that equal the threshold are among the k smallest: the first ones of all.
  package let ties: [Int]
  /// How many are chosen.
  package let count: Int

  /// The scores that a pattern makes zero, chunks of `chunk` scores being a thread's work; nil where it makes none.
  ///
  /// The result does not depend on the chunks.
  package init?(_ sparsity: Double, of scores: UnsafeRawPointer, count: Int, chunk: Int, rule: CountingRule) {
    let k = rule.count(count, sparsity)
    guard k > 0 else { return nil }
    let bins = DigitSearch.bins
    let chunks = (count + chunk - 1) / chunk
    var histograms = [UInt32](repeating: 0, count: chunks * bins)
    var totals = [Int](repeating: 0, count: bins)
    var search = DigitSearch(rank: k)
    var equal = [Int](repeating: 0, count: chunks)
    histograms.withUnsafeMutableBufferPointer { buffer in
      guard let histograms = buffer.baseAddress else { return }
      while !search.isDone {
        let current = search
        Parallel.forEach(chunks) { index in
          let start = index * chunk
          current.count(scores + 4 * start, count: min(chunk, count - start), into: histograms + index * bins)
        }
        for value in 0..<bins { totals[value] = 0 }
        for index in 0..<chunks { for value in 0..<bins { totals[value] += Int(histograms[index * bins + value]) } }
        search.narrow { totals[$0] }
      }
      // The last histograms are of the last ten bits of scores that share the others.
      let last = Int(search.prefix & 1023)
      for index in 0..<chunks { equal[index] = Int(histograms[index * bins + last]) }
    }
    threshold = search.prefix
    var left = rule == .exact ? search.rank : search.candidates
    self.count = k - search.rank + left
    ties = equal.map { equal in
      let own = min(equal, left)
      left -= own
      return own
    }
  }
}

extension CountingRule {
  /// How many of `count` scores a sparsity makes zero, apart from ties under the published rule.
  package func count(_ count: Int, _ sparsity: Double) -> Int {
    let k = Int(Double(count) * sparsity)
    return self == .exact ? k : min(k + 1, count)
  }
}
