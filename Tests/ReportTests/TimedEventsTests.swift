import ShapleyPrune
import Synchronization
import Testing

@Suite("Times of phases") struct TimedEventsTests {
  /// Keeps what it is told.
  private final class Log: JobEvents {
    private let told = Mutex<[String]>([])
    var lines: [String] { told.withLock { $0 } }
    func add(_ line: String) { told.withLock { $0.append(line) } }
    func note(_ text: String) { add("note \(text)") }
    func begin(_ label: String, unit: String) -> any JobProgress {
      add("begin \(label), \(unit)")
      return LogProgress(self)
    }
  }

  private final class LogProgress: JobProgress {
    private let log: Log
    init(_ log: Log) { self.log = log }
    func update(_ completed: Int, of total: Int) { log.add("\(completed) of \(total)") }
    func finish() { log.add("finish") }
  }

  @Test("everything is passed on, and the times of phases are kept")
  func passesOn() {
    let log = Log()
    let events = TimedEvents(log)
    events.note("hello")
    let progress = events.begin("work", unit: "blocks")
    #expect(events.phases.isEmpty)
    progress.update(1, of: 2)
    progress.finish()
    progress.finish()
    #expect(log.lines == ["note hello", "begin work, blocks", "1 of 2", "finish", "finish"])
    #expect(events.phases.map(\.label) == ["work"])
    #expect(events.phases.allSatisfy { $0.seconds >= 0 && $0.seconds <= events.seconds })
  }

  @Test("a phase within a phase is known as such")
  func depth() {
    let events = TimedEvents()
    let outer = events.begin("outer", unit: "x")
    events.begin("inner", unit: "x").finish()
    outer.finish()
    // One that is dropped has ended.
    _ = events.begin("dropped", unit: "x")
    events.begin("last", unit: "x").finish()
    #expect(events.phases.map(\.label) == ["outer", "inner", "dropped", "last"])
    #expect(events.phases.map(\.depth) == [0, 1, 0, 0])
    #expect(events.phases[0].seconds >= events.phases[1].seconds)
  }
}
