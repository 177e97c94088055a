import ShapleyPrune

/// What is lost without each player alone.
struct LeaveOneOut: ShapleyEstimator {
  static let name = "leave-one-out"
  static let settings: [Setting<LeaveOneOut>] = []

  func check(playerCount: Int) throws(EstimatorError) {
    guard playerCount > 0 else { throw .noPlayers }
  }

  func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]? {
    try check(playerCount: playerCount)
    let all = Coalition.full(playerCount)
    return (Set((0..<playerCount).map(all.removing)).union([all, .empty(playerCount)])).sorted()
  }

  func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    try check(playerCount: players)
    let all = Coalition.full(players)
    let values = try game.values(of: (0..<players).map(all.removing) + [all, .empty(players)])
    return ShapleyValues(
      values: values[..<players].map { values[players] - $0 }, emptyValue: values[players + 1],
      grandValue: values[players], evaluations: players + 1, coalitionsAsked: 2 * players, estimator: self)
  }
}
