/// What is measured in one piece: the unit of work of a game that is planned for many machines.
public enum Measurement: Hashable, Sendable {
  /// A coalition, on all windows.
  case coalition(Coalition)
  /// The slope of one window where all players are present to one degree.
  case slope(presence: Double, window: Int)
}

extension MeasurementStore {
  /// Whether all of a measurement is known, on so many windows.
  func holds(_ measurement: Measurement, windows: Int) -> Bool {
    switch measurement {
    case .coalition(let coalition): means(of: coalition, windows: 0..<windows) != nil
    case .slope(let presence, let window): slope(at: presence, window: window) != nil
    }
  }
}

extension ShapleyEstimator {
  /// All that an estimate measures: the coalitions, then the slopes of every window at every presence, all ascending.
  ///
  /// - Returns: nil where the coalitions depend on values.
  package func measurements(playerCount: Int, windows: Int) throws(EstimatorError) -> [Measurement]? {
    guard let coalitions = try coalitions(playerCount: playerCount) else { return nil }
    return coalitions.map(Measurement.coalition)
      + presences.flatMap { presence in (0..<windows).map { .slope(presence: presence, window: $0) } }
  }
}
