extension ShapleyEstimator {
  /// The distinct coalitions that an estimate of so many players evaluates, ascending, or nil where that depends on their
  /// values, because the estimator may stop early.
  ///
  /// Throws what `estimate` throws before it evaluates anything.
  public func coalitions(playerCount: Int) throws -> [Coalition]? {
    if let sampler = self as? PermutationShapley, sampler.tolerance != nil { return nil }
    var game = MemoisedGame(Rehearsal(playerCount: playerCount))
    _ = try estimate(&game)
    return game.knownCoalitions()
  }
}

/// A game in which everything is worth nothing: played to learn what will be asked.
private struct Rehearsal: Game {
  let playerCount: Int
  func values(of coalitions: [Coalition]) -> [Double] { coalitions.map { _ in 0 } }
}
