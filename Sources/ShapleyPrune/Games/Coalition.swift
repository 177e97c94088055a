/// A set of players of a game: those that are present.
///
/// The players are numbered from 0; a player outside of `0..<playerCount` is a precondition failure everywhere. Up to
/// 64 players need no allocation. Coalitions are ordered as their texts, and a coalition of fewer players comes first.
///
///     let coalition = Coalition([0, 2], of: 4)
///     print(coalition, coalition.inserting(1), coalition.absentPlayers())  // 1010 1110 [1, 3]
public struct Coalition: Hashable, Sendable {
  /// Players of the game, present or absent.
  public let playerCount: Int

  /// Bit p is player p, for the first 64 players.
  private var low: UInt64
  /// The players from 64 on, 64 to a word; empty where there are none.
  private var high: [UInt64]
}

extension Coalition {
  /// The coalition without players.
  ///
  /// - Precondition: `playerCount >= 0`.
  public static func empty(_ playerCount: Int) -> Coalition {
    precondition(playerCount >= 0, "a game cannot have \(playerCount) players")
    let words = playerCount > 64 ? (playerCount - 65) / 64 + 1 : 0
    return Coalition(playerCount: playerCount, low: 0, high: [UInt64](repeating: 0, count: words))
  }

  /// The grand coalition: every player is present.
  public static func full(_ playerCount: Int) -> Coalition {
    var coalition = empty(playerCount)
    for word in 0..<coalition.wordCount {
      coalition.setWord(word, to: UInt64.max >> UInt64(max(0, 64 * (word + 1) - playerCount)))
    }
    return coalition
  }

  /// The coalition of these players.
  public init(_ players: some Sequence<Int>, of playerCount: Int) {
    self = .empty(playerCount)
    for player in players { insert(player) }
  }

  private var wordCount: Int { playerCount == 0 ? 0 : 1 + high.count }

  private func word(_ index: Int) -> UInt64 { index == 0 ? low : high[index - 1] }

  private mutating func setWord(_ index: Int, to word: UInt64) {
    if index == 0 { low = word } else { high[index - 1] = word }
  }
}

extension Coalition {
  /// Whether a player is present.
  public func contains(_ player: Int) -> Bool {
    checkRange(player)
    return word(player / 64) >> UInt64(player % 64) & 1 == 1
  }

  /// Makes a player present.
  public mutating func insert(_ player: Int) {
    checkRange(player)
    setWord(player / 64, to: word(player / 64) | 1 << UInt64(player % 64))
  }

  /// Makes a player absent.
  public mutating func remove(_ player: Int) {
    checkRange(player)
    setWord(player / 64, to: word(player / 64) & ~(1 << UInt64(player % 64)))
  }

  /// This coalition with one more player.
  public func inserting(_ player: Int) -> Coalition {
    var copy = self
    copy.insert(player)
    return copy
  }

  /// This coalition without one player.
  public func removing(_ player: Int) -> Coalition {
    var copy = self
    copy.remove(player)
    return copy
  }

  /// The players that are present, ascending; O(number of players).
  public func presentPlayers() -> [Int] { (0..<playerCount).filter { contains($0) } }

  /// The players that are absent, ascending; O(number of players).
  public func absentPlayers() -> [Int] { (0..<playerCount).filter { !contains($0) } }

  /// How many players are present.
  public var count: Int { high.reduce(low.nonzeroBitCount) { $0 + $1.nonzeroBitCount } }

  /// Whether no player is present.
  public var isEmpty: Bool { low == 0 && high.allSatisfy { $0 == 0 } }

  /// Whether every player is present.
  public var isFull: Bool { count == playerCount }

  private func checkRange(_ player: Int) {
    precondition(player >= 0 && player < playerCount, "player \(player) is not one of \(playerCount)")
  }
}

/// The state of the players outside a window.
public enum Surroundings: String, CaseIterable, Sendable {
  /// They are all present.
  case intact
  /// They are all absent.
  case absent
}

extension Coalition {
  /// A subset of consecutive players, with the players outside of the window in one state.
  ///
  /// Bit k of `members` tells whether player `window.lowerBound + k` is present.
  ///
  /// - Precondition: `window` holds at most 64 players.
  public init(members: UInt64, of window: Range<Int>, surroundings: Surroundings, playerCount: Int) {
    precondition(window.count <= 64, "a window holds at most 64 players")
    self = surroundings == .intact ? .full(playerCount) : .empty(playerCount)
    for (bit, player) in window.enumerated() {
      if members >> UInt64(bit) & 1 == 1 { insert(player) } else { remove(player) }
    }
  }

  /// Which players of a range are present: bit k tells of player `window.lowerBound + k`.
  ///
  /// - Precondition: `window` holds at most 64 players.
  func members(of window: Range<Int>) -> UInt64 {
    precondition(window.count <= 64, "a window holds at most 64 players")
    return window.enumerated().reduce(0) { $0 | (contains($1.element) ? 1 << UInt64($1.offset) : 0) }
  }

  /// The first player that is present in one of two coalitions only; nil where they are equal.
  ///
  /// - Precondition: both have the same number of players.
  func firstDifference(from other: Coalition) -> Int? {
    precondition(playerCount == other.playerCount, "\(other.playerCount) players are not \(playerCount)")
    for index in 0..<wordCount {
      let difference = word(index) ^ other.word(index)
      if difference != 0 { return 64 * index + difference.trailingZeroBitCount }
    }
    return nil
  }
}

extension Coalition: Comparable {
  /// Whether the left text comes first: the left coalition lacks the first player in which the two differ.
  public static func < (left: Coalition, right: Coalition) -> Bool {
    guard left.playerCount == right.playerCount else { return left.playerCount < right.playerCount }
    return left.firstDifference(from: right).map(right.contains) ?? false
  }
}

extension Coalition: LosslessStringConvertible {
  /// One digit a player, player 0 first: 1 for present, 0 for absent.
  public var description: String {
    String(decoding: (0..<playerCount).map { contains($0) ? UInt8(ascii: "1") : UInt8(ascii: "0") }, as: UTF8.self)
  }

  /// Reads `description`; nil for a text that holds anything but the digits 0 and 1.
  public init?(_ description: String) {
    let digits = Array(description.utf8)
    guard digits.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "1") }) else { return nil }
    self.init(digits.indices.filter { digits[$0] == UInt8(ascii: "1") }, of: digits.count)
  }
}
