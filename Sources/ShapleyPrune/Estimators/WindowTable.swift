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
    (0..<values.count.trailingZeroBitCount).map { player in
      contributions(of: player).reduce(0) { $0 + $1.weighted }
    }
  }

  /// What a player of the window adds to every set of the others: the terms of its value, by ascending mask.
  ///
  /// O(2^w).
  func contributions(of player: Int) -> [MarginalContribution] {
    let weights = Self.weights(values.count.trailingZeroBitCount)
    let bit = 1 << player
    return (0..<values.count).filter { $0 & bit == 0 }.map { mask in
      MarginalContribution(
        members: UInt64(mask), weight: weights[mask.nonzeroBitCount], without: values[values.startIndex + mask],
        with: values[values.startIndex + (mask | bit)])
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

/// What a player adds to a set of other players.
public struct MarginalContribution: Sendable {
  /// The other players of the window that are present, the window's first one in the lowest bit.
  public let members: UInt64
  /// The share of the orders of the window's players in which exactly these come before the player.
  public let weight: Double
  /// The value without the player.
  public let without: Double
  /// The value with it.
  public let with: Double

  /// The value with the player, less that without.
  public var marginal: Double { with - without }
  /// The term of the player's Shapley value.
  public var weighted: Double { weight * marginal }
}
