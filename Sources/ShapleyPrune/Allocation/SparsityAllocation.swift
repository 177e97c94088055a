/// One sparsity for each player of a model, a block or a part of one: the share of its weights that is to become zero.
///
///     let allocation = try SparsityAllocation.proportional(
///       importances: values.values, parameters: players.map(\.parameters), target: 0.7)
///     let patterns = allocation.patterns(for: players, blockCount: model.blocks.count)
public struct SparsityAllocation: Equatable, Sendable {
  /// The sparsity of each player, in [0, 1].
  public let sparsities: [Double]

  /// An allocation as given.
  ///
  /// Throws `AllocationError` for no block at all and for a sparsity that is not a number in [0, 1].
  public init(_ sparsities: [Double]) throws(AllocationError) {
    guard !sparsities.isEmpty else { throw .noPlayers }
    for (player, sparsity) in sparsities.enumerated() where !(0...1).contains(sparsity) {
      throw .sparsityOutOfRange(player: player, sparsity)
    }
    self.sparsities = sparsities
  }

  /// The same sparsity for every block.
  ///
  /// Throws `AllocationError` for no block at all and for a sparsity that is not a number in [0, 1].
  public static func uniform(_ target: Double, playerCount: Int) throws(AllocationError) -> SparsityAllocation {
    guard (0...1).contains(target) else { throw .targetOutOfRange(target, floor: 0, ceiling: 1) }
    return try SparsityAllocation([Double](repeating: target, count: max(0, playerCount)))
  }

  /// The sparsity of the model as a whole: the mean weighted by the parameters of each block.
  ///
  /// Throws `AllocationError` where there is not one positive number of parameters for each block. O(n).
  public func weightedMean(parameters: [Int]) throws(AllocationError) -> Double {
    let weights = try Self.weights(parameters, playerCount: sparsities.count)
    return zip(weights, sparsities).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
  }

  /// Parameters as weights of a mean.
  static func weights(_ parameters: [Int], playerCount: Int) throws(AllocationError) -> [Double] {
    guard parameters.count == playerCount else {
      throw .countMismatch("parameter counts", parameters.count, players: playerCount)
    }
    for (player, count) in parameters.enumerated() where count <= 0 { throw .noParameters(player: player) }
    return parameters.map(Double.init)
  }
}

extension SparsityAllocation {
  /// A pattern for every linear of the model that was cut into these players.
  public func patterns(for players: [Player], blockCount: Int) -> [BlockPattern] {
    var patterns = [BlockPattern](repeating: BlockPattern(.unstructured(0)), count: blockCount)
    for (player, sparsity) in zip(players, sparsities) {
      if player.part == nil {
        patterns[player.block].common = .unstructured(sparsity)
      } else {
        for role in player.roles { patterns[player.block].exceptions[role] = .unstructured(sparsity) }
      }
    }
    return patterns
  }
}
