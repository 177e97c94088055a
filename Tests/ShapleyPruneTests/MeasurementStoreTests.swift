import ShapleyPrune
import Support
import Synchronization
import TestSupport
import Testing
import Transformer

/// A game that goes on where another was cut off.
@Suite struct LedgerTests {
  /// Entries in the order in which they came; the run ends when so many are there.
  private final class Notebook: MeasurementStore {
    let entries: Mutex<[JournalRecord]>
    let limit: Int
    struct Full: Error {}

    init(_ entries: [JournalRecord] = [], limit: Int = .max) {
      self.entries = Mutex(entries)
      self.limit = limit
    }

    func means(of coalition: Coalition, windows: Range<Int>) -> [Double]? {
      entries.withLock {
        $0.first {
          $0.coalition == coalition && $0.firstWindow == windows.lowerBound && $0.means.count == windows.count
        }
      }?.means
    }

    func count(windows: Int) -> Int { 0 }

    func proceed() throws { if entries.withLock(\.count) >= limit { throw Full() } }

    func enter(_ means: [Double], of coalition: Coalition, firstWindow: Int) {
      entries.withLock { $0.append(JournalRecord(coalition, firstWindow: firstWindow, means: means)) }
    }
  }

  @Test("Cut off after any number of records, a game ends with the same bits and measures nothing twice")
  func resuming() throws {
    let model = try TinyModels.load("llama3-gqa")
    let windows = randomTokens(7, 64, below: 512)
    // Three strips: what is known differs from one to the next.
    let memory = WorkingMemory(stripRows: 192)
    let coalitions = LayerGameTests.all
    func values(_ ledger: Notebook) throws -> [Double] {
      var game = LayerGame(model, windows: windows, absence: .bypassed, memory: memory, ledger: ledger)
      return try game.values(of: coalitions)
    }
    let whole = Notebook()
    let expected = try values(whole)
    var plain = LayerGame(model, windows: windows, absence: .bypassed)
    #expect(try plain.values(of: coalitions) == expected)
    let all = whole.entries.withLock(\.self)
    #expect(all.count == 3 * coalitions.count)
    for limit in 0..<all.count {
      let cut = Notebook(limit: limit)
      #expect(throws: Notebook.Full.self) { try values(cut) }
      let kept = cut.entries.withLock(\.self)
      // A coalition that shares its last stage with another arrives with it; none is lost or made up.
      #expect(kept == Array(all.prefix(kept.count)) && kept.count >= limit)
      let resumed = Notebook(kept)
      #expect(try values(resumed) == expected)
      #expect(resumed.entries.withLock(\.count) == all.count)
    }
  }

  @Test("A game whose values are all known applies nothing")
  func nothingToDo() throws {
    let model = try TinyModels.load("opt-125m")
    let windows = randomTokens(2, 32, below: 512)
    let notebook = Notebook()
    var first = LayerGame(model, windows: windows, absence: .bypassed, ledger: notebook)
    let expected = try first.values(of: LayerGameTests.all)
    var steps = 0
    var second = LayerGame(model, windows: windows, absence: .bypassed, ledger: notebook) { _, _ in steps += 1 }
    #expect(try second.values(of: LayerGameTests.all) == expected)
    #expect(steps == 0)
    #expect(second.stagesAsked == first.stagesAsked)
  }

  @Test(
    "Shards cover the coalitions in order, none empty, at about equal cost", arguments: [12, 24, 32], [1, 2, 7, 40])
  func shards(_ players: Int, _ count: Int) throws {
    let coalitions = try #require(try SlidingWindowShapley(length: 5).coalitions(playerCount: players))
    let ranges = Shards.ranges(of: coalitions, count: count)
    #expect(ranges.count == count)
    #expect(ranges.flatMap(\.self) == Array(coalitions.indices))
    #expect(ranges.allSatisfy { !$0.isEmpty })
    let costs = ranges.map { range in
      range.reduce(0) { sum, index in
        let previous = index == 0 ? nil : coalitions[index - 1]
        let shared = (0..<players).first { coalitions[index].contains($0) != previous?.contains($0) } ?? players
        return sum + players - (previous == nil ? 0 : shared)
      }
    }
    let mean = Double(costs.reduce(0, +)) / Double(count)
    // No more than one coalition's cost from the share.
    #expect(costs.allSatisfy { abs(Double($0) - mean) <= Double(players) + 1 }, "\(costs)")
    let most = Shards.ranges(of: coalitions, count: coalitions.count)
    #expect(most.allSatisfy { $0.count == 1 })
  }
}
