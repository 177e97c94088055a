import Support

/// The journal of one job: where the job says, or beside its output and gone when that is complete.
struct JobJournal {
  /// What was measured before, and where to enter what is measured; nil where nothing is kept.
  let measurements: (any MeasurementStore)?
  /// The file to remove at the end.
  private let temporary: String?

  /// Opens the journal; with neither a path nor an output there is none, and an interruption costs everything.
  init(
    _ path: String?, besides output: String?, _ identity: RunIdentity, players: Int, windows: Int,
    events: any JobEvents
  ) throws {
    if let path, let output, FileSystem.place(path).utf8.elementsEqual(FileSystem.place(output).utf8) {
      throw SettingError(.journal, path, "it is the output, too; name another file")
    }
    let besideOutput = output.map { Self.path(beside: $0) }
    guard let path = path ?? besideOutput else {
      measurements = nil
      temporary = nil
      return
    }
    let journal: Journal
    do {
      journal = try Journal(path, identity: identity.hash, players: players, windows: windows)
    } catch let error as FileError where error.isForLackOfLocks && path == besideOutput {
      events.note(
        "\(path): no journal is kept, because this file system has no locks; give another journal to keep one")
      measurements = nil
      temporary = nil
      return
    }
    let count = journal.count(windows: windows)
    if count > 0 { events.note("\(path): going on from \(count) measurements that were made before") }
    measurements = journal
    temporary = path == besideOutput ? path : nil
  }

  /// The journal of a task that many machines may want to do: one that belongs to another run or is damaged is begun anew, and
  /// where another task is at work on the same, measurements are kept in memory, since it will write the same.
  static func ofTask(
    _ path: String, _ header: JournalContents.Header, events: any JobEvents
  ) throws -> any MeasurementStore {
    do {
      return try Journal(path, header)
    } catch let error as JournalError {
      events.note("\(error.description)")
      try FileSystem.removeFile(path)
      return try Journal(path, header)
    } catch let error as FileError where error.failureKind == .interrupted {
      events.note("\(path): another task is at work on the same")
      return MeasurementsInMemory()
    } catch let error as FileError where error.isForLackOfLocks {
      events.note("\(path): this file system has no locks, so a task that is killed begins anew")
      return MeasurementsInMemory()
    }
  }

  private init(temporary: String?) {
    measurements = nil
    self.temporary = temporary
  }

  /// The same once nothing is measured any more: the file is closed, so that another job can go on from it.
  var closed: JobJournal { JobJournal(temporary: temporary) }

  /// The journal of an output that is not there yet; of a folder, too.
  static func path(beside output: String) -> String {
    var name = output[...]
    while name.count > 1, name.hasSuffix("/") { name.removeLast() }
    return name + ".journal"
  }

  /// The output is complete.
  func finish() {
    if let temporary { try? FileSystem.removeFile(temporary) }
  }
}
