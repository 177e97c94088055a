import ShapleyPrune
import Support
import Synchronization
import TestSupport
import Testing
import Transformer

/// What a program does with the library: whole jobs on the embedded model, with few samples.
@Suite(.serialized) struct JobTests {
  private static let calibration = Path.join(Fixtures.repository, "Sources/svnup/Resources/kjv-text/calibration.txt")

  /// Keeps every note.
  private final class Notes: JobEvents {
    let all = Mutex<[String]>([])
    func note(_ text: String) { all.withLock { $0.append(text) } }
    func begin(_ label: String, unit: String) -> any JobProgress { Silence() }
  }

  private func job(to sparsity: Double = 0.7) throws -> PruneJob {
    var job = try PruneJob(
      ModelSource(Fixtures.embeddedModel), by: .sparseGPT(), to: .unstructured(sparsity),
      calibration: .text(Self.calibration))
    job.samples = 4
    job.sequenceLength = 64
    return job
  }

  /// A game of few coalitions.
  private var smallGame: GameSettings {
    var game = GameSettings()
    game.granularity = .blocks
    game.estimator = SlidingWindowShapley(length: 2)
    return game
  }

  @Test("What goes with a method: as published, or our best; N:M is the same for every linear")
  func recipes() throws {
    let source = try ModelSource(Fixtures.embeddedModel)
    func job(_ pruner: (any Pruner)?, _ pattern: SparsityPattern) -> PruneJob {
      guard let pruner else { return PruneJob(source, to: pattern, calibration: .text(Self.calibration)) }
      return PruneJob(source, by: pruner, to: pattern, calibration: .text(Self.calibration))
    }
    for pruner: (any Pruner)? in [nil, .admm(), .alps] {
      let best = job(pruner, .unstructured(0.7))
      #expect(best.pruner.name == pruner?.name ?? "admm")
      #expect(best.targets == .dense && best.sequencing == .stage)
      guard case .shapley(.game(let game, _), .usual, _) = best.allocation else {
        Issue.record("\(best.allocation) is not shared by values")
        continue
      }
      #expect(game.estimator.name == "diagonal")
      #expect(job(pruner, .structured(keep: 2, of: 4)).allocation.name == "uniform")
    }
    for pruner: any Pruner in [.magnitude, .wanda, .sparseGPT()] {
      let published = job(pruner, .unstructured(0.7))
      #expect(published.targets == .own && published.sequencing == .block)
      #expect(published.allocation.name == "uniform")
    }
  }

  @Test("A program prunes with a searched spread, goes on from its journal, and saves what verifies")
  func wholeJob() throws {
    try withTemporaryFolder { folder in
      let journal = Path.join(folder, "run.journal")
      let output = Path.join(folder, "pruned")
      var job = try job()
      job.allocation = .shapley(.game(smallGame, windows: 2), spread: .auto)
      job.evaluation = .text(Self.calibration)
      job.evaluationWindows = 2
      let notes = Notes()
      job.events = notes
      let result = try job.run(journal: journal)
      #expect(abs(result.record.sparsity - 0.7) < 0.001)
      #expect(result.record.allocation.tries?.count == 8)
      #expect(result.record.prunedPerplexity ?? 0 > result.record.densePerplexity ?? .infinity)
      try result.save(to: output)
      let found = try VerifyJob(output).run()
      #expect(found.sparsity == result.record.sparsity)
      // What it wrote reads back, key by key.
      let written = try Fixtures.json(Path.join(output, PruningRecord.fileName))
      let read = try PruningRecord(FieldReader(written, source: "svnup.json"))
      #expect(read.json.encoded() == written.encoded())
      #expect(notes.all.withLock { $0.contains { $0.hasPrefix("memory: about ") } })
      // The same job again evaluates nothing.
      let again = try job.run(journal: journal)
      #expect(notes.all.withLock { $0.contains { $0.contains("going on from") } })
      #expect(again.record.allocation.shapley?.values == result.record.allocation.shapley?.values)
    }
  }

  @Test("As many rows of ids are used as samples are asked for; other numbers are told in a note")
  func rowsOfSamples() throws {
    let rows = TokenBatch(tokens: (0..<6 * 32).map { $0 * 7 % 200 }, length: 32)
    for (asked, used, note) in [
      (4, 4, "the first 4 of its 6 rows are used"), (6, 6, nil), (9, 6, "6 samples are used; 9 were asked for"),
    ] as [(Int, Int, String?)] {
      var job = try job()
      job.calibration = .rows(rows)
      (job.samples, job.sequenceLength) = (asked, nil)
      let notes = Notes()
      job.events = notes
      #expect(try job.run().record.samples == used)
      let told = notes.all.withLock { $0.filter { $0.hasPrefix("the token ids") } }
      #expect(told.count == (note == nil ? 0 : 1))
      if let note { #expect(told.first?.contains(note) == true, "\(told)") }
    }
  }

  @Test("A second job into an output that is being written ends at once and says why; afterwards the name is free")
  func outputIsTaken() throws {
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      var job = try job()
      job.output = output
      do {
        let first = try OutputFolder(output, inputs: [], replacing: false)
        let error = try? thrown(FileError.self) { try job.run() }
        #expect(error?.failureKind == .interrupted)
        withExtendedLifetime(first) {}
      }
      #expect(try FileSystem.list(folder).isEmpty)
      // What a killed process leaves is in nobody's way.
      try FileSystem.createLockFile(Path.join(folder, ".pruned.svnup-lock"))
      try job.run().save()
      #expect(try FileSystem.list(folder) == ["pruned"])
    }
  }

  @Test("An estimator and a method of pruning of a program's own are written and read by their names")
  func registered() throws {
    Registries.estimators.register(LeaveOneOut.self)
    Registries.pruners.register(EveryOther.self)
    #expect(Registries.estimators.names == ["exact", "window", "permutation", "diagonal", "leave-one-out"])
    try withTemporaryFolder { folder in
      let output = Path.join(folder, "pruned")
      var job = try PruneJob(
        ModelSource(Fixtures.embeddedModel), by: EveryOther(phase: 1), to: .unstructured(0.5),
        calibration: .text(Self.calibration))
      job.samples = 4
      job.sequenceLength = 64
      var game = smallGame
      game.estimator = try #require(Registries.estimators["leave-one-out"])
      job.allocation = .shapley(.game(game, windows: 2))
      try job.run().save(to: output)
      let read = try PruningRecord(FieldReader(file: Path.join(output, PruningRecord.fileName)))
      #expect((read.pruner as? EveryOther)?.phase == 1)
      #expect(read.allocation.shapley?.values.estimator is LeaveOneOut)
      #expect(try VerifyJob(output).run().zeros > 0)
    }
  }

  @Test("A setting that cannot be carried out is named, before anything is computed")
  func settings() throws {
    var long = try job()
    long.sequenceLength = 1 << 20
    #expect(throws: SettingError.self) { try long.run() }
    do { _ = try long.run() } catch let error as SettingError {
      #expect(error.setting == .sequenceLength && error.value == "1048576")
    }
    let bare = try PruneJob(ModelSource(Fixtures.embeddedModel), by: .wanda, to: .unstructured(0.5))
    #expect(throws: SettingError.self) { try bare.run() }
    var spread = try PruneJob(ModelSource(Fixtures.embeddedModel), by: .magnitude, to: .structured(keep: 2, of: 4))
    spread.allocation = .owl()
    #expect(throws: SettingError.self) { try spread.run() }
    for (path, setting) in [
      (\BenchJob.rounds, "rounds"), (\BenchJob.tokens, "tokens"), (\BenchJob.promptTokens!, "promptTokens"),
    ] as [(WritableKeyPath<BenchJob, Int>, String)] {
      for value in [0, Int.min] {
        var bench = try BenchJob(ModelSource(Fixtures.embeddedModel))
        bench.promptTokens = 1
        bench[keyPath: path] = value
        do {
          _ = try bench.run()
          Issue.record("\(setting) \(value)")
        } catch let error as SettingError { #expect(error.setting.rawValue == setting) }
      }
    }
    var bench = try BenchJob(ModelSource(Fixtures.embeddedModel))
    bench.tokens = .max
    #expect(throws: SettingError.self) { try bench.run() }
  }

  @Test("A seed may be any number")
  func seeds() throws {
    var job = try job()
    job.seed = -1
    #expect(try job.run().record.sparsity > 0.69)
  }

  @Test("A comparison's file may not tell of times that nobody has waited for")
  func seconds() throws {
    let file = CompareTaskFile(path: "task.json", identity: ["svnup": "test"])
    #expect(try file.parse(file.text(.init(result: .null, seconds: 1e9))).seconds == 1e9)
    #expect(throws: DocumentError.self) { try file.parse(file.text(.init(result: .null, seconds: 1.1e9))) }
  }

  @Test("A plan that is worked and merged gives the values of the whole job, and is of this build of the program")
  func planned() throws {
    try withTemporaryFolder { folder in
      var job = try ShapleyJob(ModelSource(Fixtures.embeddedModel), data: .text(Self.calibration))
      job.settings = smallGame
      job.settings.probe = nil
      job.windows = 2
      job.sequenceLength = 64
      let path = Path.join(folder, "plan.json")
      let written = try job.plan(shards: 3)
      try written.write(to: path)
      let executable = written.document["identity"]?["executable"]?.text
      #expect(try executable == SHA256.hexadecimal(ofFile: #require(Process.executablePath)))
      let plan = try ShardPlan(path)
      #expect(plan.document.encoded() == written.document.encoded())
      let shards = Path.join(folder, "shards")
      guard case .missing(let missing) = try plan.merge(shards) else { throw FileError.exists(shards) }
      #expect(missing == [0, 1, 2])
      for shard in missing { try plan.work(on: shard, into: shards) }
      guard case .values(let merged) = try plan.merge(shards) else { throw FileError.exists(shards) }
      #expect(try merged.json.encoded() == job.run().record.json.encoded())
    }
  }

  @Test("The records of DLP and AlphaPruning read back; only the former needs a text")
  func baselines() throws {
    try withTemporaryFolder { folder in
      for (allocation, spread) in [
        (.dlp(spread: 0.1), 0.1), (.alphaPruning(), AlphaPruning.usualSpread),
        (.alphaPruning(spread: 0.2, tail: .half), 0.2),
      ] as [(Allocation, Double)] {
        var job = try PruneJob(ModelSource(Fixtures.embeddedModel), by: .magnitude, to: .unstructured(0.6))
        job.allocation = allocation
        if case .dlp = allocation {
          #expect(throws: SettingError.self) { try job.run() }
          job.calibration = .text(Self.calibration)
          (job.samples, job.sequenceLength) = (4, 64)
        }
        let output = Path.join(folder, "\(allocation.name)-\(spread)")
        try job.run().save(to: output)
        let read = try PruningRecord(FieldReader(file: Path.join(output, PruningRecord.fileName)))
        #expect(read.allocation.rule == allocation.name && read.allocation.spread == spread)
        #expect(abs(read.sparsity - 0.6) < 0.001)
        if case .alphaPruning(_, let tail) = allocation {
          #expect(read.allocation.tail == tail && read.allocation.hillExponents?.count == 12)
          #expect(read.allocation.relativeImportances == nil)
        } else {
          #expect(read.allocation.relativeImportances?.count == 12 && read.allocation.hillExponents == nil)
        }
        #expect(try VerifyJob(output).run().zeros > 0)
      }
    }
  }

  @Test("A token stops the job, and the same job goes on from its journal to the same values")
  func stopped() throws {
    try withTemporaryFolder { folder in
      let journal = Path.join(folder, "values.journal")
      var job = try ShapleyJob(ModelSource(Fixtures.embeddedModel), data: .text(Self.calibration))
      job.settings = smallGame
      job.settings.probe = nil
      job.windows = 2
      job.sequenceLength = 64
      let whole = try job.run().record
      let asked = Mutex(0)
      job.stop = StopToken(polling: {
        asked.withLock { asked in
          asked += 1
          return asked > 40
        }
      })
      #expect(throws: Interruption.self) { try job.run(journal: journal) }
      job.stop = StopToken()
      let resumed = try job.run(journal: journal)
      #expect(resumed.record.values == whole.values)
      #expect(resumed.cost.restored > 0)
    }
  }
}

/// What is lost without each player alone.
private struct LeaveOneOut: ShapleyEstimator {
  static let name = "leave-one-out"
  static let settings: [Setting<LeaveOneOut>] = []

  func check(playerCount: Int) throws(EstimatorError) {}

  func coalitions(playerCount: Int) throws(EstimatorError) -> [Coalition]? {
    let all = Coalition.full(playerCount)
    return Set((0..<playerCount).map(all.removing) + [all, .empty(playerCount)]).sorted()
  }

  func estimate<G: Game>(_ game: inout MemoisedGame<G>) throws -> ShapleyValues {
    let players = game.playerCount
    let all = Coalition.full(players)
    let values = try game.values(of: (0..<players).map(all.removing) + [all, .empty(players)])
    return ShapleyValues(
      values: values[..<players].map { values[players] - $0 }, emptyValue: values[players + 1],
      grandValue: values[players], evaluations: players + 1, coalitionsAsked: 2 * players, estimator: self)
  }
}

/// Prunes by magnitude, and has a setting.
private struct EveryOther: Pruner {
  static let name = "every-other"
  static let settings: [Setting<EveryOther>] = [.integer("phase", \.phase)]
  var phase = 0

  init() {}
  init(phase: Int) { self.phase = phase }

  let statistics = StatisticsKind.none

  func criterion(for statistics: InputStatistics, linear: String) throws(PruningError) -> any PruningCriterion {
    try MagnitudePruner().criterion(for: statistics, linear: linear)
  }
}
