import Support

/// Values of all players at once, as an integral of derivatives along the diagonal of the game's extension.
///
/// With f the extension of the game to players of whom a part is present, the value of player i is the integral over x from 0 to 1
/// of ∂f/∂x_i (x, …, x): Owen, "Multilinear Extensions of Games" (1972), for the multilinear extension, where that is the Shapley
/// value; Aumann and Shapley, "Values of Non-Atomic Games" (1974), for others. A model's own extension (`LayerGame`) lets all
/// linears move together from their dense to their pruned weights. It meets the game of coalitions at its two ends only, so that the
/// values are those of another game, with the same sum: v(N) - v(empty), but for the error of the quadrature.
///
/// One node costs one forward and one backward pass whatever the number of players, about four forward passes; windows of
/// three over n linears cost about 2 n.
///
///     let values = try DiagonalShapley(nodes: 4).estimate(&game)
public struct DiagonalShapley: ShapleyEstimator {
  /// Nodes of the quadrature of Gauss and Legendre.
  public var nodes = 4

  /// The most nodes that can be asked for.
  public static let nodeLimit = 64

  /// The estimator's name.
  public static let name = "diagonal"
  /// The nodes.
  public static let settings: [Setting<DiagonalShapley>] = [.integer("nodes", \.nodes, in: 1...nodeLimit)]

  /// An estimator with four nodes.
  public init() {}

  /// An estimator with so many nodes.
  public init(nodes: Int) { self.nodes = nodes }

  /// The nodes of the quadrature.
  public var presences: [Double] { GaussLegendre(count: nodes).nodes.map(\.position) }

  /// Throws for a game without players, and for a number of nodes that is not offered.
  public func check(playerCount: Int) throws(EstimatorError) {
    guard playerCount > 0 else { throw .noPlayers }
    guard (1...Self.nodeLimit).contains(nodes) else { throw .nodeCount(nodes, limit: Self.nodeLimit) }
  }

  /// The two ends of the diagonal; throws what `check` throws.
  public func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]? {
    try check(playerCount: playerCount)
    return [Coalition.empty(playerCount), Coalition.full(playerCount)].sorted()
  }

  /// The values; throws what `check` throws, `EstimatorError.noDerivatives`, and what the game throws.
  public func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    try check(playerCount: players)
    let ends = try game.values(of: [Coalition.empty(players), Coalition.full(players)])
    let quadrature = GaussLegendre(count: nodes).nodes
    guard let derivatives = try game.derivatives(at: quadrature.map(\.position)) else {
      throw EstimatorError.noDerivatives
    }
    var values = [Double](repeating: 0, count: players)
    for (node, derivatives) in zip(quadrature, derivatives) {
      for player in 0..<players { values[player] += node.weight * derivatives[player] }
    }
    return ShapleyValues(
      values: values, emptyValue: ends[0], grandValue: ends[1], evaluations: 0, additionalEvaluations: 2,
      coalitionsAsked: 0, estimator: self)
  }
}
