import Synchronization

/// A store of measurements in memory, for several games or for the two halves of a run that was stopped.
public final class MeasurementsInMemory: MeasurementStore {
  private let table = Mutex(MeasurementTable())

  /// An empty store.
  public init() {}

  /// The mean negative log-likelihood of each of the windows, or nil unless all of them are known.
  public func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
    table.withLock { $0.means(of: coalition, windows: windows) }
  }

  /// Enters the mean negative log-likelihoods of the windows from `firstWindow` on.
  ///
  /// Means that are not all finite are left out, since no game accepts them.
  ///
  /// - Precondition: `firstWindow >= 0`.
  public func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) {
    precondition(firstWindow >= 0, "there is no window \(firstWindow)")
    guard means.allSatisfy(\.isFinite) else { return }
    table.withLock { $0.enter(means, of: coalition, firstWindow: firstWindow) }
  }

  /// What is known of a window where all players are present to one degree.
  public func slope(at presence: Double, window: Int) -> DiagonalSlope? {
    table.withLock { $0.slope(at: presence, window: window) }
  }

  /// Enters what was measured of a window where all players are present to one degree, unless a number is not finite.
  public func enter(_ slope: DiagonalSlope, at presence: Double, window: Int) {
    guard slope.isFinite else { return }
    table.withLock { $0.enter(slope, at: presence, window: window) }
  }

  /// The number of coalitions of which all windows in `0..<windows` are known, and of slopes of those windows.
  public func count(windows: Int) -> Int { table.withLock { $0.count(windows: windows) } }
}
