/// The Shapley values by their definition, from all 2^n coalitions.
///
/// Offered up to 20 players.
public struct ExactShapley: ShapleyEstimator {
  /// The most players whose coalitions are enumerated.
  public static let playerLimit = WindowTable.lengthLimit

  /// Makes an estimator.
  public init() {}

  /// The exact values.
  ///
  /// Throws `EstimatorError` for a game without players or with more than `playerLimit`, and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    guard players > 0 else { throw EstimatorError.noPlayers }
    guard players <= Self.playerLimit else {
      throw EstimatorError.tooManyPlayers(players, limit: Self.playerLimit)
    }
    let coalitions = WindowTable.coalitions(of: 0..<players, surroundings: .intact, playerCount: players)
    let values = try game.values(of: coalitions)
    return ShapleyValues(
      values: WindowTable(values: values[...]).shapleyValues(),
      emptyValue: values[0],
      grandValue: values[values.count - 1],
      evaluations: coalitions.count,
      coalitionsAsked: players * coalitions.count,
      estimator: .exact)
  }
}
