/// A list of coalitions cut into pieces of about equal cost.
public enum Shards {
  /// Consecutive ranges that cover all coalitions, none empty where there are as many coalitions as shards.
  ///
  /// The cost of a coalition is what it does not share with the one before it: the players from the first in which the
  /// two differ. A cut falls where the costs so far reach the shard's share.
  ///
  /// - Parameter coalitions: Ascending, as a trie is walked.
  public static func ranges(of coalitions: [Coalition], count: Int) -> [Range<Int>] {
    precondition(count > 0, "there is at least one shard")
    var costs: [Int] = []
    var total = 0
    for (index, coalition) in coalitions.enumerated() {
      total += index == 0 ? coalition.playerCount : coalition.depth(apartFrom: coalitions[index - 1])
      costs.append(total)
    }
    var ranges: [Range<Int>] = []
    var start = 0
    for shard in 1...count {
      // At least one coalition is left for each later shard.
      let latest = coalitions.count - (count - shard)
      var end = shard == count ? coalitions.count : min(start + 1, latest)
      while end < latest, costs[end - 1] * count < total * shard { end += 1 }
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
