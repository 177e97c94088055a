import ShapleyPrune
import Support
import TestSupport

/// v(S) = constant + sum of the weights of the players present.
///
/// Its Shapley values are the weights.
struct AdditiveGame: Game {
  var weights: [Double]
  var constant = 0.0

  var playerCount: Int { weights.count }

  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { coalition in coalition.presentPlayers().reduce(constant) { $0 + weights[$1] } }
  }
}

/// v(S) = sum of the coefficients of the carriers that S contains.
///
/// The Shapley value of i is the sum of c / |T| over carriers T that hold i.
struct UnanimityGame: Game {
  struct Term {
    var carrier: Set<Int>
    var coefficient: Double
  }

  var playerCount: Int
  var terms: [Term]

  func values(of coalitions: [Coalition]) -> [Double] {
    coalitions.map { coalition in
      terms.reduce(0) { $0 + ($1.carrier.allSatisfy(coalition.contains) ? $1.coefficient : 0) }
    }
  }

  /// Those of the multilinear extension: every carrier is the product of its players' presences.
  func derivatives(at presences: [Double]) -> [[Double]]? {
    presences.map { presence in
      (0..<playerCount).map { player in
        terms.reduce(0) { sum, term in
          guard term.carrier.contains(player) else { return sum }
          return sum + (1..<term.carrier.count).reduce(term.coefficient) { product, _ in product * presence }
        }
      }
    }
  }

  var shapleyValues: [Double] {
    (0..<playerCount).map { player in
      terms.reduce(0) { $0 + ($1.carrier.contains(player) ? $1.coefficient / Double($1.carrier.count) : 0) }
    }
  }

  /// Random carriers with random coefficients.
  static func random(playerCount: Int, terms: Int, using generator: inout SeededGenerator) -> UnanimityGame {
    UnanimityGame(
      playerCount: playerCount,
      terms: (0..<terms).map { _ in
        var carrier: Set<Int> = [generator.below(playerCount)]
        for player in 0..<playerCount where generator.below(3) == 0 { carrier.insert(player) }
        return Term(carrier: carrier, coefficient: generator.normal())
      })
  }
}

/// v(S) depends on how many are present and on nothing else: every Shapley value is (v(N) - v(empty)) / n.
struct SymmetricGame: Game {
  /// The value for 0 to n players.
  var valueBySize: [Double]

  var playerCount: Int { valueBySize.count - 1 }

  func values(of coalitions: [Coalition]) -> [Double] { coalitions.map { valueBySize[$0.count] } }
}

/// v(S) looked up in a table of all coalitions; bit p of the index is player p.
struct TableGame: Game {
  var playerCount: Int
  var table: [Double]

  func values(of coalitions: [Coalition]) -> [Double] { coalitions.map { table[Self.index($0)] } }

  static func index(_ coalition: Coalition) -> Int { coalition.presentPlayers().reduce(0) { $0 | 1 << $1 } }

  static func random(playerCount: Int, using generator: inout SeededGenerator) -> TableGame {
    TableGame(playerCount: playerCount, table: (0..<1 << playerCount).map { _ in generator.normal() })
  }
}

/// Keeps every batch it is asked for.
struct RecordingGame<Wrapped: Game>: Game {
  var game: Wrapped
  var batches: [[Coalition]] = []

  init(_ game: Wrapped) { self.game = game }

  var playerCount: Int { game.playerCount }

  mutating func values(of coalitions: [Coalition]) throws -> [Double] {
    batches.append(coalitions)
    return try game.values(of: coalitions)
  }
}

/// A game that always throws, and one whose answers break the contract.
struct FaultyGame: Game {
  struct Fault: Error, Equatable {}
  enum Behaviour { case throwing, short, notFinite }

  var playerCount: Int
  var behaviour: Behaviour

  func values(of coalitions: [Coalition]) throws(Fault) -> [Double] {
    switch behaviour {
    case .throwing: throw Fault()
    case .short: return [Double](repeating: 0, count: coalitions.count - 1)
    case .notFinite: return coalitions.map { $0.isFull ? -.infinity : 0 }
    }
  }
}

extension ShapleyEstimator {
  /// The estimate for a game that is used once.
  func estimate(of game: some Game) throws -> ShapleyValues {
    var memoised = MemoisedGame(game)
    return try estimate(&memoised)
  }
}

/// The largest distance between two lists; infinite where they differ in length.
func distance(_ left: [Double], _ right: [Double]) -> Double {
  guard left.count == right.count else { return .infinity }
  return zip(left, right).map { abs($0 - $1) }.max() ?? 0
}

func factorial(_ n: Int) -> Double { (0..<n).reduce(1) { $0 * Double($1 + 1) } }
