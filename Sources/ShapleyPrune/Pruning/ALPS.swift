import Support
import Tensor

/// Prunes by the alternating direction method of multipliers with a penalty that grows until the mask stands still, and then
/// finds the best weights under the mask.
///
/// Meng et al., "ALPS: Improved Optimization for Highly Sparse One-Shot Pruning for Large Language Models" (arXiv 2406.07831),
/// algorithms 1 and 2. ρ grows by 1.3 where the mask changed by a tenth of the weights that are kept, by 1.2 from half a per cent
/// on, else by 1.1; the mask is looked at every `interval` rounds, and in the end. The authors decompose the inputs' products once; a new inverse for every ρ costs less here, since ρ changes
/// every third round only. A weight that was zero before stays zero.
///
///     let job = try PruneJob(source, by: .alps, to: .structured(keep: 2, of: 4), calibration: .text("c4.txt"))
public struct ALPSPruner: Pruner {
  /// What is added to the diagonal of ones that the inputs' products are scaled to.
  public var dampening = 0.01
  /// ρ at the beginning.
  public var penalty = 0.1
  /// Rounds at most.
  public var iterations = 300
  /// Rounds from one look at the mask to the next.
  public var interval = 3
  /// Steps of conjugate gradients on the weights that are kept, at the end.
  public var refinements = 10

  /// A pruner with the authors' settings unless others are given.
  public init(
    dampening: Double = Self().dampening, penalty: Double = Self().penalty, iterations: Int = Self().iterations,
    interval: Int = Self().interval, refinements: Int = Self().refinements
  ) {
    self.dampening = dampening
    self.penalty = penalty
    self.iterations = iterations
    self.interval = interval
    self.refinements = refinements
  }

  /// A pruner with the authors' settings.
  public init() {}

  /// The method's name.
  public static let name = "alps"
  /// The dampening, the penalty, the rounds, and what is done between and behind them.
  public static let settings: [Setting<ALPSPruner>] = [
    .number("dampening", \.dampening, in: 0...1), .number("penalty", \.penalty, in: 0...ADMMPruner.penaltyLimit),
    .integer("iterations", \.iterations, in: 1...ADMMPruner.iterationLimit),
    .integer("interval", \.interval, in: 1...ADMMPruner.iterationLimit),
    .integer("refinements", \.refinements, in: 0...ADMMPruner.iterationLimit),
  ]

  /// All products of two inputs.
  public let statistics = StatisticsKind.gram
  /// The weights that stay make up for those that are cleared.
  public let updatesWeights = true
  /// The best that goes with it.
  public var recipe: PruneRecipe { .best }

  /// An inverse while it is made, beside the copies of the weight.
  public func footprint(outputs: Int, inputs: Int) -> Double {
    UnitDiagonal.footprint(inputs: inputs) + SplitWeight.footprint(count: Double(outputs) * Double(inputs))
  }

  /// Throws where a setting is outside its range, for any pattern.
  public func check(_ pattern: SparsityPattern) throws(PruningError) { try checkForPruning() }

  /// The products of the inputs.
  public func criterion(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PruningCriterion {
    try checkForPruning()
    return ALPSCriterion(settings: self, inputs: try UnitDiagonal(statistics, linear: linear))
  }
}

/// The method with the products of some inputs.
private struct ALPSCriterion: PruningCriterion {
  let settings: ALPSPruner
  let inputs: UnitDiagonal

  /// Times that ρ is made smaller where it never let the mask move, and by how much.
  private static let restarts = 5
  private static let restartFactor = 5.0

  /// Complexity: O(inputs² · (inputs + outputs)) a round.
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

  /// The sparse weight, scaled, from the first ρ that lets the mask move.
  private func solve(
    _ weight: Matrix, _ pattern: SparsityPattern, _ linear: String, _ outcome: inout PruningOutcome
  ) throws(PruningError) -> Matrix {
    let zeros = ZeroPositions(of: weight)
    let scaled = inputs.scaled(weight)
    var penalty = settings.penalty
    for _ in 0..<Self.restarts {
      if let found = try solve(scaled, pattern, linear, zeros, penalty, &outcome, mayStand: false) { return found }
      penalty /= Self.restartFactor
    }
    // Inputs that have nothing to do with each other: the mask by magnitude is the best.
    return try solve(scaled, pattern, linear, zeros, penalty, &outcome, mayStand: true) ?? scaled
  }

  /// One run from a first ρ; nil where the mask has not moved, unless it may stand.
  private func solve(
    _ scaled: Matrix, _ pattern: SparsityPattern, _ linear: String, _ zeros: ZeroPositions?, _ first: Double,
    _ outcome: inout PruningOutcome, mayStand: Bool
  ) throws(PruningError) -> Matrix? {
    // What the first inverse needs is enough for all others, since ρ grows.
    var penalty = first
    let raised = try inverse(penalty, linear, from: settings.dampening)
    var inverse = raised.inverse
    let dampening = raised.dampening
    var split = SplitWeight(scaled, inputs, dampening: dampening, zeros: zeros)
    var prunedCount = 0
    func clear(_ sparse: inout Matrix) throws(PruningError) {
      prunedCount = try sparse.clearSmallest(pattern, share: 1, linear: linear)
    }
    try split.project(clear)
    var (mask, hasMoved) = (ZeroPositions(of: split.sparse), false)
    // The multiplier is zero at first; later it is U = V / ρ for a V that does not change with ρ.
    var share: Float = 0
    for round in 1...settings.iterations {
      split.solve(by: inverse, penalty: Float(penalty), keeping: share)
      share = 1
      try split.project(clear)
      guard round % settings.interval == 0 else { continue }
      let next = ZeroPositions(of: split.sparse)
      let changes = ZeroPositions.differences(mask, next)
      guard changes > 0 else { break }
      (mask, hasMoved) = (next, true)
      let factor = growth(Double(changes) / Double(max(1, scaled.count - prunedCount)))
      penalty *= factor
      share = Float(1 / factor)
      inverse = try self.inverse(penalty, linear, from: dampening).inverse
    }
    // The last rounds may have been none of those in which the mask is looked at.
    let last = ZeroPositions(of: split.sparse)
    if ZeroPositions.differences(mask, last) > 0 { (mask, hasMoved) = (last, true) }
    guard hasMoved || mayStand else { return nil }
    var solution = split.sparse
    if settings.refinements > 0 {
      let problem = MaskedLeastSquares(inputs: inputs, dampening: dampening, mask: mask)
      problem.refine(&solution, towards: scaled, steps: settings.refinements)
    }
    outcome.prunedCount = prunedCount
    outcome.dampening = dampening
    return solution
  }

  /// What ρ is multiplied by, for the changes of the mask as a share of the weights that are kept.
  private func growth(_ changes: Double) -> Double { changes >= 0.1 ? 1.3 : changes >= 0.005 ? 1.2 : 1.1 }

  /// The inverse for a ρ, and the dampening that it took.
  private func inverse(
    _ penalty: Double, _ linear: String, from dampening: Double
  ) throws(PruningError) -> (inverse: StoredMatrix, dampening: Double) {
    let (inverse, needed) = try Dampening.raised(from: dampening, linear: linear) {
      inputs.inverse(adding: $0 + penalty)
    }
    return (StoredMatrix(inverse, as: .float32), needed)
  }
}

extension Pruner where Self == ALPSPruner {
  /// ALPS with the authors' settings.
  public static var alps: ALPSPruner { ALPSPruner() }
}
