import Support

/// Where the power law that is fitted to the largest eigenvalues of a weight begins.
///
/// The exponent is Hill's estimate, α = 1 + n / sum(log(λ_j / λ_min)) over the n eigenvalues from λ_min on. The estimate as such
/// leaves λ_min itself out of n; the code of AlphaPruning (`net_esd_estimator` in lib/esd_utils.py, the metrics alpha_peak and
/// alpha_mid) counts it, and so does this.
public enum SpectrumTail: String, CaseIterable, Sendable {
  /// Where the fit is best, from the least eigenvalues to a little above the peak of their density: the authors' choice for
  /// language models.
  ///
  /// The peak is the lower edge of the fullest of a hundred bins between the logarithms of the least and the greatest
  /// eigenvalue. Begins that are tried are the eigenvalues up to 1.5 times the peak, and the best is the first with the least
  /// Kolmogorov-Smirnov distance between the eigenvalues and their power law. As a lower limit the authors' code compares
  /// eigenvalues with the decimal logarithm of 0.95 times the peak, and so does this, though it lets begins far below it in.
  case peak
  /// The upper half, from the middle eigenvalue on.
  case half

  /// The exponent of a spectrum; nil where fewer than two eigenvalues stand out from rounding, or all in the tail are equal.
  ///
  /// Eigenvalues below n ε times the largest count as zeros and are left out, since they have no logarithm. O(n²) for the
  /// peak.
  ///
  /// - Parameter spectrum: ascending, none below zero.
  public func exponent(of spectrum: [Double]) -> Double? {
    let least = Double(spectrum.count) * 0x1p-52 * (spectrum.last ?? 0)
    let eigenvalues = Array(spectrum.drop { $0 <= least })
    guard eigenvalues.count > 1 else { return nil }
    let law = PowerLaw(eigenvalues)
    let begin =
      switch self {
      case .half: eigenvalues.count / 2
      case .peak: law.bestBegin(in: law.begins(to: law.peak()))
      }
    let exponent = law.exponent(from: begin)
    return exponent.isFinite ? exponent : nil
  }
}

/// A power law fitted to some of the largest of positive eigenvalues.
private struct PowerLaw {
  /// Ascending.
  private let eigenvalues: [Double]
  private let logarithms: [Double]
  /// Element i is the sum of the logarithms from i on.
  private let sums: [Double]

  init(_ eigenvalues: [Double]) {
    self.eigenvalues = eigenvalues
    logarithms = eigenvalues.map(Math.log)
    var sums = [Double](repeating: 0, count: eigenvalues.count)
    var sum = 0.0
    for i in sums.indices.reversed() {
      sum += logarithms[i]
      sums[i] = sum
    }
    self.sums = sums
  }

  /// Hill's estimate from an eigenvalue on; infinite where all are equal.
  func exponent(from begin: Int) -> Double {
    let count = Double(eigenvalues.count - begin)
    return 1 + count / max(0, sums[begin] - count * logarithms[begin])
  }

  /// The lower edge of the fullest of a hundred bins of the logarithms, the first of several.
  func peak() -> Double {
    let bins = 100
    guard let least = logarithms.first, let greatest = logarithms.last, least < greatest else { return eigenvalues[0] }
    var counts = [Int](repeating: 0, count: bins)
    for logarithm in logarithms {
      counts[min(bins - 1, Int((logarithm - least) / (greatest - least) * Double(bins)))] += 1
    }
    let fullest = counts.indices.first { counts[$0] == counts.max() } ?? 0
    return Math.exp(least + Double(fullest) / Double(bins) * (greatest - least))
  }

  /// The eigenvalues that are tried: all but the largest within the code's limits around a peak.
  func begins(to peak: Double) -> [Int] {
    let lower = Math.log(0.95 * peak) / Math.log(10)
    return eigenvalues.indices.dropLast().filter { eigenvalues[$0] >= lower && eigenvalues[$0] <= 1.5 * peak }
  }

  /// The begin whose law is nearest to the eigenvalues; the first of several, and the first of all where none is tried.
  func bestBegin(in begins: [Int]) -> Int {
    let distances = Parallel.map(begins.count) { distance(from: begins[$0]) }
    guard let least = distances.min(), let best = distances.firstIndex(of: least) else { return 0 }
    return begins[best]
  }

  /// The greatest difference between the law's distribution function and the share of eigenvalues that are less.
  private func distance(from begin: Int) -> Double {
    let count = Double(eigenvalues.count - begin)
    let power = 1 - exponent(from: begin)
    // Equal eigenvalues have no law; a distance is below 1 otherwise.
    guard power.isFinite else { return 1 }
    var greatest = 0.0
    for i in begin..<eigenvalues.count {
      let share = 1 - Math.exp(power * (logarithms[i] - logarithms[begin]))
      greatest = max(greatest, (share - Double(i - begin) / count).magnitude)
    }
    return greatest
  }
}
