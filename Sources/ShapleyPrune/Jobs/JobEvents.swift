import Support
import Tensor
import Transformer

/// What a job tells while it works; a program listens, or does not.
///
///     struct Log: JobEvents {
///       func note(_ text: String) { print(text) }
///       func begin(_ label: String, unit: String) -> any JobProgress { Silence() }
///     }
///     job.events = Log()
public protocol JobEvents: Sendable {
  /// A line that says what the job found or decided.
  func note(_ text: String)

  /// A piece of work begins; what is returned is told how far it has come.
  func begin(_ label: String, unit: String) -> any JobProgress
}

/// Is told how far a piece of work has come.
public protocol JobProgress: AnyObject {
  /// `completed` of `total` units are done.
  func update(_ completed: Int, of total: Int)
  /// The work has ended.
  func finish()
}

/// Events that nobody listens to.
public struct SilentEvents: JobEvents {
  /// Events that nobody listens to.
  public init() {}
  /// Does nothing.
  public func note(_ text: String) {}
  /// Progress that nobody is told.
  public func begin(_ label: String, unit: String) -> any JobProgress { Silence() }
}

/// Progress that nobody is told.
public final class Silence: JobProgress {
  /// Progress that nobody is told.
  public init() {}
  /// Does nothing.
  public func update(_ completed: Int, of total: Int) {}
  /// Does nothing.
  public func finish() {}
}

extension JobEvents {
  /// Does a phase of work: calls `body` with a function that is told the units done and their number.
  ///
  /// At its end the memory that it pooled goes back to the system, since the next phase needs blocks of other sizes.
  func during<Result, Failure: Error>(
    _ label: String, unit: String, _ body: (_ update: @escaping (Int, Int) -> Void) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let progress = begin(label, unit: unit)
    defer { progress.finish() }
    return try MemoryPool.shared.phase { () throws(Failure) in try body(progress.update) }
  }

  /// Says so where a text has fewer windows or samples than were asked for, or more rows than are used.
  ///
  /// - Parameters:
  ///   - asked: how many were asked for; nil for all that there are.
  ///   - rows: rows of the text, where it has rows.
  func note(_ corpus: Corpus?, has found: TokenBatch?, of asked: Int?, _ what: String, rows: Int? = nil) {
    guard let corpus, let found, let asked else { return }
    let name = corpus.path ?? "the token ids"
    if found.sequences < asked {
      note("\(name): \(found.sequences) \(what) are used; \(asked) were asked for, and it has no more")
    } else if let rows, rows > asked {
      note("\(name): the first \(asked) of its \(rows) rows are used")
    }
  }

  /// Says so where a seed was asked for and nothing is drawn.
  ///
  /// - Parameter rows: rows of the text that samples come from, where it has rows.
  func note(seed: Int, of corpus: Corpus?, rows: Int?) {
    guard seed != 0, let corpus, rows != nil else { return }
    note("\(corpus.path ?? "the token ids"): its rows are taken in their order, so that the seed \(seed) draws nothing")
  }

  /// Calls `body` with a function that takes the bytes of each step; progress is told in MiB.
  func duringBytes<Result, Failure: Error>(
    _ label: String, total: Int, _ body: (_ advance: @escaping (Int) -> Void) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try during(label, unit: "MiB") { (update) throws(Failure) in
      var done = 0
      return try body { count in
        done += count
        update(min(done, total) >> 20, total >> 20)
      }
    }
  }
}
