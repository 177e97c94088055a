/// The Shapley values by their definition, from all 2^n coalitions.
///
/// Offered up to 20 players.
///
///     let values = try ExactShapley().estimate(&game)
public struct ExactShapley: ShapleyEstimator {
  /// The most players whose coalitions are enumerated.
  public static let playerLimit = WindowTable.lengthLimit

  /// The most coalitions that any estimator without a budget evaluates.
  static let evaluationLimit = 1 << playerLimit

  /// The estimator's name.
  public static let name = "exact"
  /// There is nothing to set.
  public static let settings: [Setting<ExactShapley>] = []

  /// Makes an estimator.
  public init() {}

  /// Throws for a game without players or with more than `playerLimit`.
  public func check(playerCount: Int) throws(EstimatorError) {
    guard playerCount > 0 else { throw .noPlayers }
    guard playerCount <= Self.playerLimit else { throw .tooManyPlayers(playerCount, limit: Self.playerLimit) }
  }

  /// All 2^n coalitions, ascending; throws what `check` throws.
  public func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]? {
    try check(playerCount: playerCount)
    return Self.coalitionsByMask(playerCount).sorted()
  }

  /// The exact values; throws what `check` throws, and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    try check(playerCount: players)
    let coalitions = Self.coalitionsByMask(players)
    let values = try game.values(of: coalitions)
    return ShapleyValues(
      values: WindowTable(values: values[...]).shapleyValues(), emptyValue: values[0],
      grandValue: values[values.count - 1], evaluations: coalitions.count, coalitionsAsked: players * coalitions.count,
      estimator: self)
  }

  /// All coalitions in the order of a `WindowTable` that holds every player.
  private static func coalitionsByMask(_ players: Int) -> [Coalition] {
    WindowTable.coalitions(of: 0..<players, surroundings: .intact, playerCount: players)
  }
}
