/// Mean negative log-likelihoods by coalition and window, and slopes by presence and window.
struct MeasurementTable: Sendable {
  /// One number a window, NaN where it is unknown; windows beyond the last known one may be left out.
  private var known: [Coalition: [Double]] = [:]
  private var slopes: [Double: [Int: DiagonalSlope]] = [:]

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

  /// What is known of a window at a presence.
  func slope(at presence: Double, window: Int) -> DiagonalSlope? { slopes[presence]?[window] }

  /// Enters what is known of a window at a presence.
  mutating func enter(_ slope: DiagonalSlope, at presence: Double, window: Int) {
    slopes[presence, default: [:]][window] = slope
  }

  /// The windows of which something is known at each presence, both ascending.
  var windowsByPresence: [(presence: Double, windows: [Int])] {
    slopes.map { ($0.key, $0.value.keys.sorted()) }.sorted { $0.0 < $1.0 }
  }

  /// The coalitions of which all windows in `0..<windows` are known, ascending.
  func coalitions(windows: Int) -> [Coalition] {
    known.keys.filter { means(of: $0, windows: 0..<windows) != nil }.sorted()
  }

  /// The number of coalitions of which all windows in `0..<windows` are known, and of slopes of those windows.
  func count(windows: Int) -> Int {
    known.keys.count { means(of: $0, windows: 0..<windows) != nil }
      + slopes.values.reduce(0) { $0 + $1.keys.count { $0 < windows } }
  }
}
