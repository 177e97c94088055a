import ShapleyPrune
import Support
import Synchronization
import TestSupport
import Testing
import Transformer

/// Games that go on where others stopped.
@Suite struct MeasurementStoreTests {
  /// A store that keeps its entries in the order in which they came.
  private final class Notebook: MeasurementStore {
    let entries: Mutex<[JournalRecord]>
    let synchronizations = Mutex(0)

    init(_ entries: [JournalRecord] = []) { self.entries = Mutex(entries) }

    var count: Int { entries.withLock(\.count) }

    func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
      entries.withLock {
        $0.first {
          $0.coalition == coalition && $0.firstWindow == windows.lowerBound && $0.means.count == windows.count
        }
      }?.means
    }

    func count(windows: Int) -> Int { count }

    func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) {
      entries.withLock { $0.append(JournalRecord(coalition, firstWindow: firstWindow, means: means)) }
    }

    func synchronize() { synchronizations.withLock { $0 += 1 } }
  }

  /// A game of four blocks on seven windows in three strips, so that what is known differs from one to the next.
  private struct Setup {
    let model: any CausalLM
    let windows = randomTokens(7, 64, below: 512)
    let memory = WorkingMemory(stripRows: 192)

    init() throws { model = try TinyModels.load("llama3-gqa") }

    /// The values of all coalitions, and how many forward steps were applied for them.
    func values(
      _ measurements: (any MeasurementStore)?, stop: StopToken = StopToken(), applied: ((Int) -> Void)? = nil
    ) throws -> (values: [Double], steps: Int) {
      var steps = 0
      var game = LayerGame(
        model, granularity: .blocks, windows: windows, absence: .bypassed, memory: memory, measurements: measurements,
        stop: stop
      ) { done, _ in
        steps = done
        applied?(done)
      }
      return (try game.values(of: LayerGameTests.all), steps)
    }
  }

  @Test("Stopped after any number of records, a game ends with the same bits and measures nothing twice")
  func stoppedByRecords() throws {
    let setup = try Setup()
    let whole = Notebook()
    let expected = try setup.values(whole).values
    #expect(try setup.values(nil).values == expected)
    let all = whole.entries.withLock(\.self)
    #expect(all.count == 3 * LayerGameTests.all.count)
    #expect(whole.synchronizations.withLock(\.self) == 0)
    for limit in 0..<all.count {
      let stopped = Notebook()
      let error = try? thrown(Interruption.self) {
        try setup.values(stopped, stop: StopToken(polling: { stopped.count >= limit }))
      }
      let kept = stopped.entries.withLock(\.self)
      // A coalition that shares its last step with another arrives with it; none is lost or made up.
      #expect(kept == Array(all.prefix(kept.count)) && kept.count >= limit)
      #expect(error == Interruption(location: nil, measured: kept.count))
      #expect(stopped.synchronizations.withLock(\.self) == 1)
      let resumed = Notebook(kept)
      #expect(try setup.values(resumed).values == expected)
      #expect(resumed.count == all.count)
    }
  }

  @Test("Stopped after any number of forward steps, a game goes on from its store")
  func stoppedBySteps() throws {
    let setup = try Setup()
    let expected = try setup.values(nil)
    for limit in 0..<expected.steps {
      let measurements = MeasurementsInMemory()
      let stop = StopToken()
      var done = 0
      if limit == 0 { stop.requestStop() }
      #expect(throws: Interruption.self) {
        try setup.values(measurements, stop: stop) { steps in
          done = steps
          if steps == limit { stop.requestStop() }
        }
      }
      #expect(done == limit, "the token is asked before every forward step")
      let resumed = try setup.values(measurements)
      #expect(resumed.values == expected.values)
      #expect(resumed.steps <= expected.steps && resumed.steps >= expected.steps - limit)
      #expect(measurements.count(windows: 7) == 16)
    }
  }

  @Test("A token that says stop without a store costs everything, and says so")
  func stoppedWithoutStore() throws {
    let setup = try Setup()
    let stop = StopToken()
    #expect(!stop.isStopRequested)
    stop.requestStop()
    #expect(stop.isStopRequested)
    let error = try? thrown(Interruption.self) { try setup.values(nil, stop: stop) }
    #expect(error?.description == "interrupted; nothing was kept")
    #expect(error?.failureKind == .interrupted)
  }

  @Test("A stop names the journal, which holds what was measured")
  func stoppedWithJournal() throws {
    let setup = try Setup()
    let expected = try setup.values(nil).values
    try withTemporaryFolder { folder in
      let path = Path.join(folder, "values.journal")
      var journal: Journal? = try Journal(path, identity: "a plan", players: 4, windows: 7)
      let stop = StopToken()
      let error = try? thrown(Interruption.self) {
        // The last strip is the third, of one window: in it the coalitions become complete, one by one.
        try setup.values(journal, stop: stop) { if $0 == 2 * 15 + 8 { stop.requestStop() } }
      }
      let count = try #require(journal?.count(windows: 7))
      #expect(count > 0 && count < 16)
      #expect(
        error?.description
          == "interrupted; \(path) holds \(count) measurements, and the same command goes on from there")
      journal = nil
      let again = try Journal(path, identity: "a plan", players: 4, windows: 7)
      #expect(again.location == path)
      #expect(again.count(windows: 7) == count)
      #expect(try setup.values(again).values == expected)
      #expect(again.count(windows: 7) == 16)
    }
  }

  @Test("A game whose values are all known applies nothing")
  func nothingToDo() throws {
    let model = try TinyModels.load("opt-125m")
    let windows = randomTokens(2, 32, below: 512)
    let measurements = MeasurementsInMemory()
    var first = LayerGame(
      model, granularity: .blocks, windows: windows, absence: .bypassed, measurements: measurements)
    let expected = try first.values(of: LayerGameTests.all)
    var steps = 0
    var second = LayerGame(
      model, granularity: .blocks, windows: windows, absence: .bypassed, measurements: measurements,
      stop: StopToken(polling: { true })
    ) { _, _ in steps += 1 }
    #expect(try second.values(of: LayerGameTests.all) == expected)
    #expect(steps == 0)
    #expect(second.forwardStepsAsked == first.forwardStepsAsked)
  }

  @Test("A store in memory knows what was entered, window by window")
  func inMemory() {
    let measurements = MeasurementsInMemory()
    let coalition = Coalition([1], of: 3)
    #expect(measurements.means(of: coalition, windows: 0..<1) == nil)
    measurements.enter([3, 4], of: coalition, firstWindow: 2)
    #expect(measurements.means(of: coalition, windows: 2..<4) == [3, 4])
    #expect(measurements.means(of: coalition, windows: 1..<4) == nil)
    #expect(measurements.means(of: coalition, windows: 2..<5) == nil)
    #expect(measurements.count(windows: 4) == 0)
    measurements.enter([1, 2], of: coalition, firstWindow: 0)
    #expect(measurements.means(of: coalition, windows: 0..<4) == [1, 2, 3, 4])
    #expect(measurements.means(of: .full(3), windows: 0..<4) == nil)
    #expect(measurements.count(windows: 4) == 1 && measurements.count(windows: 5) == 0)
    measurements.enter([.nan], of: .full(3), firstWindow: 0)
    #expect(measurements.count(windows: 1) == 1)
    #expect(measurements.location == nil)
  }
}
