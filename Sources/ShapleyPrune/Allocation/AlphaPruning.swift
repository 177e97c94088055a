import Support
import Tensor
import Transformer

/// What AlphaPruning looks at in a block: the mean over its linears of the exponent of a power law that their spectra follow.
///
/// Lu et al., "AlphaPruning: Using Heavy-Tailed Self Regularization Theory for Improved Layer-wise Pruning of Large Language
/// Models" (2024), arXiv 2410.10912. The spectrum of a weight is that of Wᵀ W; a low exponent, a heavy tail, is the mark
/// of a well trained weight. No text is needed. Linears without an exponent (zero, or with all eigenvalues equal) are left out.
///
/// Throws `AllocationError` where a weight has no eigenvalues, and where no linear of a block has an exponent. Complexity:
/// n² m / 2 + 2 n³ operations in Double for each linear with n the smaller and m the larger side.
///
/// - Returns: one exponent a block.
public func hillExponents(
  of model: any CausalLM, tail: SpectrumTail = AlphaPruning.usualTail,
  progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
) throws(AllocationError) -> [Double] {
  var results: [Double] = []
  for block in model.blocks {
    var exponents: [Double] = []
    for role in block.roles {
      let spectrum: [Double]
      do throws(EigenvalueError) {
        // A phase each, since linears of other sizes need blocks of other sizes.
        spectrum = try MemoryPool.shared.phase { () throws(EigenvalueError) in
          try SymmetricEigenvalues.squaredSingularValues(of: block[role].weight.widened())
        }
      } catch {
        throw .noEigenvalues(linear: "\(block[role].name)", error)
      }
      if let exponent = tail.exponent(of: spectrum) { exponents.append(exponent) }
    }
    guard !exponents.isEmpty else { throw .noExponent(block: results.count) }
    results.append(exponents.mean)
    progress?(results.count, model.blocks.count)
  }
  return results
}

/// AlphaPruning, one exponent for all linears of a block.
public enum AlphaPruning {
  /// ε in the authors' code: the sparsest and the densest block lie so far, as a share, from the middle
  /// between them.
  ///
  /// What the code takes unless told otherwise, and its scripts for magnitude pruning; those for Wanda and SparseGPT take
  /// 0.2 on LLaMA-7B.
  public static let usualSpread = 0.3
  /// What the authors' code takes unless told otherwise, as all its scripts do.
  public static let usualTail = SpectrumTail.peak

  /// What `hillExponents` holds.
  static func footprint(_ forecast: MemoryForecast) -> Footprint {
    let largest = forecast.shape.linears.map { linear in
      let (rows, columns) = (Double(linear.outputs), Double(linear.inputs))
      return 4 * rows * columns + SymmetricEigenvalues.footprint(rows: rows, columns: columns)
    }.max()
    return Footprint(
      "spectra of weights", [forecast.weights, Footprint.Part("a linear and its products", largest ?? 0)])
  }
}

extension SparsityAllocation {
  /// AlphaPruning's map of exponents, one a block: the higher, the sparser.
  ///
  /// With z the exponents brought to [0, 1], m the parameters, S the target and e the spread,
  ///
  ///     r_i = 1 - e + 2 e z_i,   s_i = S r_i sum(m) / sum(m r)
  ///
  /// as in the authors' code (`ww_sparsity` in lib/prune.py, block-wise, s1 = 1 - e and s2 = 1 + e). The published map may exceed
  /// 1, where a pruner of a whole linear is all it can mean and the model misses its target; here all sparsities are shifted by
  /// one amount then, and clamped, such that their weighted mean is S to 1e-9. Equal exponents, for which the published map is
  /// not defined, give the uniform allocation.
  ///
  /// Throws `AllocationError`. O(n²).
  ///
  /// - Parameters:
  ///   - exponents: One finite number a block.
  ///   - parameters: Prunable parameters of each block.
  ///   - target: The sparsity of the model as a whole, S.
  ///   - spread: e, in [0, 1].
  public static func alphaPruning(
    exponents: [Double], parameters: [Int], target: Double, spread: Double = AlphaPruning.usualSpread
  ) throws(AllocationError) -> SparsityAllocation {
    guard (0...1).contains(target) else { throw .targetOutOfRange(target, floor: 0, ceiling: 1) }
    try check(exponents, spread: spread)
    let weights = try weights(parameters, playerCount: exponents.count)
    guard Set(exponents).count > 1 else { return try uniform(target, playerCount: exponents.count) }
    let ratios = unitRange(exponents).map { 1 - spread + 2 * spread * $0 }
    let scale = target * weights.reduce(0, +) / zip(weights, ratios).reduce(0) { $0 + $1.0 * $1.1 }
    return try SparsityAllocation(
      BoundedMean(weights: weights, floor: 0, ceiling: 1).shift(ratios.map { $0 * scale }, toMean: target))
  }
}
