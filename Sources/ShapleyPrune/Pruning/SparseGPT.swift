import Tensor

/// Prunes column by column and lets the columns that follow make up for the error.
///
/// Frantar and Alistarh, "SparseGPT" (2023), algorithm 1. With the Hessian H of the layer's squared error and the upper factor
/// U of its inverse (H⁻¹ = UᵀU), removing weight w in column j costs w² / U_jj² / 2, and the best answer of the columns behind
/// it is to lose (w / U_jj) · U_j,j+1... . Columns are taken in blocks; the update behind a block is one matrix product.
public struct SparseGPTPruner: Pruner {
  /// Share of the mean diagonal that is added to the Hessian's diagonal.
  public var dampening: Double
  /// Columns of a block.
  ///
  /// The threshold of an unstructured pattern holds within a block.
  public var blockSize: Int
  var rule = CountingRule.exact

  /// A pruner with the authors' settings unless others are given.
  public init(dampening: Double = 0.01, blockSize: Int = 128) {
    self.dampening = dampening
    self.blockSize = blockSize
  }

  package init(rule: CountingRule) {
    self.init()
    self.rule = rule
  }

  /// The method's name.
  public let name = "sparsegpt"
  /// The Hessian needs all products of two inputs.
  public let statistics = StatisticsKind.gram

  /// Where a Hessian has no Cholesky factor, the dampening is raised tenfold, at most this often.
  private static let retries = 5
  /// Tenfold of nothing is nothing: the first retry adds at least ten times this.
  private static let leastRetry = 1e-4

  /// Factors the inverse Hessian of some inputs: once, for all linears that share them.
  ///
  /// Throws `PruningError` where there are no inputs, or the Hessian has no factor. Complexity: O(inputs³).
  public func prepared(
    for statistics: InputStatistics, linear: String
  ) throws(PruningError) -> any PreparedPruner {
    let (factor, dampening, dead) = try factorOfInverseHessian(statistics, linear: linear)
    return ColumnSweep(factor: factor, dampening: dampening, deadInputs: dead, blockSize: blockSize, rule: rule)
  }

  /// Throws unless the pattern's groups lie within blocks.
  public func check(_ pattern: SparsityPattern) throws(PruningError) {
    guard blockSize > 0 else { throw .blockSizeOutOfRange(blockSize) }
    if case .structured(_, let of) = pattern, blockSize % of != 0 {
      throw .blockSizeDoesNotFit(blockSize: blockSize, of: of)
    }
  }

  /// The upper factor of the damped inverse Hessian, (inputs, inputs), the dampening it took, and the inputs that were always
  /// zero.
  private func factorOfInverseHessian(
    _ statistics: InputStatistics, linear: String
  ) throws(PruningError) -> (factor: Matrix, dampening: Double, dead: [Int]) {
    guard var hessian = statistics.hessian() else { throw .noInputs(linear: linear) }
    let n = hessian.rows
    let diagonal = hessian.withElements { h in (0..<n).map { h[$0 * n + $0] } }
    guard diagonal.allSatisfy(\.isFinite) else { throw .nonFiniteInputs(linear: linear) }
    let dead = diagonal.indices.filter { diagonal[$0] == 0 }
    guard dead.count < n else { throw .noInputs(linear: linear) }
    for j in dead { hessian[j, j] = 1 }
    let repaired = diagonal.map { $0 == 0 ? 1 : $0 }
    let mean = repaired.reduce(0) { $0 + Double($1) } / Double(n)
    var dampening = dampening
    for _ in 0...Self.retries {
      let added = Float(dampening * mean)
      for j in 0..<n { hessian[j, j] = repaired[j] + added }
      if let factor = try? Cholesky.upperFactorOfInverse(hessian), factor.isFinite { return (factor, dampening, dead) }
      dampening = max(dampening, Self.leastRetry) * 10
    }
    throw .notPositiveDefinite(linear: linear, dampening: dampening / 10)
  }
}
