import Support

/// The loss of one window where all players are present to one degree, and how it falls as each of them comes back.
public struct DiagonalSlope: Equatable, Sendable {
  /// The mean negative log-likelihood a token.
  public var mean: Double
  /// The derivative of minus that mean by the presence of every player.
  public var derivatives: [Double]

  /// A slope of these numbers.
  public init(mean: Double, derivatives: [Double]) {
    self.mean = mean
    self.derivatives = derivatives
  }

  /// Whether every number is finite.
  var isFinite: Bool { mean.isFinite && derivatives.allSatisfy(\.isFinite) }
}

extension LayerGame.Value {
  /// The derivatives of the worth by the presence of every player, from the slopes of all windows, summed in their order.
  package func derivatives(_ slopes: [DiagonalSlope]) -> [Double] {
    guard let first = slopes.first else { return [] }
    let count = Double(slopes.count)
    let factor = (self == .nll ? 1 : Math.exp(slopes.reduce(0) { $0 + $1.mean } / count)) / count
    return first.derivatives.indices.map { player in slopes.reduce(0) { $0 + $1.derivatives[player] } * factor }
  }
}
