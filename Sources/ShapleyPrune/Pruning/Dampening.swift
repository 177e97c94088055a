import Tensor

/// The retry where a matrix of inputs' products is not positive definite in Float: more is added to its diagonal.
enum Dampening {
  /// The dampening is raised tenfold, at most this often.
  private static let retries = 5
  /// Tenfold of nothing is nothing: the first retry adds at least ten times this.
  private static let leastRetry = 1e-4

  /// What an attempt gives with the least dampening for which it gives something finite, and that dampening.
  ///
  /// Throws `PruningError.notPositiveDefinite` where the last attempt fails too; `linear` is named there.
  static func raised(
    from dampening: Double, linear: String, _ attempt: (_ dampening: Double) -> Matrix?
  ) throws(PruningError) -> (Matrix, dampening: Double) {
    var dampening = dampening
    for _ in 0...retries {
      if let result = attempt(dampening), result.isFinite { return (result, dampening) }
      dampening = max(dampening, leastRetry) * 10
    }
    throw .notPositiveDefinite(linear: linear, dampening: dampening / 10)
  }
}
