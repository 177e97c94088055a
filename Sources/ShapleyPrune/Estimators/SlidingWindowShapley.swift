/// Which windows decide about a player.
public enum WindowPlacement: String, CaseIterable, Sendable {
  /// The one window centred on the player, shifted at both ends so that it stays among the players.
  case centred
  /// Every window that holds the player; its value is the mean over them.
  case averaged
}

/// The sliding-window approximation of the Shapley values (SWSV; Sun et al., arXiv 2505.01731).
///
/// A player is scored in the game of w consecutive players around it; the players outside of the window are all in one
/// state. w = 1 is leave-one-out (leave-one-in where the surroundings are absent); w = n is exact. The values of a
/// shorter window do not sum to v(N) - v(empty): see `ShapleyValues.efficiencyGap`. For both placements there are
/// (n - w) 2^(w-1) + 2^w coalitions.
///
///     let values = try SlidingWindowShapley(length: 3).estimate(&game)
public struct SlidingWindowShapley: ShapleyEstimator {
  /// The longest window whose subsets are enumerated.
  public static let lengthLimit = WindowTable.lengthLimit

  /// Players in a window; a game of fewer players has one window, which holds them all.
  public var length = 3
  /// Which windows decide about a player.
  public var placement = WindowPlacement.averaged
  /// The state of the players outside the window.
  public var surroundings = Surroundings.intact

  /// The estimator's name.
  public static let name = "window"
  /// Length, placement and surroundings.
  public static let settings: [Setting<SlidingWindowShapley>] = [
    .integer("window", \.length, in: 1...Int.max), .word("placement", \.placement),
    .word("surroundings", \.surroundings),
  ]

  /// The usual estimator: the mean over every window of three players that holds the player, all others present.
  public init() {}

  /// Makes an estimator; `check` refuses a length that cannot be used.
  public init(
    length: Int = Self().length, placement: WindowPlacement = Self().placement,
    surroundings: Surroundings = Self().surroundings
  ) {
    self.length = length
    self.placement = placement
    self.surroundings = surroundings
  }

  /// The players of a window.
  public func span(playerCount: Int) -> Int { min(length, playerCount) }

  /// Distinct coalitions that an estimate needs: (n - w) 2^(w-1) + 2^w, or the largest Int where that does not fit.
  ///
  /// - Precondition: `1 <= length <= players`, and `length <= lengthLimit`.
  public static func evaluations(players: Int, length: Int) -> Int {
    let beyond = (players - length).multipliedReportingOverflow(by: 1 << (length - 1))
    let all = beyond.partialValue.addingReportingOverflow(1 << length)
    return beyond.overflow || all.overflow ? Int.max : all.partialValue
  }

  /// Throws for a game without players, for a window of less than 1 or more than `lengthLimit` players, and where the
  /// windows take more evaluations than exact values of `ExactShapley.playerLimit` players.
  public func check(playerCount: Int) throws(EstimatorError) {
    guard playerCount > 0 else { throw .noPlayers }
    guard length >= 1 else { throw .windowTooShort(length) }
    let width = min(length, playerCount)
    guard width <= Self.lengthLimit else { throw .windowTooLong(width, limit: Self.lengthLimit) }
    let evaluations = Self.evaluations(players: playerCount, length: width)
    guard evaluations <= ExactShapley.evaluationLimit else {
      throw .windowsTooCostly(
        length: width, playerCount: playerCount, evaluations: evaluations, limit: ExactShapley.evaluationLimit)
    }
  }

  /// The subsets of all windows, with v(empty) and v(N); ascending.
  ///
  /// Throws what `check` throws.
  public func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]? {
    try check(playerCount: playerCount)
    return Set(coalitionsByWindow(playerCount) + Self.ends(playerCount)).sorted()
  }

  /// The values of the players in their windows; throws what `check` throws, and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    try check(playerCount: players)
    let width = min(length, players)
    let tableSize = 1 << width
    let inWindows = coalitionsByWindow(players)
    let ends = Self.ends(players)

    let values = try game.values(of: inWindows + ends)
    let tables = stride(from: 0, to: inWindows.count, by: tableSize).map { start in
      WindowTable(values: values[start..<start + tableSize]).shapleyValues()
    }
    let needed = Set(inWindows)
    let windows = (0..<players).map { windowStarts(of: $0, width: width, players: players) }
    return ShapleyValues(
      values: windows.enumerated().map { player, starts in
        starts.reduce(0) { $0 + tables[$1][player - $1] } / Double(starts.count)
      },
      emptyValue: values[values.count - 2], grandValue: values[values.count - 1], evaluations: needed.count,
      additionalEvaluations: ends.count { !needed.contains($0) },
      coalitionsAsked: windows.reduce(0) { $0 + $1.count } * tableSize,
      estimator: SlidingWindowShapley(length: width, placement: placement, surroundings: surroundings))
  }

  /// The terms of one player's value, window by window: the value is the mean of the windows' sums.
  ///
  /// Throws what `check` throws, and what the game throws.
  public func contributions<G: Game>(
    of player: Int, in game: inout MemoisedGame<G>
  ) throws -> [(window: Range<Int>, terms: [MarginalContribution])] {
    let players = game.playerCount
    try check(playerCount: players)
    let width = min(length, players)
    return try windowStarts(of: player, width: width, players: players).map { start in
      let window = start..<start + width
      let values = try game.values(
        of: WindowTable.coalitions(of: window, surroundings: surroundings, playerCount: players))
      return (window, WindowTable(values: values[...]).contributions(of: player - start))
    }
  }

  /// The subsets of every window, by ascending first player: one `WindowTable` after the other.
  private func coalitionsByWindow(_ players: Int) -> [Coalition] {
    let width = min(length, players)
    return (0...players - width).flatMap {
      WindowTable.coalitions(of: $0..<$0 + width, surroundings: surroundings, playerCount: players)
    }
  }

  /// The coalitions whose values every result reports: the empty one and the grand one.
  private static func ends(_ players: Int) -> [Coalition] { [.empty(players), .full(players)] }

  /// First players of the windows that decide about a player.
  ///
  /// A centred window of even length has its extra player on the right.
  private func windowStarts(of player: Int, width: Int, players: Int) -> ClosedRange<Int> {
    let last = players - width
    switch placement {
    case .centred:
      let start = min(max(player - (width - 1) / 2, 0), last)
      return start...start
    case .averaged:
      return max(player - width + 1, 0)...min(player, last)
    }
  }
}
