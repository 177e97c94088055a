/// What goes with a pruning method where nobody says otherwise.
public struct PruneRecipe: Sendable {
  /// What the weights that remain are to give.
  public var targets: ModelPruner.Targets
  /// What is pruned at a time.
  public var sequencing: ModelPruner.Sequencing
  /// What an error in an output counts where rows compete.
  public var weighting: ModelPruner.Weighting
  /// How an unstructured sparsity is shared.
  public var allocation: Allocation
  /// The most that absent players are pruned to while values are taken, unless they are given a sparsity.
  public var probeCeiling: Double

  /// Settings that go with a method of a program's own.
  public init(
    targets: ModelPruner.Targets, sequencing: ModelPruner.Sequencing,
    weighting: ModelPruner.Weighting = .equal, allocation: Allocation, probeCeiling: Double = 1
  ) {
    self.targets = targets
    self.sequencing = sequencing
    self.weighting = weighting
    self.allocation = allocation
    self.probeCeiling = probeCeiling
  }

  /// As SparseGPT, Wanda and magnitude pruning were published.
  public static let published = PruneRecipe(targets: .own, sequencing: .block, allocation: .uniform)

  /// What came out best in our measurements (Documentation/Reconstruction.md): dense targets, stage by stage, outputs
  /// weighted by gradients, each linear with the sparsity that its value on the diagonal earns it.
  public static let best: PruneRecipe = {
    var game = GameSettings()
    game.estimator = DiagonalShapley()
    // Beyond it, values told more of a broken model than of the linears.
    return PruneRecipe(
      targets: .dense, sequencing: .stage, weighting: .gradient, allocation: .shapley(.game(game)), probeCeiling: 0.6)
  }()

  /// The method of who names none.
  public static let usualPruner: any Pruner = ADMMPruner()

  /// The estimator of the values that a sparsity is shared by, where it is shared by values.
  package var estimator: any ShapleyEstimator {
    if case .shapley(.game(let game, _), _, _) = allocation { game.estimator } else { GameSettings().estimator }
  }
}
