import Support
import Tensor

/// Prunes by the alternating direction method of multipliers: mask and weights are found together, over the whole linear.
///
/// Boža, "Fast and Effective Weight Update for Pruned Large Language Models" (arXiv 2401.02938): twenty rounds with one inverse,
/// of which the first fifteen choose the weights that become zero, more of them each time:
/// s_t = s (1 - (1 - t/15)³). A weight that was zero before stays zero.
///
///     let job = try PruneJob(source, by: .admm(), to: .unstructured(0.7), calibration: .text("c4.txt"))
public struct ADMMPruner: Pruner {
  /// λ, which is added to the diagonal of ones that the inputs' products are scaled to.
  public var dampening = 0.1
  /// ρ, the weight of the difference between the dense and the sparse copy.
  public var penalty = 1.0
  /// Rounds, three quarters of which choose.
  public var iterations = 20

  /// A pruner with our usual settings unless others are given.
  public init(
    dampening: Double = Self().dampening, penalty: Double = Self().penalty, iterations: Int = Self().iterations
  ) {
    self.dampening = dampening
    self.penalty = penalty
    self.iterations = iterations
  }

  /// A pruner with our usual settings.
  public init() {}

  /// The method's name.
  public static let name = "admm"
  /// The dampening, the penalty and the rounds.
  public static let settings: [Setting<ADMMPruner>] = [
    .number("dampening", \.dampening, in: 0...1), .number("penalty", \.penalty, in: 0...penaltyLimit),
    .integer("iterations", \.iterations, in: 1...iterationLimit),
  ]
  /// The largest numbers that a file or a command line can ask for.
  package static let penaltyLimit = 1000.0
  package static let iterationLimit = 10_000

  /// All products of two inputs.
  public let statistics = StatisticsKind.gram
  /// The weights that stay make up for those that are cleared.
  public let updatesWeights = true
  /// The best that goes with it.
  public var recipe: PruneRecipe { .best }

  /// The inverse, or with it in use the copies of the weight.
  public func footprint(outputs: Int, inputs: Int) -> Double {
    let kept = 8 * Double(inputs) * Double(inputs)
    return max(
      UnitDiagonal.footprint(inputs: inputs), kept + SplitWeight.footprint(count: Double(outputs) * Double(inputs)))
  }

  /// Throws where a setting is outside its range, for any pattern.
  public func check(_ pattern: SparsityPattern) throws(PruningError) { try checkForPruning() }

  /// Inverts the products of the inputs.
  ///
  /// Complexity: O(inputs³).
  public func criterion(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PruningCriterion {
    try checkForPruning()
    let inputs = try UnitDiagonal(statistics, linear: linear)
    let (inverse, needed) = try Dampening.raised(from: dampening, linear: linear) {
      inputs.inverse(adding: $0 + penalty)
    }
    var settings = self
    settings.dampening = needed
    return ADMMCriterion(settings: settings, inputs: inputs, inverse: StoredMatrix(inverse, as: .float32).packed())
  }
}

/// The method with the products of some inputs.
private struct ADMMCriterion: PruningCriterion {
  /// With the dampening that it took.
  let settings: ADMMPruner
  let inputs: UnitDiagonal
  /// (H + λ + ρ)⁻¹, (inputs, inputs).
  let inverse: StoredMatrix

  /// Complexity: O(iterations · outputs · inputs²).
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    try weight.check(inputs: inputs.scale.count, linear: linear)
    var outcome = PruningOutcome(dampening: settings.dampening, deadInputs: inputs.dead.count)
    guard pattern.clearsAny(of: weight.count) else { return outcome }
    inputs.replace(&weight, by: try solve(weight, pattern, linear, &outcome), &outcome)
    return outcome
  }

  /// The sparse weight, scaled; its copies go before anything else is made.
  private func solve(
    _ weight: Matrix, _ pattern: SparsityPattern, _ linear: String, _ outcome: inout PruningOutcome
  ) throws(PruningError) -> Matrix {
    var split = SplitWeight(
      inputs.scaled(weight), inputs, dampening: settings.dampening, zeros: ZeroPositions(of: weight))
    let choosing = max(1, settings.iterations * 3 / 4)
    var chosen: ZeroPositions?
    for round in 1...settings.iterations {
      try split.project { (sparse) throws(PruningError) in
        guard round <= choosing else {
          chosen?.clear(&sparse)
          return
        }
        let left = 1 - Double(round) / Double(choosing)
        outcome.prunedCount = try sparse.clearSmallest(pattern, share: 1 - left * left * left, linear: linear)
        if round == choosing { chosen = ZeroPositions(of: sparse) }
      }
      split.solve(by: inverse, penalty: Float(settings.penalty))
    }
    split.project { chosen?.clear(&$0) }
    return split.sparse
  }
}

extension SparsityPattern {
  /// Whether it makes any of `count` weights zero; else they keep every bit, whatever a method would make of them.
  func clearsAny(of count: Int) -> Bool {
    if case .unstructured(let sparsity) = self { CountingRule.exact.count(count, sparsity) > 0 } else { true }
  }
}

extension Matrix {
  /// Zeroes the elements of smallest magnitude: a share of those that an unstructured pattern makes zero, the first ones where
  /// they are equal, or all that groups make zero.
  ///
  /// - Returns: how many that are.
  mutating func clearSmallest(
    _ pattern: SparsityPattern, share: Double, linear: String
  ) throws(PruningError) -> Int {
    var pattern = pattern
    if case .unstructured(let sparsity) = pattern { pattern = .unstructured(sparsity * share) }
    return try MagnitudeCriterion(rule: .exact).prune(&self, to: pattern, linear: linear).prunedCount
  }
}

extension Pruner where Self == ADMMPruner {
  /// The alternating direction method of multipliers, with our usual settings unless others are given.
  public static func admm(
    dampening: Double = ADMMPruner().dampening, penalty: Double = ADMMPruner().penalty,
    iterations: Int = ADMMPruner().iterations
  ) -> ADMMPruner { ADMMPruner(dampening: dampening, penalty: penalty, iterations: iterations) }
}
