import Tensor

/// Finds the k smallest of many non-negative scores without sorting them.
///
/// The bits of non-negative floats order as the floats do, so four passes over bytes, the highest first, find the k-th smallest
/// exactly, whatever the distribution. Complexity: O(n).
package struct Selection {
  /// Bits of the k-th smallest score: everything below it is among the k smallest.
  package let threshold: UInt32
  /// How many of the scores that equal the threshold are among them; by convention the first ones.
  package let ties: Int

  /// Scores that one task looks at.
  private static let grain = 1 << 15

  /// The k smallest of `count` scores, 1 <= k <= count.
  package init(smallest k: Int, of scores: UnsafePointer<UInt32>, count: Int) {
    precondition(k >= 1 && k <= count, "there are no \(k) smallest of \(count)")
    var prefix: UInt32 = 0
    var rank = k
    for shift in stride(from: UInt32(24), through: 0, by: -8) {
      let histogram = Self.histogram(of: scores, count: count, shift: shift, prefix: prefix)
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

  /// How often each byte stands at `shift` among the scores that agree with the prefix above it.
  private static func histogram(
    of scores: UnsafePointer<UInt32>, count: Int, shift: UInt32, prefix: UInt32
  ) -> [Int] {
    // A shift by all 32 bits leaves nothing, which is what the first pass needs: every score qualifies.
    let above = shift + 8
    let tasks = (count + grain - 1) / grain
    var counts = [Int](repeating: 0, count: 256 * tasks)
    counts.withUnsafeMutableBufferPointer { counts in
      let counts = counts
      Parallel.forEachRange(count, grain: grain) { range in
        let own = range.lowerBound / grain * 256
        for i in range where scores[i] >> above == prefix >> above { counts[own + Int(scores[i] >> shift & 255)] += 1 }
      }
    }
    return tasks == 1 ? counts : (0..<256).map { byte in (0..<tasks).reduce(0) { $0 + counts[$1 * 256 + byte] } }
  }

  /// Writes 1 for each of the k smallest and 0 for the others.
  package func mark(_ scores: UnsafePointer<UInt32>, count: Int, into mask: UnsafeMutablePointer<UInt8>) {
    // Each task must know how many ties lie before it.
    let tasks = (count + Self.grain - 1) / Self.grain
    var equal = [Int](repeating: 0, count: tasks)
    if tasks > 1 {
      equal.withUnsafeMutableBufferPointer { equal in
        let equal = equal
        Parallel.forEachRange(count, grain: Self.grain) { range in
          equal[range.lowerBound / Self.grain] = range.reduce(0) { $0 + (scores[$1] == threshold ? 1 : 0) }
        }
      }
    }
    var before = 0
    let left = equal.map { own in
      defer { before += own }
      return ties - before
    }
    Parallel.forEachRange(count, grain: Self.grain) { range in
      var left = left[range.lowerBound / Self.grain]
      for i in range {
        let equals = scores[i] == threshold
        mask[i] = scores[i] < threshold || (equals && left > 0) ? 1 : 0
        if equals { left -= 1 }
      }
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

  /// Marks the smallest scores of a whole matrix with one threshold: (rows, columns) bytes, 1 for the smallest.
  ///
  /// - `score`: writes the bits of one row's scores.
  static func mask(
    rows: Int, columns: Int, sparsity: Double, rule: CountingRule,
    score: (_ row: Int, _ bits: UnsafeMutablePointer<UInt32>) -> Void
  ) -> AlignedStorage {
    let scores = AlignedStorage(byteCount: 4 * rows * columns)
    defer { withExtendedLifetime(scores) {} }
    let bits = scores.pointer.assumingMemoryBound(to: UInt32.self)
    Parallel.forEachRange(rows, grain: 16) { range in
      for row in range { score(row, bits + row * columns) }
    }
    let mask = AlignedStorage(byteCount: rows * columns)
    mark(
      sparsity, of: bits, count: rows * columns, rule: rule, into: mask.pointer.assumingMemoryBound(to: UInt8.self))
    return mask
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
