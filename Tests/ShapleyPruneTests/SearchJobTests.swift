import ShapleyPrune
import Support
import Synchronization
import TestSupport
import Testing
import Transformer

/// Whole jobs that search for their allocation, on a tiny random model.
@Suite(.serialized) struct SearchJobTests {
  /// Keeps every note.
  private final class Notes: JobEvents {
    let all = Mutex<[String]>([])
    func note(_ text: String) { all.withLock { $0.append(text) } }
    func begin(_ label: String, unit: String) -> any JobProgress { Silence() }
    func contains(_ text: String) -> Bool { all.withLock { $0.contains { $0.contains(text) } } }
  }

  private func job(
    by pruner: some Pruner = .wanda, generations: Int = 6, from start: AllocationSearch.Start = .uniform
  ) throws -> PruneJob {
    var job = try PruneJob(
      ModelSource(Fixtures.path("random-models/llama3-gqa")), by: pruner, to: .unstructured(0.6),
      calibration: .rows(TinyModels.calibration()))
    job.samples = 6
    job.allocation = .search(AllocationSearch(generations: generations, from: start))
    return job
  }

  private func zeros(_ record: PruningRecord) -> [Int] { record.blocks.flatMap { $0.linears.map(\.value.zeros) } }

  /// What the allocation of a search asks for, in all.
  private func asked(_ record: PruningRecord) throws -> Int {
    let targets = record.blocks.flatMap { $0.linears.map { CountingRule.exact.count($0.value.count, $0.value.target) } }
    return targets.reduce(0, +)
  }

  @Test("A search keeps the number of zeros to the weight, makes the divergence smaller, and its record reads back")
  func record() throws {
    let pruners: [any Pruner] = [.magnitude, .sparseGPT(), .admm()]
    for pruner in pruners {
      let uniform = try withPruner(pruner) { job in job.allocation = .uniform }
      let found = try withPruner(pruner) { _ in }
      #expect(try asked(found) == asked(uniform))
      let allocation = found.allocation
      #expect(allocation.rule == "search")
      let search = try #require(allocation.search)
      #expect(search.generations == 6 && search.start == .uniform && search.step > 0)
      #expect(search.windows == [1, 4, 6] && search.heldBack == 3)
      // Of sixteen rows three are held back; what is pruned in the end sees as many as were asked for.
      #expect(search.accepted > 0 && search.divergence < search.startDivergence)
      let (start, end) = (try #require(search.startPerplexity), try #require(search.perplexity))
      #expect((search.kept == .found) == (end < start))
      if search.kept == .start {
        #expect(zeros(found) == zeros(uniform))
      } else {
        #expect(zeros(found) != zeros(uniform))
      }
      let read = try PruningRecord(FieldReader(found.json, source: "svnup.json"))
      #expect(read.json.encoded() == found.json.encoded())
      #expect(found.samples == 6)
    }
  }

  private func withPruner(_ pruner: any Pruner, _ change: (inout PruneJob) -> Void) throws -> PruningRecord {
    func run(_ pruner: some Pruner) throws -> PruningRecord {
      var job = try job(by: pruner)
      change(&job)
      return try job.run().record
    }
    return try run(pruner)
  }

  @Test("Nothing to search: at sparsity 0 and 1 every step is forbidden, and the start is kept with a note")
  func nothingToMove() throws {
    for sparsity in [0.0, 1] {
      var job = try job(generations: 2)
      job.pattern = .unstructured(sparsity)
      let notes = Notes()
      job.events = notes
      let record = try job.run().record
      #expect(record.sparsity == sparsity)
      #expect(record.allocation.search?.kept == .start && record.allocation.search?.accepted == 0)
      #expect(record.allocation.search?.startPerplexity == nil)
      #expect(notes.contains("so the start is kept"))
    }
  }

  @Test("The result is the same to the bit for any number of threads", arguments: [2, 5])
  func threads(count: Int) throws {
    let one = try Parallel.$threadCount.withValue(1) { try job(by: .sparseGPT()).run() }
    let many = try Parallel.$threadCount.withValue(count) { try job(by: .sparseGPT()).run() }
    #expect(many.record.json.encoded() == one.record.json.encoded())
    for (a, b) in zip(one.model.blocks, many.model.blocks) {
      for role in a.roles { #expect(a[role].weight.widened() == b[role].weight.widened()) }
    }
  }

  @Test("Stopped at any candidate, the same job goes on from its journal to the same result, for any start")
  func interrupted() throws {
    try withTemporaryFolder { folder in
      var game = GameSettings()
      game.granularity = .blocks
      let starts: [AllocationSearch.Start] = [.uniform, .values(.game(game, windows: 2))]
      for (index, start) in starts.enumerated() {
        let whole = try job(from: start).run().record
        let path = Path.join(folder, "\(index).journal")
        var generator = SeededGenerator(seed: 4)
        var stops = 0
        while true {
          var job = try job(from: start)
          let left = Mutex(30 + generator.below(60))
          job.stop = StopToken(polling: {
            left.withLock {
              $0 -= 1; return $0 < 0
            }
          })
          do {
            let record = try job.run(journal: path).record
            #expect(record.json.encoded() == whole.json.encoded())
            break
          } catch let error as Interruption {
            stops += 1
            #expect(error.location?.hasPrefix(path) == true)
            try #require(stops < 50)
          }
        }
        #expect(stops > 1)
        // Cut anywhere, it is the same again; a search of fewer generations takes what it needs.
        let bytes = try File.contents(of: path + ".search")
        for length in [0, 10, bytes.count / 3, bytes.count / 2, bytes.count - 1] {
          try File.replace(path + ".search", with: Array(bytes[..<length]))
          let notes = Notes()
          var job = try job(from: start)
          job.events = notes
          #expect(try job.run(journal: path).record.json.encoded() == whole.json.encoded())
          #expect(notes.contains("going on from generation") == (length > bytes.count / 4))
        }
        let fewer = try job(generations: 3, from: start).run().record
        let cut = try job(generations: 3, from: start).run(journal: path).record
        #expect(cut.json.encoded() == fewer.json.encoded())
        // Another seed is another search.
        var other = try job(from: start)
        other.seed = 5
        #expect(throws: JournalError.self) { try other.run(journal: path) }
      }
    }
  }

  @Test("An interruption without a journal says that nothing was kept")
  func nothingKept() throws {
    var job = try job()
    let left = Mutex(20)
    job.stop = StopToken(polling: {
      left.withLock {
        $0 -= 1; return $0 < 0
      }
    })
    let error = try? thrown(Interruption.self) { try job.run() }
    #expect(error?.description == "interrupted; nothing was kept")
  }

  @Test("The journal beside an output goes when the output is complete")
  func journalIsRemoved() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      var job = try job(generations: 2)
      job.output = output
      let result = try job.run()
      #expect(FileSystem.exists(output + ".journal.search"))
      try result.save()
      #expect(!FileSystem.exists(output + ".journal.search"))
      #expect(try VerifyJob(output).run().sparsity == result.record.sparsity)
    }
  }

  @Test("What a search cannot do is told before anything is computed")
  func refusals() throws {
    for generations in [0, -1, 10_001] {
      let error = try? thrown(SettingError.self) { try self.job(generations: generations).run() }
      #expect(error?.setting == .generations)
    }
    var job = try job()
    job.pattern = .structured(keep: 2, of: 4)
    #expect(throws: SettingError.self) { try job.run() }
    job = try self.job(by: .magnitude)
    job.calibration = nil
    #expect(throws: SettingError.self) { try job.run() }
    // Four windows are too few to hold one back.
    job = try self.job()
    job.calibration = .rows(try TinyModels.calibration().first(4))
    #expect(throws: (any Error).self) { try job.run() }
  }
}
