import ShapleyPrune
import Support
import Tensor
import Tokenizer
import Transformer

/// Shapley values of the embedded model's blocks over a sliding window of five, absent blocks pruned by Wanda.
enum ShapleyBenchmark: Benchmark {
  static let name = "shapley"
  static let summary = "Shapley values of the embedded model's 12 blocks, sliding window of 5"

  private static let windowLength = 5
  private static let tokensOfWindow = 256
  private static let windows = 2
  private static let samples = 16
  private static let sparsity = 0.7

  static func run(_ size: Size, _ session: Session) throws {
    let directory = try ModelDirectory(path: Resources.model)
    let model = try directory.loadModel()
    let tokenizer = try BPETokenizer(directory: Resources.model)
    func ids(_ name: String) throws -> [Int] { tokenizer.encode(try File.contents(of: Resources.text(name))) }
    let batch = TokenBatch(windowsOf: try ids("valid"), length: tokensOfWindow).first(windows)
    let calibration = try Calibration.samples(
      from: try ids("calibration"), count: samples, length: tokensOfWindow, seed: 0)
    let absence = try LayerGame.Absence.pruned(model, by: WandaPruner(), to: sparsity, calibration: calibration)

    func estimate() throws -> MemoisedGame<LayerGame> {
      var game = MemoisedGame(LayerGame(model, granularity: .blocks, windows: batch, absence: absence))
      Harness.consume(try SlidingWindowShapley(length: windowLength, placement: .centred).estimate(&game))
      return game
    }
    let game = try estimate()
    let identifier = "\(name)/kjv-llama/w\(windowLength)"
    try verify(game, model, absence, batch, identifier)
    let applied = game.game.forwardStepsAsked
    let work = Work(
      items: (Double(applied * batch.tokens.count), "block-tokens"),
      facts: [
        ("coalitions", game.evaluatedCount), ("blocksApplied", applied),
        ("blocksOfNaiveRun", game.evaluatedCount * game.playerCount),
      ])
    try session.measure(name, identifier, work) { try Harness.time(estimate) }
  }

  /// Values of coalitions, computed with shared work, against those of a model that is put together for each.
  ///
  /// Both do the same operations in the same order, so they agree to the bit. One coalition is computed on the reference kernel
  /// too; see `ForwardBenchmark` for how far two kernels may differ.
  private static func verify(
    _ game: MemoisedGame<LayerGame>, _ model: any CausalLM, _ absence: LayerGame.Absence, _ batch: TokenBatch,
    _ identifier: String
  ) throws {
    guard case .replaced(let pruned) = absence else { return }
    let coalitions = game.knownCoalitions()
    for coalition in stride(from: 0, to: coalitions.count, by: max(1, coalitions.count / 5)).map({ coalitions[$0] }) {
      var mixed = model
      for index in mixed.blocks.indices where !coalition.contains(index) {
        mixed.blocks[index] = pruned[index].block(model.blocks[index])
      }
      let found = game.knownValue(of: coalition) ?? .nan
      try Oracle.require(
        found, near: -mixed.perplexity(batch).meanNLL, within: 0, "\(identifier), the value of coalition \(coalition)")
    }
    let short = TokenBatch(windowsOf: batch.tokens, length: 16).first(1)
    let wanted = Kernel.$current.withValue(.reference) { model.perplexity(short).meanNLL }
    try Oracle.require(
      model.perplexity(short).meanNLL, near: wanted, within: ForwardBenchmark.tolerance(model),
      "\(identifier), the mean NLL of 16 tokens")
  }
}
