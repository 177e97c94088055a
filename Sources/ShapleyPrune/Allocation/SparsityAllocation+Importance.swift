import Support

// From importances, such as Shapley values or OWL's outlier ratios, to sparsities.

extension SparsityAllocation {
  /// More important players are pruned less, and the model as a whole is pruned to `target`.
  ///
  /// With z the scaled importances brought to [0, 1], m the parameters, S the target and l the spread,
  ///
  ///     s_i = S - 2 l (z_i - sum(m z) / sum(m))
  ///
  /// With exponential scaling the logarithms of the importances are not brought to any range,
  ///
  ///     s_i = S - l (log c_i - sum(m log c) / sum(m))
  ///
  /// which minimises the costs of all players where a player that is pruned to s costs c_i e^((s - S) / l) a weight.
  ///
  /// Where that leaves the bounds, all sparsities are shifted by one amount, and clamped, such that their weighted mean
  /// is S again to 1e-9. Equal importances give the uniform allocation. Where players differ in size, divide the
  /// importances by the parameters first (`perWeight`).
  ///
  /// - Parameters:
  ///   - importances: One finite number a player; higher means denser.
  ///   - parameters: Prunable parameters of each player.
  ///   - target: The sparsity of the model as a whole, S.
  ///   - spread: l, in [0, 1]: half of the difference between the sparsest and the densest player before clamping; with
  ///     exponential scaling, the sparsity that makes a player cost e times as much. Nil is the scaling's usual one.
  ///   - scaling: What happens to the importances first.
  ///   - floor: The least sparsity of a player.
  ///   - ceiling: The greatest sparsity of a player.
  ///
  /// Throws `AllocationError`. O(n^2).
  public static func proportional(
    importances: [Double], parameters: [Int], target: Double, spread: Double? = nil,
    scaling: ImportanceScaling = .exponential, floor: Double = 0, ceiling: Double = 1
  ) throws(AllocationError) -> SparsityAllocation {
    let spread = spread ?? scaling.usualSpread
    guard floor >= 0, floor <= ceiling, ceiling <= 1 else { throw .bounds(floor: floor, ceiling: ceiling) }
    guard target >= floor, target <= ceiling else {
      throw .targetOutOfRange(target, floor: floor, ceiling: ceiling)
    }
    try check(importances, spread: spread)
    let weights = try weights(parameters, playerCount: importances.count)
    let scaled = try scaling.apply(to: importances)
    let z = scaling == .exponential ? scaled.map { $0 / 2 } : unitRange(scaled)
    let mean = zip(weights, z).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    let wanted = z.map { target - 2 * spread * ($0 - mean) }
    let bounded = BoundedMean(weights: weights, floor: floor, ceiling: ceiling).shift(wanted, toMean: target)
    return try SparsityAllocation(bounded)
  }

  /// OWL's published map (Yin et al., arXiv 2310.05175), to compare with its authors' numbers.
  ///
  ///     keep_i = 2 l (c_i - min c) / (max c - min c),   s_i = S + mean(keep) - keep_i,   and 0.01 where s_i <= 0
  ///
  /// OWL itself uses outlier ratios for c and l = 0.08. Throws `AllocationError`, also where the formula gives a
  /// sparsity above 1.
  public static func published(
    importances: [Double], target: Double, spread: Double
  ) throws(AllocationError) -> SparsityAllocation {
    guard (0...1).contains(target) else { throw .targetOutOfRange(target, floor: 0, ceiling: 1) }
    try check(importances, spread: spread)
    let keep = unitRange(importances).map { 2 * spread * $0 }
    let mean = keep.mean
    return try SparsityAllocation(
      keep.map {
        let sparsity = 1 - ($0 - mean + (1 - target))
        return sparsity <= 0 ? 0.01 : sparsity
      })
  }

  static func check(_ importances: [Double], spread: Double) throws(AllocationError) {
    guard !importances.isEmpty else { throw .noPlayers }
    guard (0...1).contains(spread) else { throw .spread(spread) }
    for (player, importance) in importances.enumerated() where !importance.isFinite {
      throw .importanceNotFinite(player: player, importance)
    }
  }

  /// (c - min c) / (max c - min c), or zeros where all are equal.
  static func unitRange(_ importances: [Double]) -> [Double] {
    // Halved, so that the difference of two large numbers of opposite sign is finite.
    let halves = importances.map { $0 / 2 }
    guard let least = halves.min(), let greatest = halves.max(), least < greatest else {
      return importances.map { _ in 0 }
    }
    return halves.map { ($0 - least) / (greatest - least) }
  }
}

extension SparsityAllocation {
  /// Importances for a weight instead of a player, in the unit of a player of mean size: c_i mean(m) / m_i.
  ///
  /// The budget is one of weights. Players of one size keep their importances to the last bit.
  ///
  /// Throws `AllocationError` where there is not one positive number of parameters for each player.
  public static func perWeight(_ importances: [Double], parameters: [Int]) throws(AllocationError) -> [Double] {
    let weights = try weights(parameters, playerCount: importances.count)
    let mean = weights.mean
    return zip(importances, weights).map { $1 == mean ? $0 : $0 * mean / $1 }
  }
}
