import ShapleyPrune
import Support
import TestSupport
import Testing
import Transformer

/// Settings that no command would give, and those that only a program has.
@Suite struct JobSettingTests {
  private static let calibration = Path.join(Fixtures.repository, "Sources/svnup/Resources/kjv-text/calibration.txt")
  private let text = Corpus.text(JobSettingTests.calibration)

  private func setting(_ body: () throws -> Void) throws -> SettingError.Setting {
    try thrown(SettingError.self, body).setting
  }

  @Test("A count that is none, and a number outside of its range, is answered by its name and not by a trap")
  func refusals() throws {
    let model = try ModelSource(Fixtures.embeddedModel)
    for count in [0, -1] {
      var perplexity = PerplexityJob(model, data: text)
      perplexity.windows = count
      #expect(try setting { _ = try perplexity.run() } == .windows)
      var pruning = PruneJob(model, by: .wanda, to: .unstructured(0.5), calibration: text)
      pruning.evaluationWindows = count
      #expect(try setting { _ = try pruning.run() } == .windows)
      pruning.evaluationWindows = nil
      pruning.sequenceLength = count + 1
      #expect(try setting { _ = try pruning.run() } == .sequenceLength)
      pruning.allocation = .shapley(.game(GameSettings(), windows: count))
      #expect(try setting { _ = try pruning.run() } == .valueWindows)
      var values = ShapleyJob(model, data: text)
      #expect(try setting { _ = try values.plan(shards: count) } == .shards)
      values.samples = count
      #expect(try setting { _ = try values.run() } == .samples)
      for pruner: any Pruner in [.admm(iterations: count), .admm(penalty: -1), .sparseGPT(dampening: .nan)] {
        let job = PruneJob(model, by: pruner, to: .unstructured(0.5), calibration: text)
        #expect(try setting { _ = try job.run() } == .method)
      }
      var compare = CompareJob([model], calibration: text, evaluations: [text])
      compare.evaluationWindows = count
      #expect(try setting { _ = try compare.plan(in: "/nowhere") } == .windows)
    }
    var values = ShapleyJob(model, data: text)
    values.settings.probe = nil
    #expect(try setting { _ = try values.run() } == .players)
    func generate(_ change: (inout GenerateJob) -> Void) throws -> SettingError.Setting {
      var job = GenerateJob(model)
      change(&job)
      return try setting { _ = try job.run("In the") }
    }
    #expect(try generate { $0.limit = -1 } == .tokens)
    #expect(try generate { $0.sampling.temperature = .nan } == .temperature)
    #expect(try generate { $0.sampling.topP = 0 } == .topP)
    #expect(try generate { $0.sampling.minP = 2 } == .minP)
    #expect(try generate { $0.sampling.repetitionPenalty = 0 } == .repetitionPenalty)
  }

  @Test("A program prunes by an allocation of its own, and reads what became of every linear")
  func ownAllocation() throws {
    let source = try ModelSource(Fixtures.embeddedModel)
    let model = try source.load()
    let players = Granularity.sublayers.cut(model)
    let shares = players.map { $0.part == "mlp" ? 0.25 : 0.75 }
    var job = PruneJob(source, by: .magnitude, to: nil)
    job.allocation = .given(AllocationFile(try SparsityAllocation(shares), for: players, .sublayers))
    let record = try job.run().record
    #expect(record.blocks.count == model.blocks.count)
    for block in record.blocks {
      #expect(block.namedLinears.count == 7)
      for (name, linear) in block.namedLinears {
        let target = name.hasPrefix("mlp") ? 0.25 : 0.75
        #expect(linear.target == target && linear.zeros == Int(target * Double(linear.count)), "\(name)")
      }
    }
  }
}
