import Support
import Synchronization

/// Passes everything on to another listener, and keeps how long each phase took.
///
/// Times are not part of a record, which is the same for every run of the same command; a report shows them.
///
///     let events = TimedEvents(Log())
///     job.events = events
///     let result = try job.run()
///     print(events.phases)
public final class TimedEvents: JobEvents {
  /// A phase that has ended.
  public struct Phase: Equatable, Sendable {
    /// What the job called it.
    public let label: String
    /// How long it took.
    public let seconds: Double
    /// How many other phases it was a part of: the seconds of those contain its own.
    public let depth: Int

    /// A phase.
    public init(_ label: String, seconds: Double, depth: Int = 0) {
      self.label = label
      self.seconds = seconds
      self.depth = depth
    }
  }

  /// Phases in the order in which they began; the seconds of one that has not ended are nil.
  private struct State {
    var phases: [(label: String, seconds: Double?, depth: Int)] = []
    var open = 0
  }

  private let listener: any JobEvents
  private let start = ContinuousClock.now
  private let state = Mutex(State())

  /// Events that another listener is told, too.
  public init(_ listener: any JobEvents = SilentEvents()) { self.listener = listener }

  /// The phases that have ended, in the order in which they began.
  public var phases: [Phase] {
    state.withLock { state in
      state.phases.compactMap { phase in
        phase.seconds.map { Phase(phase.label, seconds: $0, depth: phase.depth) }
      }
    }
  }

  /// The seconds since the events were made.
  public var seconds: Double { (ContinuousClock.now - start).seconds }

  /// Passes the line on.
  public func note(_ text: String) { listener.note(text) }

  /// Begins a phase, here and with the listener.
  public func begin(_ label: String, unit: String) -> any JobProgress {
    let number = state.withLock { state in
      state.phases.append((label, nil, state.open))
      state.open += 1
      return state.phases.count - 1
    }
    return TimedProgress(listener.begin(label, unit: unit), of: self, number)
  }

  fileprivate func end(_ number: Int, _ seconds: Double) {
    state.withLock { state in
      guard state.phases.indices.contains(number), state.phases[number].seconds == nil else { return }
      state.phases[number].seconds = seconds
      state.open -= 1
    }
  }
}

/// The progress of a phase whose time is taken.
private final class TimedProgress: JobProgress {
  private let inner: any JobProgress
  private let events: TimedEvents
  private let number: Int
  private let start = ContinuousClock.now

  init(_ inner: any JobProgress, of events: TimedEvents, _ number: Int) {
    self.inner = inner
    self.events = events
    self.number = number
  }

  // One that is dropped has ended, too.
  deinit { events.end(number, (ContinuousClock.now - start).seconds) }

  func update(_ completed: Int, of total: Int) { inner.update(completed, of: total) }

  func finish() {
    events.end(number, (ContinuousClock.now - start).seconds)
    inner.finish()
  }
}
