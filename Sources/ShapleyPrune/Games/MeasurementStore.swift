/// Where a game finds what was measured before, and enters what it measures.
///
/// The unit is a coalition on some consecutive windows, since a text that does not fit into memory goes through the model in
/// strips: a run that is cut off loses at most what it was measuring.
package protocol MeasurementStore: Sendable {
  /// The mean negative log-likelihood of each of the windows, or nil unless all are known.
  func means(of coalition: Coalition, windows: Range<Int>) -> [Double]?

  /// Coalitions of which all of so many windows were known from the start.
  func count(windows: Int) -> Int

  /// Throws where the run is to stop; asked before every piece of work.
  func proceed() throws

  /// Enters the mean negative log-likelihoods of the windows from `firstWindow` on.
  func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) throws
}

/// Knows nothing and keeps nothing.
package struct NoMeasurementStore: MeasurementStore {
  package init() {}
  package func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? { nil }
  package func count(windows: Int) -> Int { 0 }
  package func proceed() {}
  package func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) {}
}
