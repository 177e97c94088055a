import Tensor

/// Prunes column by column and lets the columns that follow make up for the error.
///
/// Frantar and Alistarh, "SparseGPT" (2023), algorithm 1. With the Hessian H of the layer's squared error and the upper
/// factor U of its inverse (H⁻¹ = UᵀU), removing weight w in column j costs w² / U_jj² / 2, and the best answer of the
/// columns behind it is to lose (w / U_jj) · U_j,j+1... . Columns are taken in blocks; the update behind a block is one
/// matrix product.
///
/// A weight that was zero before stays zero, unlike in the published code: it goes before all others.
///
///     let pruner = SparseGPTPruner(dampening: 0.02)
///     let job = try PruneJob(source, by: pruner, to: .unstructured(0.7), calibration: .text("c4.txt"))
public struct SparseGPTPruner: Pruner {
  /// Share of the mean diagonal that is added to the Hessian's diagonal.
  public var dampening = 0.01
  /// Columns of a block.
  ///
  /// The threshold of an unstructured pattern holds within a block.
  public var blockSize = 128
  var rule = CountingRule.exact

  /// A pruner with the authors' settings unless others are given.
  public init(dampening: Double = Self().dampening, blockSize: Int = Self().blockSize) {
    self.dampening = dampening
    self.blockSize = blockSize
  }

  /// A pruner with the authors' settings.
  public init() {}

  package init(rule: CountingRule) {
    self.init()
    self.rule = rule
  }

  /// The method's name.
  public static let name = "sparsegpt"
  /// The dampening and the block size.
  public static let settings: [Setting<SparseGPTPruner>] = [
    .number("dampening", \.dampening, in: 0...1), .integer("blockSize", \.blockSize, in: 1...blockSizeLimit),
  ]
  /// The largest block that a file or a command line can ask for.
  package static let blockSizeLimit = 65_536
  /// The Hessian needs all products of two inputs.
  public let statistics = StatisticsKind.gram

  /// The weights that stay make up for those that are cleared.
  public let updatesWeights = true

  /// The Hessian, and what its factorisation in place needs.
  public func footprint(outputs: Int, inputs: Int) -> Double {
    4 * Double(inputs) * Double(inputs) + Cholesky.footprint(n: Double(inputs))
  }

  /// Factors the Hessian of the inputs.
  ///
  /// Complexity: O(inputs³).
  public func criterion(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PruningCriterion {
    guard let diagonal = statistics.hessianDiagonal() else { throw statistics.error(missing: .gram, linear: linear) }
    guard diagonal.allSatisfy(\.isFinite) else { throw .nonFiniteInputs(linear: linear) }
    let dead = diagonal.indices.filter { diagonal[$0] == 0 }
    guard dead.count < diagonal.count else { throw .noInputs(linear: linear) }
    let repaired = diagonal.map { $0 == 0 ? 1 : $0 }
    let mean = repaired.reduce(0) { $0 + Double($1) } / Double(diagonal.count)
    let (factor, needed) = try Dampening.raised(from: dampening, linear: linear) { dampening in
      let added = Float(dampening * mean)
      guard let hessian = statistics.hessian(diagonal: repaired.map { $0 + added }) else { return nil }
      return try? Cholesky.upperFactorOfInverse(consume hessian)
    }
    return SparseGPTCriterion(settings: self, factor: factor, dampening: needed, dead: dead)
  }

  /// Throws unless the pattern's groups lie within blocks.
  public func check(_ pattern: SparsityPattern) throws(PruningError) {
    guard blockSize > 0 else { throw .blockSizeOutOfRange(blockSize) }
    if case .structured(_, let of) = pattern, blockSize % of != 0 {
      throw .blockSizeDoesNotFit(blockSize: blockSize, of: of)
    }
  }
}

/// SparseGPT with the Hessian of some inputs.
private struct SparseGPTCriterion: PruningCriterion {
  let settings: SparseGPTPruner
  /// The upper factor of the damped inverse Hessian, (inputs, inputs).
  let factor: Matrix
  /// The dampening it took.
  let dampening: Double
  /// Inputs that were always zero.
  let dead: [Int]

  /// Complexity: O(outputs · inputs²).
  func prune(
    _ weight: inout Matrix, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    try weight.check(inputs: factor.columns, linear: linear)
    try settings.check(pattern)
    let zeros = ZeroPositions(of: weight)
    zeroDeadColumns(of: &weight)
    let columns = weight.columns
    var outcome = PruningOutcome(loss: 0, dampening: dampening, deadInputs: dead.count)
    for start in stride(from: 0, to: columns, by: settings.blockSize) {
      let block = start..<min(columns, start + settings.blockSize)
      var pass = SparseGPTPass(block, rows: weight.rows, factor: factor, zeros: zeros)
      let (prunedCount, loss) = pass.prune(&weight, to: pattern, rule: settings.rule)
      outcome.prunedCount += prunedCount
      outcome.loss = (outcome.loss ?? 0) + loss
      if block.upperBound < columns {
        weight.subtractProduct(pass.errors, factor, rows: block, columns: block.upperBound..<columns)
      }
    }
    return outcome
  }

  private func zeroDeadColumns(of weight: inout Matrix) {
    guard !dead.isEmpty else { return }
    let (rows, columns) = (weight.rows, weight.columns)
    weight.withMutableElements { w in
      for i in 0..<rows { for j in dead { w[i * columns + j] = 0 } }
    }
  }
}

extension Pruner where Self == SparseGPTPruner {
  /// SparseGPT, with the authors' settings unless others are given.
  public static func sparseGPT(
    dampening: Double = SparseGPTPruner().dampening, blockSize: Int = SparseGPTPruner().blockSize
  ) -> SparseGPTPruner { SparseGPTPruner(dampening: dampening, blockSize: blockSize) }
}
