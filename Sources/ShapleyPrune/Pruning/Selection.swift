/// Finds the k smallest of many non-negative scores without sorting them.
///
/// The bits of non-negative floats order as the floats do, so four passes over bytes, the highest first, find the k-th smallest
/// exactly, whatever the distribution. Complexity: O(n).
package struct Selection {
  /// Bits of the k-th smallest score: everything below it is among the k smallest.
  package let threshold: UInt32
  /// How many of the scores that equal the threshold are among them; by convention the first ones.
  package let ties: Int

  /// The k smallest of `count` scores, 1 <= k <= count.
  package init(smallest k: Int, of scores: UnsafePointer<UInt32>, count: Int) {
    precondition(k >= 1 && k <= count, "there are no \(k) smallest of \(count)")
    var prefix: UInt32 = 0
    var rank = k
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      var histogram = [Int](repeating: 0, count: 256)
      // A shift by all 32 bits leaves nothing, which is what the first pass needs: every score qualifies.
      let above = shift + 8
      histogram.withUnsafeMutableBufferPointer { histogram in
        for i in 0..<count where scores[i] >> above == prefix >> above {
          histogram[Int(scores[i] >> shift & 255)] += 1
        }
      }
      var byte = 0
      while rank > histogram[byte] {
        rank -= histogram[byte]
        byte += 1
      }
      prefix |= UInt32(byte) << shift
    }
    threshold = prefix
    ties = rank
  }

  /// Writes 1 for each of the k smallest and 0 for the others.
  package func mark(_ scores: UnsafePointer<UInt32>, count: Int, into mask: UnsafeMutablePointer<UInt8>) {
    var left = ties
    for i in 0..<count {
      let equals = scores[i] == threshold
      mask[i] = scores[i] < threshold || (equals && left > 0) ? 1 : 0
      if equals { left -= 1 }
    }
  }

  /// Marks floor(count · sparsity) of the scores, or as many as the published rule does.
  static func mark(
    _ sparsity: Double, of scores: UnsafePointer<UInt32>, count: Int, rule: CountingRule,
    into mask: UnsafeMutablePointer<UInt8>
  ) {
    let k = Int(Double(count) * sparsity)
    switch rule {
    case .exact where k == 0:
      mask.update(repeating: 0, count: count)
    case .exact:
      Selection(smallest: k, of: scores, count: count).mark(scores, count: count, into: mask)
    case .published:
      let threshold = Selection(smallest: min(k + 1, count), of: scores, count: count).threshold
      for i in 0..<count { mask[i] = scores[i] <= threshold ? 1 : 0 }
    }
  }

  /// Marks the `zeros` smallest of a group of `of` scores, the first ones where they are equal.
  package static func markGroup(
    _ scores: UnsafePointer<UInt32>, zeros: Int, of count: Int, into mask: UnsafeMutablePointer<UInt8>
  ) {
    for i in 0..<count {
      var smaller = 0
      for j in 0..<count where scores[j] < scores[i] || (scores[j] == scores[i] && j < i) { smaller += 1 }
      mask[i] = smaller < zeros ? 1 : 0
    }
  }
}
