/// What has been measured of coalitions: a game looks up here what it need not measure again, and enters what it
/// measures.
///
/// A measurement is the mean negative log-likelihoods of one coalition on some consecutive windows, entered as soon as
/// they are known. A store must be of one model, one text and one absence.
public protocol MeasurementStore: Sendable {
  /// The mean negative log-likelihood of each of the windows, or nil unless all of them are known.
  func means(of coalition: Coalition, windows: Range<Int>) -> [Double]?

  /// Enters the mean negative log-likelihoods of the windows from `firstWindow` on.
  func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) throws

  /// The number of coalitions of which all windows in `0..<windows` are known.
  func count(windows: Int) -> Int

  /// Makes what has been entered as durable as the store can; called where a run stops.
  func synchronize() throws

  /// The path under which the measurements outlive the process; nil where they do not.
  var location: String? { get }
}

extension MeasurementStore {
  /// Does nothing.
  public func synchronize() {}
  /// Nil: the measurements end with the process.
  public var location: String? { nil }
}
