/// Mean negative log-likelihoods by coalition and window.
struct MeasurementTable: Sendable {
  /// One number a window, NaN where it is unknown; windows beyond the last known one may be left out.
  private var known: [Coalition: [Double]] = [:]

  /// The means of some windows, or nil unless all are known.
  func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
    guard let means = known[coalition], windows.lowerBound >= 0, windows.upperBound <= means.count else { return nil }
    let part = means[windows]
    return part.contains(where: \.isNaN) ? nil : Array(part)
  }

  /// Enters the means of the windows from `firstWindow` on.
  mutating func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) {
    let end = firstWindow + means.count
    var row = known[coalition] ?? []
    if row.count < end { row += [Double](repeating: .nan, count: end - row.count) }
    row.replaceSubrange(firstWindow..<end, with: means)
    known[coalition] = row
  }

  /// The coalitions of which all windows in `0..<windows` are known, ascending.
  func coalitions(windows: Int) -> [Coalition] {
    known.keys.filter { means(of: $0, windows: 0..<windows) != nil }.sorted()
  }

  /// The number of coalitions of which all windows in `0..<windows` are known.
  func count(windows: Int) -> Int { known.keys.count { means(of: $0, windows: 0..<windows) != nil } }
}
