import ShapleyPrune
import Support

/// The journal of one run: where the command line says, or beside the output and gone when that is complete.
struct RunJournal {
  /// Nil where none is kept.
  let measurements: (any MeasurementStore)?
  /// The file to remove at the end.
  private let temporary: String?

  /// Opens the journal; with neither a path nor an output there is none, and an interruption costs everything.
  init(_ path: String?, besides output: String?, _ header: JournalContents.Header, console: Console) throws {
    let besideOutput = output.map { Self.path(beside: $0) }
    guard let path = path ?? besideOutput else {
      measurements = nil
      temporary = nil
      return
    }
    let journal: Journal
    do {
      journal = try Journal(path, header)
    } catch let error as FileError where error.isForLackOfLocks && path == besideOutput {
      console.note("\(path): no journal is kept, because this file system has no locks; --journal names one elsewhere")
      measurements = nil
      temporary = nil
      return
    }
    let count = journal.count(windows: header.windows)
    if count > 0 { console.note("\(path): going on from \(count) coalitions that were measured before") }
    Termination.watch(endingWith: ExitStatus.interrupted.rawValue)
    measurements = journal
    temporary = path == besideOutput ? path : nil
  }

  /// The journal of an output that is not there yet; of a folder, too.
  private static func path(beside output: String) -> String {
    var name = output[...]
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    return name + ".journal"
  }

  /// The output is complete.
  func finish() {
    if let temporary { try? FileSystem.removeFile(temporary) }
  }
}
