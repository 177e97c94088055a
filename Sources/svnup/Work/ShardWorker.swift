import ShapleyPrune
import Support
import Tensor

/// The evaluation of one shard into its file.
struct ShardWorker {
  let plan: ShapleyPlan
  let index: Int
  /// Where all shards go.
  let folder: String

  /// What was done.
  struct Outcome {
    let path: String
    let coalitions: Int
    /// Of those, how many an earlier task had measured.
    let restored: Int
    let seconds: Double

    var json: JSON {
      JSON(members: [
        ("file", JSON(path)), ("coalitions", JSON(coalitions)), ("restored", JSON(restored)),
        ("seconds", JSON(seconds)),
      ])
    }

    var text: String {
      restored == coalitions
        ? "\(path): complete" : "\(path): \(coalitions - restored) coalitions evaluated in \(seconds.fixed(1)) s"
    }
  }

  private var path: String { Path.join(folder, plan.fileName(of: index)) }
  private var journalPath: String { path + ".partial" }

  /// Evaluates what is not there yet.
  func run(console: Console) throws -> Outcome {
    let start = ContinuousClock.now
    let coalitions = Array(plan.shard(index))
    func outcome(restored: Int) -> Outcome {
      Outcome(
        path: path, coalitions: coalitions.count, restored: restored, seconds: (ContinuousClock.now - start).seconds)
    }
    switch ShardFile.read(path, of: plan, coalitions) {
    case .success: return outcome(restored: coalitions.count)
    case .failure(let problem):
      if FileSystem.exists(path) { console.note("\(problem.description): it is made anew") }
    }
    // Before the model: what cannot be written is found out at once.
    if !FileSystem.exists(folder) { try makeFolder() }
    try File.rehearse(path)
    Termination.watch(endingWith: ExitStatus.interrupted.rawValue)
    guard let kernel = Kernel(rawValue: plan.identity["kernel"]?.text ?? ""), kernel.isAvailable else {
      throw InputError(
        source: "the plan",
        reason: "it was made with the kernel \(plan.identity["kernel"]?.text ?? "?"), which this "
          + "machine cannot run; make it with SVNUP_KERNEL set to one that all machines have")
    }
    let restored = try Kernel.$current.withValue(kernel) {
      let task = try ShapleyTask(plan.request, console: console)
      try plan.check(task.identity)
      let journal = try openJournal(console)
      let restored = coalitions.filter { journal.means(of: $0, windows: 0..<plan.text.windows) != nil }.count
      task.memory.announce(console)
      let model = try task.source.load(console: console)
      try task.game.evaluate(
        coalitions, model, memory: task.memory.memory, measurements: journal, console: console)
      guard let text = plan.header.text(of: coalitions, in: journal) else {
        throw InputError(source: path, reason: "a value of shard \(index) is not finite")
      }
      try File.replace(path, with: text)
      return restored
    }
    try? FileSystem.removeFile(journalPath)
    return outcome(restored: restored)
  }

  /// The journal of an earlier task of this shard; one of its own where another task is at work on the same shard, which will
  /// write the same.
  private func openJournal(_ console: Console) throws -> any MeasurementStore {
    do {
      return try Journal(journalPath, plan.header)
    } catch let error as JournalError {
      console.note("\(error.description)")
      try FileSystem.removeFile(journalPath)
      return try Journal(journalPath, plan.header)
    } catch let error as FileError where error.failureKind == .interrupted {
      console.note("\(journalPath): another task is at work on this shard")
      return MeasurementsInMemory()
    } catch let error as FileError where error.isForLackOfLocks {
      console.note("\(journalPath): this file system has no locks, so a task that is killed begins its shard again")
      return MeasurementsInMemory()
    }
  }

  /// Several tasks may want to make it at the same time.
  private func makeFolder() throws {
    do throws(FileError) { try FileSystem.makeDirectory(folder) } catch {
      guard FileSystem.exists(folder) else { throw error }
    }
  }
}

/// The file of a finished shard.
enum ShardFile {
  /// Why a shard's file cannot be used.
  struct Problem: Error {
    let description: String
  }

  /// The values of all coalitions of a shard, as a journal has them.
  static func read(
    _ path: String, of plan: ShapleyPlan, _ coalitions: [Coalition]
  ) -> Result<JournalContents, Problem> {
    do {
      let bytes = try File.contents(of: path, limit: 1 << 40)
      let (contents, length) = try JournalContents.parse(bytes, plan.header, source: path)
      guard length == bytes.count, contents.complete == coalitions else {
        return .failure(Problem(description: "\(path): it does not hold the coalitions of its shard"))
      }
      return .success(contents)
    } catch let error as any Diagnostic {
      return .failure(Problem(description: "\(error)"))
    } catch {
      return .failure(Problem(description: "\(path): \(error)"))
    }
  }
}
