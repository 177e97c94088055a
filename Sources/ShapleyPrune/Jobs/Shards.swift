/// A list of measurements cut into pieces of about equal cost.
public enum Shards {
  /// What each measurement costs, in players that are passed by one window.
  ///
  /// A coalition costs what it does not share with the one before it: the players from the first in which the two differ, on all
  /// windows. The slope of a window costs a forward and a backward pass.
  ///
  /// - Parameters:
  ///   - measurements: Coalitions ascending, as a trie is walked.
  ///   - players: Players of the game.
  ///   - windows: Windows that it is measured on.
  public static func costs(of measurements: [Measurement], players: Int, windows: Int) -> [Int] {
    var last: Coalition?
    return measurements.map { measurement in
      switch measurement {
      case .coalition(let coalition):
        defer { last = coalition }
        return windows * (last.map(coalition.depth) ?? players)
      case .slope: return LayerGame.passesOfNode * players
      }
    }
  }

  /// Consecutive ranges that cover everything, none empty where there are as many measurements as shards.
  ///
  /// A cut falls where the costs so far reach the shard's share.
  public static func ranges(costs: [Int], count: Int) -> [Range<Int>] {
    precondition(count > 0, "there is at least one shard")
    var total = 0
    let sums = costs.map { cost in
      total += cost
      return total
    }
    var ranges: [Range<Int>] = []
    var start = 0
    for shard in 1...count {
      // At least one measurement is left for each later shard.
      let latest = costs.count - (count - shard)
      var end = shard == count ? costs.count : min(start + 1, latest)
      // In Double: the products of a large plan are beyond Int.
      while end < latest, Double(sums[end - 1]) * Double(count) < Double(total) * Double(shard) { end += 1 }
      ranges.append(start..<max(start, end))
      start = max(start, end)
    }
    return ranges
  }
}

extension Coalition {
  /// The number of players from the first in which two coalitions differ to the last.
  fileprivate func depth(apartFrom other: Coalition) -> Int {
    playerCount - (firstDifference(from: other) ?? playerCount)
  }
}
