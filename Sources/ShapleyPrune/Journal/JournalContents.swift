import Support

/// What a journal holds: whose it is, and what has been measured.
package struct JournalContents: Sendable {
  /// What a journal must agree on to be this run's.
  package struct Header: Equatable, Sendable {
    /// SHA-256 of everything that decides about the values.
    package let plan: String
    package let players: Int
    package let windows: Int

    package init(plan: String, players: Int, windows: Int) {
      self.plan = plan
      self.players = players
      self.windows = windows
    }

    /// The first line, with its line feed.
    package var line: [UInt8] {
      Array("{\"journal\":1,\"plan\":\"\(plan)\",\"players\":\(players),\"windows\":\(windows)}\n".utf8)
    }
  }

  package let header: Header
  /// Window means by coalition; NaN where a window is not known yet.
  private var known: [Coalition: [Double]] = [:]

  /// An empty journal.
  package init(_ header: Header) { self.header = header }

  /// Reads the text of a journal.
  ///
  /// A last line that is not whole, or not right, is what a kill or a power cut leaves: it is left out. Throws `JournalError` for
  /// another plan's journal and for a wrong line before the last.
  ///
  /// - Returns: the contents, and the length of the text that they stand in.
  package static func parse(
    _ bytes: [UInt8], _ header: Header, source: String
  ) throws(JournalError) -> (contents: JournalContents, length: Int) {
    var contents = JournalContents(header)
    var start = 0
    var number = 0
    while start < bytes.count {
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { break }
      let isLast = end + 1 == bytes.count
      number += 1
      if number == 1 {
        guard bytes[0...end].elementsEqual(header.line) else { throw .otherPlan(source) }
      } else {
        switch JournalRecord.parse(Array(bytes[start..<end]), plan: header.plan) {
        case .success(let record):
          if let reason = contents.add(record) { throw .damaged(source, line: number, offset: start, reason: reason) }
        case .failure(let damage):
          if isLast { return (contents, start) }
          throw .damaged(source, line: number, offset: start, reason: damage.reason)
        }
      }
      start = end + 1
    }
    // The first line alone may be torn, too; anything else there is somebody's file.
    if number == 0, !header.line.starts(with: bytes) { throw .otherPlan(source) }
    return (contents, start)
  }

  /// Takes a record in; tells what is wrong where it does not fit.
  package mutating func add(_ record: JournalRecord) -> String? {
    let end = record.firstWindow.addingReportingOverflow(record.means.count)
    guard record.coalition.playerCount == header.players else { return "it is of another number of players" }
    guard !end.overflow, end.partialValue <= header.windows else { return "it is of windows that there are not" }
    var means = known[record.coalition] ?? [Double](repeating: .nan, count: header.windows)
    for (index, mean) in record.means.enumerated() {
      let window = record.firstWindow + index
      guard means[window].isNaN || means[window].bitPattern == mean.bitPattern else {
        return "it contradicts an earlier line"
      }
      means[window] = mean
    }
    known[record.coalition] = means
    return nil
  }

  /// The means of some windows, or nil unless all are known.
  package func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
    guard let means = known[coalition]?[windows], means.allSatisfy({ !$0.isNaN }) else { return nil }
    return Array(means)
  }

  /// The coalitions of which every window is known, ascending.
  package var complete: [Coalition] {
    known.keys.filter { means(of: $0, windows: 0..<header.windows) != nil }.sorted()
  }
}

/// A journal that cannot be gone on with.
package enum JournalError: Error, Equatable, Sendable {
  /// A file that is no journal, or one of a run that would measure something else.
  case otherPlan(String)
  /// A line before the last is wrong.
  case damaged(String, line: Int, offset: Int, reason: String)
}

extension JournalError: Diagnostic {
  package var description: String {
    switch self {
    case .otherPlan(let path):
      "\(path): it is not a journal of this run: another model, text, setting or version of svnup wrote it, or it is no "
        + "journal at all; move it away, or name another with --journal"
    case .damaged(let path, let line, let offset, let reason):
      "\(path): line \(line), at byte \(offset): \(reason); remove the line or the file, and what it held is measured again"
    }
  }

  package var failureKind: FailureKind { .badData }
}
