/// The values of all subsets of a few consecutive players, all others in one fixed state: a game of its own.
struct WindowTable {
  /// The longest window whose subsets are tabulated: 2^20 values are 8 MiB and already a million runs of a model.
  static let lengthLimit = 20

  /// Entry `mask` is the value with exactly those players of the window present whose bit is set.
  let values: ArraySlice<Double>

  /// The 2^length coalitions of a window, by ascending mask.
  static func coalitions(of window: Range<Int>, surroundings: Surroundings, playerCount: Int) -> [Coalition] {
    (0..<UInt64(1) << UInt64(window.count)).map {
      Coalition(members: $0, of: window, surroundings: surroundings, playerCount: playerCount)
    }
  }

  /// The exact Shapley values of the window's players, in their order.
  ///
  ///     phi_i = sum over S without i of  |S|! (w - |S| - 1)! / w!  *  (v(S + i) - v(S))
  ///
  /// (Shapley, "A Value for n-Person Games", 1953). O(w 2^w), summed by ascending mask.
  func shapleyValues() -> [Double] {
    let length = values.count.trailingZeroBitCount
    let weights = Self.weights(length)
    return (0..<length).map { player in
      let bit = 1 << player
      var sum = 0.0
      for mask in 0..<values.count where mask & bit == 0 {
        let with = values[values.startIndex + (mask | bit)]
        let without = values[values.startIndex + mask]
        sum += weights[mask.nonzeroBitCount] * (with - without)
      }
      return sum
    }
  }

  /// |S|! (w - |S| - 1)! / w!  =  1 / (w * binomial(w - 1, |S|)) for |S| = 0..<w; the binomials are exact integers.
  private static func weights(_ length: Int) -> [Double] {
    var binomial = 1
    return (0..<length).map { size in
      if size > 0 { binomial = binomial * (length - size) / size }
      return 1 / Double(length * binomial)
    }
  }
}
