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
    var known = KnownGame(playerCount: header.players, value: settings.value)
    var values: [Coalition: Double] = [:]
    var missing: [Int] = []
    for shard in 0..<shardCount {
      let measurements = Array(self.shard(shard))
      switch ShardFile.read(Path.join(folder, fileName(of: shard)), of: self, measurements) {
      case .failure(let problem):
        events.note(problem.description)
        missing.append(shard)
      case .success(let contents):
        for measurement in measurements {
          switch measurement {
          case .coalition(let coalition):
            guard let means = contents.means(of: coalition, windows: 0..<header.windows) else { continue }
            values[coalition] = settings.value.worth(windowMeans: means)
          case .slope(let presence, let window):
            guard let slope = contents.slope(at: presence, window: window) else { continue }
            known.slopes[presence, default: []].append(slope)
          }
        }
      }
    }
    guard missing.isEmpty else { return .missing(missing) }
    var game = MemoisedGame(known)
    for (coalition, value) in values { try game.restore(value, of: coalition) }
    return .values(record(of: try settings.estimator.estimate(&game)))
  }
}

/// A game of which every value is known already.
private struct KnownGame: Game {
  let playerCount: Int
  let value: LayerGame.Value
  /// The slopes of all windows at every presence.
  var slopes: [Double: [DiagonalSlope]] = [:]

  func values(of coalitions: [Coalition]) -> [Double] { [] }

  func derivatives(at presences: [Double]) -> [[Double]]? { presences.map { value.derivatives(slopes[$0] ?? []) } }
}
