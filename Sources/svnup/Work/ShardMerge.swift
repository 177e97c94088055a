import ShapleyPrune
import Support

/// The way from the shards of a plan to its values.
struct ShardMerge {
  let plan: ShapleyPlan
  let folder: String

  enum Outcome {
    case values(ShapleyReport)
    /// Shards to do, ascending.
    case missing([Int])
  }

  /// Reads every shard, and estimates where all are there.
  func run(console: Console) throws -> Outcome {
    var game = MemoisedGame(KnownGame(playerCount: plan.names.count))
    var missing: [Int] = []
    for shard in 0..<plan.shardCount {
      let coalitions = Array(plan.shard(shard))
      switch ShardFile.read(Path.join(folder, plan.fileName(of: shard)), of: plan, coalitions) {
      case .failure(let problem):
        console.note(problem.description)
        missing.append(shard)
      case .success(let contents):
        for coalition in coalitions {
          guard let means = contents.means(of: coalition, windows: 0..<plan.text.windows) else { continue }
          try game.restore(plan.request.settings.value.worth(windowMeans: means), of: coalition)
        }
      }
    }
    guard missing.isEmpty else { return .missing(missing) }
    return .values(try plan.report(try plan.request.settings.estimator.estimator.estimate(&game)))
  }

  /// A game of which every value is known already.
  private struct KnownGame: Game {
    let playerCount: Int
    func values(of coalitions: [Coalition]) -> [Double] { [] }
  }
}
