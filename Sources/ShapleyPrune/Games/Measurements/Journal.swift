import Support
import Synchronization

/// A store of measurements in a file, which outlives the process: a later run with the same file goes on from there.
///
/// Every measurement is a line with a checksum. A line that a kill or a power cut tore is left out when the journal is
/// opened again, and its coalition is measured anew.
///
///     let journal = try Journal("values.journal", identity: "llama-7b/wanda-70", players: 32, windows: windows.sequences)
///     var game = LayerGame(model, granularity: .blocks, windows: windows, absence: absence, measurements: journal)
public final class Journal: MeasurementStore {
  private let file: JournalFile
  private let known: Mutex<JournalContents>
  private let header: JournalContents.Header

  /// Opens the journal of a run, or begins one; a torn last line is removed.
  ///
  /// Throws where the file cannot be opened or another run has it open, for the journal of another run, and where a
  /// line before the last is damaged.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - identity: Names everything that decides about the values, such as a hash of model, text and settings.
  ///   - players: Players of the game.
  ///   - windows: Windows that it is measured on.
  /// - Precondition: `identity` is a line of printable ASCII without quotation marks and backslashes.
  public convenience init(_ path: String, identity: String, players: Int, windows: Int) throws {
    let isPlain = identity.utf8.allSatisfy {
      $0 >= 32 && $0 < 127 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    precondition(isPlain, "the identity of a run is printable ASCII without quotation marks and backslashes")
    try self.init(path, JournalContents.Header(identity: identity, players: players, windows: windows))
  }

  /// Opens the journal with a header, or begins one.
  ///
  /// Throws `FileError`, also where another run has it open, and `JournalError`.
  package init(_ path: String, _ header: JournalContents.Header) throws {
    self.header = header
    let opened = try JournalFile.open(path, header: header.line) {
      try JournalContents.parse($0, header, source: path)
    }
    file = opened.file
    known = Mutex(opened.contents)
  }

  /// The file's path.
  public var location: String? { file.path }

  /// The mean negative log-likelihood of each of the windows, or nil unless all of them are known.
  public func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
    known.withLock { $0.means(of: coalition, windows: windows) }
  }

  /// What is known of a window where all players are present to one degree.
  public func slope(at presence: Double, window: Int) -> DiagonalSlope? {
    known.withLock { $0.slope(at: presence, window: window) }
  }

  /// The number of coalitions of which all windows in `0..<windows` are known, and of slopes of those windows.
  public func count(windows: Int) -> Int { known.withLock { $0.count(windows: windows) } }

  /// Appends the mean negative log-likelihoods of the windows from `firstWindow` on.
  ///
  /// Means that are not all finite are left out, since no game accepts them. Throws where the file cannot be written,
  /// and `JournalError` for another number of players, for windows that the text does not have, and for other means
  /// than before.
  public func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) throws {
    guard means.allSatisfy(\.isFinite) else { return }
    let record = JournalRecord(coalition, firstWindow: firstWindow, means: means)
    try append(record.line(identity: header.identity), unless: known.withLock { $0.add(record) })
  }

  /// Appends what was measured of a window where all players are present to one degree.
  ///
  /// Left out where a number is not finite; throws as the other `enter` does.
  public func enter(_ slope: DiagonalSlope, at presence: Double, window: Int) throws {
    guard slope.isFinite else { return }
    let record = JournalSlope(slope, at: presence, window: window)
    try append(record.line(identity: header.identity), unless: known.withLock { $0.add(record) })
  }

  private func append(_ line: [UInt8], unless reason: String?) throws {
    if let reason { throw JournalError.rejected(file.path, reason: reason) }
    try file.append(line)
  }

  /// Returns when the disk holds everything that has been entered.
  public func synchronize() throws { try file.synchronize() }
}
