/// The search for the score of a given rank, digit by digit.
///
/// The bits of non-negative floats order as the floats do. A histogram of the highest eleven bits tells which value the
/// wanted score has there, one of the next ten bits over the scores that share it goes on, and one of the last ten ends
/// it: exact whatever the distribution, and O(n). The sign bit is ignored, so weights may stand for their magnitudes.
struct DigitSearch {
  /// Values of the widest digit.
  static let bins = 1 << 11

  /// The digits found so far, zeros behind them; at the end, the bits of the score.
  private(set) var prefix: UInt32 = 0
  /// The wanted score's rank, from 1, among those that share the prefix.
  private(set) var rank: Int
  /// Scores that share the prefix, once a digit is known.
  private(set) var candidates = 0
  /// Bits behind the next digit, or nil at the end.
  private var shift: UInt32? = 20

  init(rank: Int) { self.rank = rank }

  var isDone: Bool { shift == nil }

  /// Counts the values of the next digit, (bins), over the scores that share the prefix.
  func count(_ scores: UnsafeRawPointer, count: Int, into histogram: UnsafeMutablePointer<UInt32>) {
    guard let shift else { return }
    histogram.initialize(repeating: 0, count: Self.bins)
    if shift == 20 {
      for i in 0..<count { histogram[Int(magnitudeBits(scores, i) >> 20)] &+= 1 }
    } else {
      let above = shift &+ 10
      let wanted = prefix >> above
      for i in 0..<count {
        let bits = magnitudeBits(scores, i)
        if bits >> above == wanted { histogram[Int(bits >> shift & 1023)] &+= 1 }
      }
    }
  }

  /// Fixes the next digit, given how often each value occurs.
  mutating func narrow(_ occupancy: (_ value: Int) -> Int) {
    guard let shift else { return }
    var value = 0
    candidates = occupancy(0)
    while rank > candidates {
      rank -= candidates
      value += 1
      candidates = occupancy(value)
    }
    prefix |= UInt32(value) << shift
    self.shift = shift >= 10 ? shift - 10 : nil
  }
}

/// The bits of a score without its sign.
@inline(__always)
func magnitudeBits(_ scores: UnsafeRawPointer, _ index: Int) -> UInt32 {
  scores.load(fromByteOffset: 4 &* index, as: UInt32.self) & 0x7FFF_FFFF
}
