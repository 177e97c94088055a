import ShapleyPrune
import Support
import Transformer

/// A request whose files have been read, all but the weights: everything that decides about the values.
struct ShapleyTask {
  let source: ModelSource
  let game: ShapleyGame
  let memory: MemoryPlan
  /// Opens a request's files, hashes them, and cuts windows and samples.
  init(_ request: ShapleyRequest, console: Console) throws {
    let source = try ModelSource(request.model)
    self.source = source
    let settings = request.settings
    try settings.check(playerCount: settings.playerCount(source))
    let windows = try Corpus(request.data, for: source).windows(length: request.length).first(request.windowLimit)
    let samples = try request.calibration.map {
      try Corpus($0, for: source).samples(count: request.samples, length: request.length, seed: request.seed)
    }
    memory = try MemoryPlan(
      source, limit: request.memoryLimit, length: max(windows.length, samples?.length ?? 0),
      storesStates: settings.probe.map { $0.pruner.statistics > .none } ?? false
    ) { $0.game(settings, windows: Samples(windows), calibration: samples.map(Samples.init)) }
    let hashes = JSON(
      members: try PruningRecord.hashes(
        source, texts: [("data", request.data), ("calibration", request.calibration)], console: console))
    game = ShapleyGame(settings: settings, windows: windows, calibration: samples, hashes: hashes)
  }

  /// What decides about the values.
  var identity: JSON { game.identity(memory.memory) }

  /// What a journal of these values begins with.
  var header: JournalContents.Header {
    game.header(memory.memory, playerCount: game.settings.playerCount(source))
  }
}
