import Support
import Tensor
import Transformer

/// The way of one player from the text to its weights: what takes its place, what it adds to every coalition of its windows, how its
/// derivatives add up, which sparsity follows, and what that does to it.
///
/// Every number comes from the estimators, the allocation and the pruner that a pruning runs.
///
///     var job = try ExplainJob(ModelSource("opt-125m"), data: .text("valid.txt"))
///     job.player = "3.fc2"
///     print(try job.run().value)
public struct ExplainJob: Sendable {
  /// Samples that are taken unless said otherwise.
  public static let usualSamples = 8

  /// The model.
  public var model: ModelSource
  /// The text from which samples are drawn; everything is measured and calibrated on them.
  public var data: Corpus
  /// The player's name, such as `3.down`; nil for the one that is worth most a weight.
  public var player: String?
  /// The method of pruning.
  public var pruner: any Pruner = PruneRecipe.usualPruner
  /// The sparsity of the model as a whole.
  public var sparsity = GameSettings.Probe.usualSparsity
  /// Who plays.
  public var granularity = GameSettings().granularity
  /// Samples to draw from the text.
  public var samples = ExplainJob.usualSamples
  /// Where they are drawn.
  public var seed = 0
  /// Tokens of a sample; nil for the model's positions, at most 2,048.
  public var sequenceLength: Int?
  /// The windows of players that the walk goes through.
  public var estimator = SlidingWindowShapley()
  /// The derivatives that the values of all players come from.
  public var diagonal = DiagonalShapley()
  /// Bytes that the run may take; nil for no limit.
  public var memoryLimit: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()

  /// A walk with the usual settings.
  public init(_ model: ModelSource, data: Corpus) {
    self.model = model
    self.data = data
  }

  /// Walks.
  ///
  /// Throws `SettingError` for a player that the model does not have, what reading the files throws, `PruningError`, and what a game
  /// throws.
  public func run() throws -> Explanation {
    var pruning = PruneJob(model, by: pruner, to: .unstructured(sparsity), calibration: data)
    var settings = GameSettings()
    (settings.estimator, settings.granularity) = (diagonal, granularity)
    pruning.allocation = .shapley(.game(settings, windows: samples))
    pruning.samples = samples
    pruning.seed = seed
    pruning.sequenceLength = sequenceLength
    pruning.memoryLimit = memoryLimit
    pruning.events = events
    try pruning.check()
    try checkPlayer()
    let run = try PruneRun(pruning)
    run.budget.announce(events)
    let model = try model.load(events: events)
    let players = granularity.cut(model)
    guard let prepared = run.game else { preconditionFailure("values of a game are taken") }
    // What is measured for the values of all is not measured again for the one.
    let store = MeasurementsInMemory()
    let (game, record) = try events.during("Shapley values", unit: granularity.applications) { update in
      var game = MemoisedGame(try prepared.game(model, for: nil, measurements: store, progress: update))
      let values = try diagonal.estimate(&game)
      return (game, prepared.record(of: values, players, game))
    }
    let shared = try SharedSparsity.shapley(record, model, target: sparsity, ImportanceMap())
    let index = try index(among: players, record)
    var walk = Explanation(
      player: players[index], players: players.map(\.name), record: record, shared: shared, index: index,
      text: prepared.text)
    try describeAbsence(&walk, game.game, model)
    try events.during("windows", unit: granularity.applications) { update in
      var game = MemoisedGame(try prepared.game(model, for: nil, measurements: store, progress: update))
      walk.windows = try estimator.contributions(of: index, in: &game).map { window, terms in
        Explanation.Window(players: window.map { players[$0].name }, player: index - window.lowerBound, terms: terms)
      }
      let nodes = GaussLegendre(count: diagonal.nodes).nodes
      walk.path = zip(nodes, try game.derivatives(at: nodes.map(\.position)) ?? []).map {
        Explanation.Node(presence: $0.position, weight: $0.weight, derivative: $1[index])
      }
    }
    walk.memory = run.budget
    walk.effects = try run.effects(on: players[index], model, shared)
    return walk
  }

  /// Throws where the model has no player of the name.
  private func checkPlayer() throws(SettingError) {
    let names = granularity.names(in: model.directory)
    guard let first = names.first, let last = names.last else {
      throw SettingError(.player, player, "the model has no players")
    }
    guard let player, !names.contains(player) else { return }
    let others = Granularity.allCases.filter { $0.names(in: model.directory).contains(player) }
    let remedy = others.first.map { "; among the players '\($0.rawValue)' there is one of this name" } ?? ""
    throw SettingError(.player, player, "the players are \(first) to \(last)\(remedy)")
  }

  private func index(among players: [Player], _ record: ShapleyRecord) throws -> Int {
    if let index = players.firstIndex(where: { $0.name == player }) { return index }
    let each = try SparsityAllocation.perWeight(record.values.values, parameters: players.map(\.parameters))
    return each.indices.max { each[$0] < each[$1] } ?? 0
  }

  /// Tells what takes the player's place while it is absent.
  private func describeAbsence(_ walk: inout Explanation, _ game: LayerGame, _ model: any CausalLM) throws {
    guard case .replaced(let forms) = game.absence, forms.indices.contains(walk.player.block) else { return }
    let dense = model.blocks[walk.player.block]
    let pruned = forms[walk.player.block].block(dense, roles: walk.player.roles)
    walk.absence = walk.player.roles.map { role in
      let (before, after) = (dense[role].weight.widened(), pruned[role].weight.widened())
      return Explanation.Absence(
        linear: role, tensor: "\(dense[role].name)", rows: before.rows, columns: before.columns,
        zeros: pruned[role].weight.zeroCount,
        change: before.squaredNorm > 0 ? (after.squaredDistance(to: before) / before.squaredNorm).squareRoot() : 0)
    }
  }
}

extension PruneRun {
  /// Prunes the model up to a player's block, and tells what became of the player's linears.
  fileprivate func effects(
    on player: Player, _ model: any CausalLM, _ shared: SharedSparsity
  ) throws -> [Explanation.Effect] {
    var pruner = job.modelPruner(budget.memory)
    if job.weighting == .gradient { pruner.sensitivity = try sensitivity(of: model) }
    // Later blocks do not change what becomes of earlier ones.
    var pruned = model
    pruned.blocks = Array(model.blocks.prefix(player.block + 1))
    let samples = calibration ?? .none
    _ = try job.events.during(job.pruner.name, unit: "blocks") {
      try pruner.prune(
        &pruned, patterns: Array(shared.patterns.prefix(player.block + 1)), calibration: samples, progress: $0)
    }
    // The outputs, for the inputs that the player sees in the pruned model, a strip at a time.
    let linears = player.roles.map { (before: model.blocks[player.block][$0], after: pruned.blocks[player.block][$0]) }
    var errors = player.roles.map { _ in (squares: 0.0, norm: 0.0) }
    for strip in samples.strips(ofRows: budget.memory.stripRows) {
      MemoryPool.shared.phase {
        var hidden = pruned.embed(strip)
        for (index, block) in pruned.blocks.enumerated() {
          block.apply(to: &hidden, sequences: strip.sequences) { seen, roles in
            guard index == player.block else { return }
            for (place, role) in player.roles.enumerated() where roles.contains(role) {
              let wanted = matmul(seen, transposed: linears[place].before.weight)
              errors[place].squares += matmul(seen, transposed: linears[place].after.weight).squaredDistance(to: wanted)
              errors[place].norm += wanted.squaredNorm
            }
          }
        }
      }
    }
    return player.roles.indices.map { place in
      let role = player.roles[place]
      return Explanation.Effect(
        linear: role, sparsity: shared.patterns[player.block][role].sparsity,
        before: linears[place].before.weight.widened(), after: linears[place].after.weight.widened(),
        outputError: errors[place].norm > 0 ? (errors[place].squares / errors[place].norm).squareRoot() : 0)
    }
  }
}

extension Matrix {
  /// The sum of squares.
  fileprivate var squaredNorm: Double {
    var sum = 0.0
    withElements { x in for i in 0..<rows * columns { sum += Double(x[i]) * Double(x[i]) } }
    return sum
  }

  /// The sum of squared differences to a matrix of the same shape.
  fileprivate func squaredDistance(to other: Matrix) -> Double {
    var sum = 0.0
    withElements { x in
      other.withElements { y in
        for i in 0..<rows * columns {
          let difference = Double(x[i]) - Double(y[i])
          sum += difference * difference
        }
      }
    }
    return sum
  }
}
