import Support

/// Student's test of whether two models differ on the same windows.
///
/// The differences d of the windows' mean negative log-likelihoods have the mean m and the standard deviation s; under the hypothesis
/// that models are equally good, t = m / (s / √n) follows Student's distribution with n - 1 degrees of freedom. Where all differences
/// are equal, s says nothing, and their signs count: as many alike have the probability 2^(1 - n).
public struct PairedTest: Sendable, Equatable {
  /// The share of differences at least as large that chance alone would give; nil for fewer than two windows.
  public let probability: Double?

  /// The level below which a difference is called one.
  public static let level = 0.05

  /// Whether the difference is more than noise.
  public var isDifferent: Bool { probability.map { $0 < Self.level } ?? false }

  /// Whether it is no more than noise; where nothing could be tested, it is neither.
  public var isNoise: Bool { probability.map { $0 >= Self.level } ?? false }

  /// A test of two lists of equal length, one number a window.
  ///
  /// O(n).
  public init(_ first: [Double], _ second: [Double]) {
    let differences = zip(first, second).map { $0 - $1 }
    let mean = differences.mean
    guard first.count == second.count, mean.isFinite, let error = differences.standardErrorOfMean, error.isFinite else {
      probability = nil
      return
    }
    // By themselves, since rounding makes of equal differences a tiny variance.
    guard error > 0, differences.contains(where: { $0 != differences[0] }) else {
      probability = mean == 0 ? 1 : Math.exp(-Math.log(2) * Double(differences.count - 1))
      return
    }
    probability = Self.twoSided(t: mean / error, degrees: differences.count - 1)
  }

  /// The probability that |T| is at least |t|, for Student's distribution.
  ///
  /// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4: finite sums in the cosine of
  /// θ = atan(t / √ν). Below about 1e-15 it is 0. O(degrees).
  ///
  /// - Precondition: `degrees > 0`.
  package static func twoSided(t: Double, degrees: Int) -> Double {
    let t = t.magnitude
    let freedom = Double(degrees)
    let cosine = (freedom / (freedom + t * t)).squareRoot()
    let sine = t / (freedom + t * t).squareRoot()
    var sum = 0.0
    var term = degrees % 2 == 0 ? 1.0 : cosine
    // The exponents of the cosine go up to ν - 2.
    var exponent = degrees % 2
    while exponent <= degrees - 2 {
      sum += term
      term *= Double(exponent + 1) / Double(exponent + 2) * cosine * cosine
      exponent += 2
    }
    let inside = degrees % 2 == 0 ? sine * sum : (Math.atan(t / freedom.squareRoot()) + sine * sum) * 2 / .pi
    return max(0, 1 - inside)
  }
}
