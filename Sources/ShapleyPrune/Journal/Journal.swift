import Support
import Synchronization

/// A ledger in a file: what was measured outlives the run, and the next one goes on from there.
package final class Journal: MeasurementStore {
  /// Nil for a journal that is not kept.
  private let file: AppendedFile?
  private let state: Mutex<State>
  private let header: JournalContents.Header

  private struct State {
    var contents: JournalContents
    var lastSynchronized = ContinuousClock.now
  }

  /// Records are with the system at once, which keeps them through a kill, and on the disk with the first work that begins so long
  /// after the last time, which keeps them through a power cut.
  private static let synchronizationInterval = Duration.seconds(2)

  /// Opens the journal of a plan, or begins one; what a torn last line held is forgotten.
  ///
  /// Throws `FileError`, also where another run has it open, and `JournalError`.
  package init(_ path: String, _ header: JournalContents.Header) throws {
    self.header = header
    let file = try AppendedFile(path)
    self.file = file
    let bytes = try file.contents()
    let (contents, length) = try JournalContents.parse(bytes, header, source: path)
    if length < bytes.count { try file.truncate(to: length) }
    if length == 0 { try file.append(header.line) }
    state = Mutex(State(contents: contents))
  }

  /// A journal that is not kept in a file.
  package init(_ header: JournalContents.Header) {
    self.header = header
    file = nil
    state = Mutex(State(contents: JournalContents(header)))
  }

  package func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
    state.withLock { $0.contents.means(of: coalition, windows: windows) }
  }

  package func count(windows: Int) -> Int { state.withLock { $0.contents.complete.count } }

  package func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) throws {
    // The game refuses it; a journal is of numbers.
    guard means.allSatisfy(\.isFinite) else { return }
    let record = JournalRecord(coalition, firstWindow: firstWindow, means: means)
    try file?.append(record.line(plan: header.plan))
    state.withLock { _ = $0.contents.add(record) }
    try synchronizeWhereDue()
  }

  private func synchronizeWhereDue() throws {
    let isDue = state.withLock { state in
      let now = ContinuousClock.now
      guard now - state.lastSynchronized >= Self.synchronizationInterval else { return false }
      state.lastSynchronized = now
      return true
    }
    if isDue { try file?.synchronize() }
  }

  package func proceed() throws {
    guard Termination.isRequested() else { return try synchronizeWhereDue() }
    try file?.synchronize()
    throw Interruption(path: file?.path, coalitions: count(windows: header.windows))
  }

  /// The records of coalitions, in their order and each in one piece: the text of a finished shard.
  ///
  /// - Returns: nil unless all are known.
  package func text(of coalitions: [Coalition]) -> [UInt8]? {
    var text = header.line
    for coalition in coalitions {
      guard let means = means(of: coalition, windows: 0..<header.windows) else { return nil }
      text += JournalRecord(coalition, firstWindow: 0, means: means).line(plan: header.plan)
    }
    return text
  }
}

/// A run that was asked to end before it was through.
package struct Interruption: Diagnostic, Equatable {
  /// The journal, where there is one.
  package let path: String?
  package let coalitions: Int

  package var description: String {
    guard let path else { return "interrupted; nothing was kept" }
    return "interrupted; \(path) holds \(coalitions) coalitions, and the same command goes on from there"
  }

  package var failureKind: FailureKind { .interrupted }
}
