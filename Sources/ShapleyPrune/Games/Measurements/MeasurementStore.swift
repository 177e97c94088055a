/// What has been measured of a game, which looks up here what it need not measure again, and enters what it measures.
///
/// A measurement is the mean negative log-likelihoods of one coalition on some consecutive windows, entered as soon as
/// they are known; or, on the diagonal of the game's extension, that of one window with its derivatives. A store must be of one
/// model, one text and one absence.
///
///     let measurements = try Journal("values.journal", identity: identity, players: 32, windows: windows.sequences)
///     var game = LayerGame(model, windows: windows, absence: absence, measurements: measurements)
public protocol MeasurementStore: Sendable {
  /// The mean negative log-likelihood of each of the windows, or nil unless all of them are known.
  func means(of coalition: Coalition, windows: Range<Int>) -> [Double]?

  /// Enters the mean negative log-likelihoods of the windows from `firstWindow` on.
  func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) throws

  /// What is known of a window where all players are present to one degree.
  func slope(at presence: Double, window: Int) -> DiagonalSlope?

  /// Enters what was measured of a window where all players are present to one degree.
  func enter(_ slope: DiagonalSlope, at presence: Double, window: Int) throws

  /// The number of coalitions of which all windows in `0..<windows` are known, and of slopes of those windows.
  func count(windows: Int) -> Int

  /// Makes what has been entered as durable as the store can; called where a run stops.
  func synchronize() throws

  /// The path under which the measurements outlive the process; nil where they do not.
  var location: String? { get }
}

extension MeasurementStore {
  /// Nil, for a store of coalitions only.
  public func slope(at presence: Double, window: Int) -> DiagonalSlope? { nil }
  /// Keeps nothing, for a store of coalitions only.
  public func enter(_ slope: DiagonalSlope, at presence: Double, window: Int) {}
  /// Does nothing.
  public func synchronize() {}
  /// Nil: the measurements end with the process.
  public var location: String? { nil }
}
