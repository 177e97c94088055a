/// Which windows decide about a player.
public enum WindowPlacement: String, CaseIterable, Sendable {
  /// The one window centred on the player, shifted at both ends so that it stays among the players.
  case centred
  /// Every window that holds the player; its value is the mean over them.
  case averaged
}

/// The sliding-window approximation of the Shapley values (SWSV; Sun et al., arXiv 2505.01731).
///
/// A player is scored in the game of w consecutive players around it, while everybody outside the window is in one state. What
/// the abstract of the paper leaves open is an option here. w = 1 is leave-one-out (leave-one-in where the surroundings are
/// absent); w = n is exact for both placements. The values of a shorter window do not sum to v(N) - v(empty): see
/// `ShapleyValues.efficiencyGap`.
///
/// Both placements need the same (n - w) 2^(w-1) + 2^w coalitions.
public struct SlidingWindowShapley: ShapleyEstimator {
  /// The longest window whose subsets are enumerated.
  public static let lengthLimit = WindowTable.lengthLimit

  /// Players in a window; a game of fewer players has one window, which holds them all.
  public var length: Int
  /// Which windows decide about a player.
  public var placement: WindowPlacement
  /// The state of the players outside the window.
  public var surroundings: Surroundings

  /// Makes an estimator.
  ///
  /// A length that cannot be used is refused by `estimate`.
  public init(length: Int, placement: WindowPlacement = .centred, surroundings: Surroundings = .intact) {
    self.length = length
    self.placement = placement
    self.surroundings = surroundings
  }

  /// Distinct coalitions that an estimate needs: (n - w) 2^(w-1) + 2^w, or the largest Int where that does not fit.
  ///
  /// - Precondition: `1 <= length <= players`, and `length <= lengthLimit`.
  public static func evaluations(players: Int, length: Int) -> Int {
    let beyond = (players - length).multipliedReportingOverflow(by: 1 << (length - 1))
    let all = beyond.partialValue.addingReportingOverflow(1 << length)
    return beyond.overflow || all.overflow ? Int.max : all.partialValue
  }

  /// The values of the players in their windows.
  ///
  /// Throws `EstimatorError` for a game without players and for a window of less than 1 or more than `lengthLimit` players, and
  /// what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    guard players > 0 else { throw EstimatorError.noPlayers }
    guard length >= 1 else { throw EstimatorError.windowTooShort(length) }
    let width = min(length, players)
    guard width <= Self.lengthLimit else { throw EstimatorError.windowTooLong(width, limit: Self.lengthLimit) }

    let starts = 0...(players - width)
    let tableSize = 1 << width
    var coalitions = starts.flatMap {
      WindowTable.coalitions(of: $0..<$0 + width, surroundings: surroundings, playerCount: players)
    }
    let needed = Set(coalitions)
    let ends = [Coalition.empty(players), .full(players)]
    coalitions += ends

    let values = try game.values(of: coalitions)
    let inWindow = starts.map { start in
      WindowTable(values: values[start * tableSize..<(start + 1) * tableSize]).shapleyValues()
    }
    let windows = (0..<players).map { windowStarts(of: $0, width: width, players: players) }
    return ShapleyValues(
      values: windows.enumerated().map { player, starts in
        starts.reduce(0) { $0 + inWindow[$1][player - $1] } / Double(starts.count)
      },
      emptyValue: values[values.count - 2],
      grandValue: values[values.count - 1],
      evaluations: needed.count,
      additionalEvaluations: ends.count { !needed.contains($0) },
      coalitionsAsked: windows.reduce(0) { $0 + $1.count } * tableSize,
      estimator: .window(length: width, placement: placement, surroundings: surroundings))
  }

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
