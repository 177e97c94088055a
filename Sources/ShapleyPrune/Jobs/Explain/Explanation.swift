import Support
import Tensor
import Transformer

/// The way of one player from the text to its weights.
public struct Explanation: Sendable {
  /// What takes the place of one of the player's linears while it is absent.
  public struct Absence: Sendable {
    /// The linear.
    public let linear: LinearRole
    /// The weight's name in the checkpoint.
    public let tensor: String
    /// Outputs.
    public let rows: Int
    /// Inputs.
    public let columns: Int
    /// Zeros in the weight that takes its place.
    public let zeros: Int
    /// How far that is from the weight, as a share of the weight's norm.
    public let change: Double
  }

  /// A window of players with the terms of the player's value in it.
  public struct Window: Sendable {
    /// The names of the window's players.
    public let players: [String]
    /// Which of them is the player.
    public let player: Int
    /// What the player adds to each set of the others.
    public let terms: [MarginalContribution]

    /// The player's Shapley value in the window's game.
    public var sum: Double { terms.reduce(0) { $0 + $1.weighted } }

    /// The names of the others that are present in a term.
    public func present(in term: MarginalContribution) -> [String] {
      players.indices.filter { $0 != player && term.members >> UInt64($0) & 1 == 1 }.map { players[$0] }
    }
  }

  /// A point of the path on which all players come in together.
  public struct Node: Sendable {
    /// How much of every player is there.
    public let presence: Double
    /// The weight of the quadrature.
    public let weight: Double
    /// The derivative of the value by the player's presence.
    public let derivative: Double

    /// The term of the integral.
    public var weighted: Double { weight * derivative }
  }

  /// What pruning did to one of the player's linears.
  public struct Effect: Sendable {
    /// Groups of equal numbers of weights, by magnitude.
    public static let groupCount = 10

    /// The linear.
    public let linear: LinearRole
    /// The sparsity that was asked for.
    public let sparsity: Double
    /// Weights.
    public let count: Int
    /// Those that were kept.
    public let kept: Int
    /// The share that was kept of each tenth of the weights, the smallest ones first.
    public let keptByMagnitude: [Double]
    /// The least and the greatest share that was kept of an output's weights.
    public let keptOfRows: ClosedRange<Double>
    /// How far the weights that were kept moved, as a share of their norm.
    public let change: Double
    /// The error of the outputs, for the inputs in the pruned model, as a share of their norm.
    public let outputError: Double

    init(linear: LinearRole, sparsity: Double, before: Matrix, after: Matrix, outputError: Double) {
      self.linear = linear
      self.sparsity = sparsity
      self.outputError = outputError
      let (rows, columns) = (before.rows, before.columns)
      count = rows * columns
      var magnitudes: [(magnitude: Float, isKept: Bool)] = []
      magnitudes.reserveCapacity(rows * columns)
      var keptOfRow = [Int](repeating: 0, count: rows)
      var (moved, norm) = (0.0, 0.0)
      before.withElements { x in
        after.withElements { y in
          for i in 0..<rows * columns {
            let isKept = y[i] != 0
            magnitudes.append((x[i].magnitude, isKept))
            guard isKept else { continue }
            keptOfRow[i / columns] += 1
            moved += (Double(y[i]) - Double(x[i])) * (Double(y[i]) - Double(x[i]))
            norm += Double(x[i]) * Double(x[i])
          }
        }
      }
      kept = keptOfRow.reduce(0, +)
      change = norm > 0 ? (moved / norm).squareRoot() : 0
      let shares = keptOfRow.map { Double($0) / Double(columns) }
      keptOfRows = (shares.min() ?? 0)...(shares.max() ?? 0)
      magnitudes.sort { $0.magnitude < $1.magnitude }
      keptByMagnitude = (0..<Self.groupCount).map { group in
        let range = group * magnitudes.count / Self.groupCount..<(group + 1) * magnitudes.count / Self.groupCount
        return range.isEmpty ? 0 : Double(magnitudes[range].count { $0.isKept }) / Double(range.count)
      }
    }
  }

  /// The player.
  public let player: Player
  /// The names of all players.
  public let players: [String]
  /// The values of all players, by the diagonal.
  public let record: ShapleyRecord
  /// The text that everything was measured on.
  public let text: TextProtocol
  /// What the job held in memory, as far as it was predicted.
  package var memory: MemoryBudget?
  /// What takes the place of the player's linears.
  public internal(set) var absence: [Absence] = []
  /// The windows that the player is in.
  public internal(set) var windows: [Window] = []
  /// The path integral.
  public internal(set) var path: [Node] = []
  /// What pruning did.
  public internal(set) var effects: [Effect] = []
  /// The sparsities of all players.
  public let sparsities: [Double]
  /// The spread between sparsities.
  public let spread: Double
  private let index: Int

  init(
    player: Player, players: [String], record: ShapleyRecord, shared: SharedSparsity, index: Int, text: TextProtocol
  ) {
    (self.player, self.players, self.record, self.index, self.text) = (player, players, record, index, text)
    sparsities = shared.record.sparsities.entries.map(\.value)
    spread = shared.record.spread ?? 0
  }

  /// The player's value by the diagonal, which its sparsity follows from.
  public var value: Double { record.values.values[index] }
  /// The player's value by windows.
  public var windowValue: Double { windows.reduce(0) { $0 + $1.sum } / Double(max(windows.count, 1)) }
  /// The player's sparsity.
  public var sparsity: Double { sparsities[index] }
  /// How many players are worth more.
  public var rank: Int { record.values.values.count { $0 > value } }
}

extension Explanation {
  package var json: JSON {
    [
      "player": JSON(player.name), "parameters": JSON(player.parameters), "text": text.json,
      "absence": .array(
        absence.map {
          [
            "linear": JSON($0.linear.rawValue), "tensor": JSON($0.tensor), "rows": JSON($0.rows),
            "columns": JSON($0.columns), "zeros": JSON($0.zeros), "change": JSON($0.change),
          ]
        }),
      "windows": .array(
        windows.map { window in
          [
            "players": .array(window.players.map { JSON($0) }),
            "terms": .array(
              window.terms.map { term in
                [
                  "present": .array(window.present(in: term).map { JSON($0) }), "without": JSON(term.without),
                  "with": JSON(term.with), "marginal": JSON(term.marginal), "weight": JSON(term.weight),
                ]
              }), "sum": JSON(window.sum),
          ]
        }), "windowValue": JSON(windowValue),
      "path": .array(
        path.map {
          ["presence": JSON($0.presence), "derivative": JSON($0.derivative), "weight": JSON($0.weight)]
        }), "value": JSON(value), "rank": JSON(rank), "sparsity": JSON(sparsity), "spread": JSON(spread),
      "effects": .array(
        effects.map {
          [
            "linear": JSON($0.linear.rawValue), "sparsity": JSON($0.sparsity), "count": JSON($0.count),
            "kept": JSON($0.kept), "keptByMagnitude": JSON($0.keptByMagnitude),
            "keptOfRows": JSON([$0.keptOfRows.lowerBound, $0.keptOfRows.upperBound]), "change": JSON($0.change),
            "outputError": JSON($0.outputError),
          ]
        }), "shapley": record.json,
    ]
  }
}
