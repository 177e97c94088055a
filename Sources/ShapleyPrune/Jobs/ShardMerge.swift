import Support

/// What came of putting shards together.
///
///     switch try ShardPlan("plan.json").merge("shards") {
///     case .values(let record): print(record.values.values)
///     case .missing(let shards): print("shards \(shards) are still to be computed")
///     }
public enum ShardMerge: Sendable {
  /// The values.
  case values(ShapleyRecord)
  /// Shards that are missing or damaged, ascending.
  case missing([Int])
}

extension ShardPlan {
  /// Reads every shard from a folder, and estimates the values where all are there.
  ///
  /// Throws `GameError` where a value is not finite, and what the estimator throws.
  public func merge(_ folder: String, events: any JobEvents = SilentEvents()) throws -> ShardMerge {
    var game = MemoisedGame(KnownGame(playerCount: header.players))
    var missing: [Int] = []
    for shard in 0..<shardCount {
      let coalitions = Array(self.shard(shard))
      switch ShardFile.read(Path.join(folder, fileName(of: shard)), of: self, coalitions) {
      case .failure(let problem):
        events.note(problem.description)
        missing.append(shard)
      case .success(let contents):
        for coalition in coalitions {
          guard let means = contents.means(of: coalition, windows: 0..<header.windows) else { continue }
          try game.restore(settings.value.worth(windowMeans: means), of: coalition)
        }
      }
    }
    guard missing.isEmpty else { return .missing(missing) }
    return .values(record(of: try settings.estimator.estimate(&game)))
  }
}

/// A game of which every value is known already.
private struct KnownGame: Game {
  let playerCount: Int
  func values(of coalitions: [Coalition]) -> [Double] { [] }
}
