import Support

/// The contents of a journal: the run that it is of, and what has been measured.
package struct JournalContents: Sendable {
  /// The properties in which a journal and a run must agree.
  package struct Header: Equatable, Sendable {
    /// Names everything that decides about the values; the program's own are SHA-256 hashes.
    ///
    /// Files have it under `plan`, as they always had.
    package let identity: String
    package let players: Int
    package let windows: Int

    package init(identity: String, players: Int, windows: Int) {
      self.identity = identity
      self.players = players
      self.windows = windows
    }

    /// The first line, with its line feed.
    package var line: [UInt8] {
      Array(#"{"journal":1,"plan":"\#(identity)","players":\#(players),"windows":\#(windows)}\#n"#.utf8)
    }

    /// The text of a journal that holds these measurements, each in one record: the file of a finished shard.
    ///
    /// - Returns: nil unless the store has all of them.
    package func text(of measurements: [Measurement], in store: any MeasurementStore) -> [UInt8]? {
      var text = line
      for measurement in measurements {
        switch measurement {
        case .coalition(let coalition):
          guard let means = store.means(of: coalition, windows: 0..<windows) else { return nil }
          text += JournalRecord(coalition, firstWindow: 0, means: means).line(identity: identity)
        case .slope(let presence, let window):
          guard let slope = store.slope(at: presence, window: window) else { return nil }
          text += JournalSlope(slope, at: presence, window: window).line(identity: identity)
        }
      }
      return text
    }
  }

  package let header: Header
  private var table = MeasurementTable()

  /// An empty journal.
  package init(_ header: Header) { self.header = header }

  /// Reads the text of a journal.
  ///
  /// A last line that a kill or a power cut tore is left out. Throws `JournalError` for another run's journal and for
  /// a wrong line before the last.
  ///
  /// - Returns: the contents, and the length of the part of the text that holds them.
  package static func parse(
    _ bytes: [UInt8], _ header: Header, source: String
  ) throws(JournalError) -> (contents: JournalContents, length: Int) {
    var contents = JournalContents(header)
    var start = 0
    var number = 0
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      number += 1
      if number == 1 {
        guard bytes[0...end].elementsEqual(header.line) else { throw .otherRun(source) }
      } else {
        let reason: String?
        do { reason = try contents.add(parsing: Array(bytes[start..<end])) } catch {
          if end + 1 == bytes.count { return (contents, start) }
          throw .damaged(source, line: number, offset: start, reason: error.reason)
        }
        if let reason { throw .damaged(source, line: number, offset: start, reason: reason) }
      }
      start = end + 1
    }
    // A first line can be torn, too. Any other text without a line feed belongs to something else.
    if number == 0, !header.line.starts(with: bytes) { throw .otherRun(source) }
    return (contents, start)
  }

  /// Adds what a line says.
  ///
  /// - Returns: what `add` does.
  private mutating func add(parsing line: [UInt8]) throws(JournalDamage) -> String? {
    JournalSlope.begins(line)
      ? add(try JournalSlope(parsing: line, identity: header.identity))
      : add(try JournalRecord(parsing: line, identity: header.identity))
  }

  /// Adds a record.
  ///
  /// - Returns: what is wrong with a record that does not fit and is not added; nil otherwise.
  package mutating func add(_ record: JournalRecord) -> String? {
    let end = record.firstWindow.addingReportingOverflow(record.means.count)
    guard record.coalition.playerCount == header.players else { return "it is of another number of players" }
    guard record.firstWindow >= 0, !end.overflow, end.partialValue <= header.windows else {
      return "it is of windows that there are not"
    }
    for (window, mean) in zip(record.firstWindow..., record.means) {
      let earlier = table.means(of: record.coalition, windows: window..<window + 1)?[0]
      guard earlier == nil || earlier?.bitPattern == mean.bitPattern else { return "it contradicts an earlier line" }
    }
    table.enter(record.means, of: record.coalition, firstWindow: record.firstWindow)
    return nil
  }

  /// Adds the slope of a window.
  ///
  /// - Returns: what is wrong with one that does not fit and is not added; nil otherwise.
  package mutating func add(_ record: JournalSlope) -> String? {
    guard record.slope.derivatives.count == header.players else { return "it is of another number of players" }
    guard (0..<header.windows).contains(record.window) else { return "it is of windows that there are not" }
    let earlier = slope(at: record.presence, window: record.window)
    guard earlier == nil || earlier == record.slope else { return "it contradicts an earlier line" }
    table.enter(record.slope, at: record.presence, window: record.window)
    return nil
  }

  /// What is known of a window at a presence.
  package func slope(at presence: Double, window: Int) -> DiagonalSlope? { table.slope(at: presence, window: window) }

  /// The means of some windows, or nil unless all are known.
  package func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
    table.means(of: coalition, windows: windows)
  }

  /// The coalitions of which every window is known, and the windows that are known at a presence: both ascending.
  package var complete: [Measurement] {
    table.coalitions(windows: header.windows).map(Measurement.coalition)
      + table.windowsByPresence.flatMap { presence, windows in
        windows.map { .slope(presence: presence, window: $0) }
      }
  }

  /// The number of coalitions of which all windows in `0..<windows` are known, and of slopes of those windows.
  func count(windows: Int) -> Int { table.count(windows: windows) }
}

/// Why a journal cannot be used.
public enum JournalError: Error, Equatable, Sendable {
  /// A file that is no journal, or one of a run that would measure something else.
  case otherRun(String)
  /// A line before the last is wrong.
  case damaged(String, line: Int, offset: Int, reason: String)
  /// A measurement that the journal could not be read back with.
  case rejected(String, reason: String)
}

extension JournalError: Diagnostic {
  /// The file, what is wrong, and what to do about it.
  public var description: String {
    switch self {
    case .otherRun(let path):
      "\(path): it is not a journal of this run: another model, text, setting or version of svnup wrote it, or it is no "
        + "journal at all; move it away, or give another journal"
    case .damaged(let path, let line, let offset, let reason):
      "\(path): line \(line), at byte \(offset): \(reason); remove the line or the file, and what it held is measured again"
    case .rejected(let path, let reason): "\(path): a measurement cannot be entered: \(reason)"
    }
  }

  package var failureKind: FailureKind { .badData }
}
