import Support
import Tensor

/// What was done for a shard.
public struct ShardResult: Sendable {
  /// The shard's file.
  public let path: String
  /// Measurements of the shard.
  public let measurements: Int
  /// Of those, how many an earlier task had measured.
  public let restored: Int
  /// The time that it took.
  public let seconds: Double
}

extension ShardPlan {
  /// Evaluates what is not there yet of a shard into its file in a folder.
  ///
  /// A file that is complete stays. What a task has measured when it is killed is kept, and the next one goes on from
  /// there. Throws where this machine has other files or another program than the plan was made with, and
  /// `Interruption` where the token said to stop.
  ///
  /// - Precondition: `0 <= shard < shardCount`.
  @discardableResult
  public func work(
    on shard: Int, into folder: String, events: any JobEvents = SilentEvents(), stop: StopToken = StopToken()
  ) throws -> ShardResult {
    try ShardWorker(plan: self, index: shard, folder: folder, events: events, stop: stop).run()
  }
}

/// The evaluation of one shard into its file.
private struct ShardWorker {
  let plan: ShardPlan
  let index: Int
  /// Where all shards go.
  let folder: String
  let events: any JobEvents
  let stop: StopToken

  private var path: String { Path.join(folder, plan.fileName(of: index)) }
  private var journalPath: String { path + ".partial" }

  func run() throws -> ShardResult {
    let start = ContinuousClock.now
    let measurements = Array(plan.shard(index))
    func result(restored: Int) -> ShardResult {
      ShardResult(
        path: path, measurements: measurements.count, restored: restored, seconds: (ContinuousClock.now - start).seconds
      )
    }
    switch ShardFile.read(path, of: plan, measurements) {
    case .success: return result(restored: measurements.count)
    case .failure(let problem):
      if FileSystem.exists(path) { events.note("\(problem.description): it is made anew") }
    }
    // Before the model: what cannot be written is found out at once.
    if !FileSystem.exists(folder) { try makeFolder() }
    if let existing = try? FileSystem.status(path), existing.kind != .file {
      throw FileError.cannotCreate(path, "something that is not a file is there")
    }
    try File.rehearse(path)
    let kernel = try RunIdentity.kernel(named: plan.identity.json["kernel"]?.text ?? "")
    let restored = try Kernel.$current.withValue(kernel) {
      let job = try plan.job(events: events, stop: stop)
      let (game, budget) = try job.prepare()
      try plan.check(RunIdentity(game))
      let journal = try JobJournal.ofTask(journalPath, plan.header, events: events)
      let restored = measurements.count { journal.holds($0, windows: plan.header.windows) }
      budget.announce(events)
      try game.measure(measurements, job.model.load(events: events), into: journal)
      guard let text = plan.header.text(of: measurements, in: journal) else {
        throw DocumentError(path, reason: "a value of shard \(index) is not finite")
      }
      try File.replace(path, with: text)
      return restored
    }
    try? FileSystem.removeFile(journalPath)
    return result(restored: restored)
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

  /// All measurements of a shard, as a journal has them.
  static func read(
    _ path: String, of plan: ShardPlan, _ measurements: [Measurement]
  ) -> Result<JournalContents, Problem> {
    do {
      let bytes = try File.contents(of: path, limit: 1 << 40)
      let (contents, length) = try JournalContents.parse(bytes, plan.header, source: path)
      guard length == bytes.count, contents.complete == measurements else {
        return .failure(Problem(description: "\(path): it does not hold the measurements of its shard"))
      }
      return .success(contents)
    } catch let error as any Diagnostic {
      return .failure(Problem(description: "\(error)"))
    } catch {
      return .failure(Problem(description: "\(path): \(error)"))
    }
  }
}
