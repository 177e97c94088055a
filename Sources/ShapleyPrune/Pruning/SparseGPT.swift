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

  /// Prunes a weight in place; see `Pruner`.
  ///
  /// Complexity: O(inputs³ + outputs · inputs²).
  public func prune(
    _ weight: inout Matrix, given statistics: InputStatistics, to pattern: SparsityPattern, linear: String
  ) throws(PruningError) -> PruningOutcome {
    try pattern.check(columns: weight.columns, name: linear)
    try check(pattern)
    let (factor, dampening, dead) = try factorOfInverseHessian(statistics, linear: linear)
    zero(columns: dead, of: &weight)
    var outcome = PruningOutcome(loss: 0, dampening: dampening, deadInputs: dead.count)
    for start in stride(from: 0, to: weight.columns, by: blockSize) {
      let block = start..<min(weight.columns, start + blockSize)
      var columns = ColumnBlock(block, of: weight, factor: factor)
      if case .unstructured(let sparsity) = pattern { columns.chooseMask(sparsity, rule: rule) }
      columns.prune(pattern)
      columns.store(into: &weight)
      outcome.prunedCount += columns.prunedCount
      outcome.loss = (outcome.loss ?? 0) + columns.loss
      if block.upperBound < weight.columns {
        weight.subtractProduct(columns.errors, factor, rows: block, columns: block.upperBound..<weight.columns)
      }
    }
    return outcome
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
    let diagonal = (0..<n).map { hessian[$0, $0] }
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

  private func zero(columns: [Int], of weight: inout Matrix) {
    for i in 0..<weight.rows {
      for j in columns { weight[i, j] = 0 }
    }
  }
}

/// One block of columns on its way through SparseGPT: (rows, width) each.
private struct ColumnBlock {
  let range: Range<Int>
  /// The weights, updated as columns are pruned.
  private var weights: Matrix
  /// The part of U on the diagonal, (width, width).
  private let factor: Matrix
  /// 1 where a weight is pruned.
  private var mask: [UInt8]
  /// w / U_jj of the pruned weights, 0 elsewhere.
  private(set) var errors: Matrix
  private(set) var loss = 0.0

  init(_ range: Range<Int>, of weight: Matrix, factor: Matrix) {
    self.range = range
    weights = weight.block(rows: 0..<weight.rows, columns: range)
    self.factor = factor.block(rows: range, columns: range)
    mask = Array(repeating: 0, count: weights.count)
    errors = Matrix(rows: weights.rows, columns: weights.columns)
  }

  var prunedCount: Int { mask.reduce(0) { $0 + Int($1) } }

  /// The cost of removing each weight as the block stands: one threshold for all rows.
  mutating func chooseMask(_ sparsity: Double, rule: CountingRule) {
    let width = weights.columns
    let squares = diagonalSquares()
    mask = weights.withElements { w in
      maskOfSmallest(
        rows: weights.rows, columns: width, pattern: .unstructured(sparsity), perRow: false, rule: rule
      ) { row, bits in
        for j in 0..<width { bits[j] = (w[row * width + j] * w[row * width + j] / squares[j]).bitPattern }
      }
    }
  }

  /// Takes the columns in turn.
  ///
  /// Rows do not depend on one another, so they run in parallel.
  mutating func prune(_ pattern: SparsityPattern) {
    let width = weights.columns
    let rows = weights.rows
    let squares = diagonalSquares()
    var losses = [Double](repeating: 0, count: rows)
    weights.withMutableElements { w in
      errors.withMutableElements { e in
        factor.withElements { u in
          mask.withUnsafeMutableBufferPointer { mask in
            losses.withUnsafeMutableBufferPointer { losses in
              guard let mask = mask.baseAddress else { return }
              let losses = losses
              Parallel.forEachRange(rows, grain: 8) { range in
                for i in range {
                  losses[i] = pruneRow(
                    w + i * width, errors: e + i * width, mask: mask + i * width, factor: u, squares: squares, pattern)
                }
              }
            }
          }
        }
      }
    }
    loss = losses.reduce(0, +)
  }

  /// Writes the block's weights back in their place.
  func store(into weight: inout Matrix) { weight.replaceBlock(row: 0, column: range.lowerBound, with: weights) }

  private func diagonalSquares() -> [Float] { (0..<factor.rows).map { factor[$0, $0] * factor[$0, $0] } }
}

/// Prunes one row of a block and returns its loss.
///
/// A weight that stays makes no error, so only pruned ones cause an update.
private func pruneRow(
  _ w: UnsafeMutablePointer<Float>, errors: UnsafeMutablePointer<Float>, mask: UnsafeMutablePointer<UInt8>,
  factor u: UnsafePointer<Float>, squares: [Float], _ pattern: SparsityPattern
) -> Double {
  let width = squares.count
  var loss = 0.0
  for j in 0..<width {
    if case .structured(let keep, let of) = pattern, j % of == 0 {
      // Chosen when its turn comes, so that the choice sees the updates of the columns before.
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: of) { scores in
        guard let scores = scores.baseAddress else { return }
        for k in 0..<of { scores[k] = (w[j + k] * w[j + k] / squares[j + k]).bitPattern }
        Selection.markGroup(scores, zeros: of - keep, of: of, into: mask + j)
      }
    }
    guard mask[j] == 1 else { continue }
    let row = u + j * width
    let error = w[j] / row[j]
    errors[j] = error
    w[j] = 0
    loss += 0.5 * Double(error) * Double(error)
    for k in j + 1..<max(width, j + 1) { w[k] -= error * row[k] }
  }
  return loss
}
