import Support
import Transformer

/// A way of pruning, which is a row of a table.
struct CompareRow: Sendable {
  let pruner: any Pruner
  let recipe: CompareJob.RecipeChoice
  let rule: CompareJob.Rule
  /// The game for Shapley values, apart from the sparsity of its probe; nil for the other rules.
  let game: GameSettings?

  /// The row as records have it.
  var json: JSON {
    var members: [(String, JSON)] = [("method", JSON(pruner.name))]
    members += pruner.settingMembers
    members += [
      ("recipe", JSON(recipe.rawValue)), ("allocation", JSON(rule.rawValue)),
      ("estimator", game.map { JSON($0.estimator.name) } ?? .null),
      ("estimatorSettings", game.map { JSON(members: $0.estimator.settingMembers) } ?? .null),
      ("players", game.map { JSON($0.granularity.rawValue) } ?? .null),
    ]
    return JSON(members: members)
  }

  /// Whether two rows differ in the rule only, so that one is what the other is compared with.
  func isSameMethod(as other: CompareRow) -> Bool {
    recipe == other.recipe && pruner.name == other.pruner.name
      && JSON(members: pruner.settingMembers).encoded() == JSON(members: other.pruner.settingMembers).encoded()
  }
}

/// A model that is pruned in one way.
struct CompareCell: Hashable, Sendable {
  let row: Int
  let model: Int
  let target: Int
  let seed: Int
}

/// A piece of work: something to measure on a dense model, or a cell.
enum CompareTask: Hashable, Sendable {
  /// The perplexity of a model as it is, on every text.
  case dense(model: Int)
  /// What several cells need, of which this is one.
  case part(DensePart, of: CompareCell)
  case cell(CompareCell)
}

/// Something that is measured on a dense model for a pruning.
enum DensePart: String, CaseIterable, Sendable {
  case values, outlierRatios, medianScores, hillExponents, sensitivity

  /// What it is for people.
  var words: String {
    switch self {
    case .values: "Shapley values"
    case .outlierRatios: "outlier ratios"
    case .medianScores: "median scores"
    case .hillExponents: "Hill exponents"
    case .sensitivity: "sensitivity"
    }
  }
}

/// The grid of a job: its rows, its cells, and the tasks that they take, in the order in which they are done.
struct CompareGrid: Sendable {
  let job: CompareJob
  let rows: [CompareRow]
  let cells: [CompareCell]
  /// The model's measurements come before its cells; whatever several cells share is there once.
  private(set) var tasks: [CompareTask] = []

  /// - Parameter identity: what decides about the result of a part, by which parts are told apart.
  init(_ job: CompareJob, identity: (CompareGrid, CompareTask) -> String) {
    self.job = job
    // N:M is the same for every linear, so that there is nothing to share.
    func takes(_ rule: CompareJob.Rule, _ target: SparsityPattern) -> Bool { rule == .uniform || target.groups == nil }
    var rows: [CompareRow] = []
    for pruner in job.methods {
      for recipe in job.recipes {
        for rule in job.rules where job.targets.contains(where: { takes(rule, $0) }) {
          guard rule == .shapley else {
            rows.append(CompareRow(pruner: pruner, recipe: recipe, rule: rule, game: nil))
            continue
          }
          let usual = recipe.recipe(for: pruner).estimator
          for estimator in job.estimators.isEmpty ? [usual] : job.estimators {
            for granularity in job.granularities {
              var game = GameSettings()
              (game.estimator, game.granularity) = (estimator, granularity)
              rows.append(CompareRow(pruner: pruner, recipe: recipe, rule: rule, game: game))
            }
          }
        }
      }
    }
    self.rows = rows
    var cells: [CompareCell] = []
    for model in job.models.indices {
      for target in job.targets.indices {
        for seed in 0..<job.seeds {
          for (index, row) in rows.enumerated() where takes(row.rule, job.targets[target]) {
            cells.append(CompareCell(row: index, model: model, target: target, seed: seed))
          }
        }
      }
    }
    self.cells = cells
    for model in job.models.indices {
      let own = cells.filter { $0.model == model }
      tasks.append(.dense(model: model))
      var known: Set<String> = []
      for cell in own {
        for part in parts(of: cell) where known.insert(identity(self, .part(part, of: cell))).inserted {
          tasks.append(.part(part, of: cell))
        }
      }
      tasks += own.map { .cell($0) }
    }
  }

  /// The pruning of a cell, which takes everything that it needs itself.
  func pruning(_ cell: CompareCell) -> PruneJob {
    let row = rows[cell.row]
    let recipe = row.recipe.recipe(for: row.pruner)
    var pruning = PruneJob(
      job.models[cell.model], by: row.pruner, to: job.targets[cell.target], calibration: job.calibration)
    pruning.follow(recipe)
    switch row.rule {
    case .uniform: pruning.allocation = .uniform
    case .owl: pruning.allocation = .owl()
    case .dlp: pruning.allocation = .dlp()
    case .alphaPruning: pruning.allocation = .alphaPruning()
    case .shapley:
      var game = row.game ?? GameSettings()
      game.probe?.sparsity = min(job.targets[cell.target].sparsity, recipe.probeCeiling)
      game.estimator.draw(seed: cell.seed)
      pruning.allocation = .shapley(.game(game, windows: job.windows))
    }
    pruning.samples = job.samples
    pruning.sequenceLength = job.sequenceLength
    pruning.seed = cell.seed
    pruning.memoryLimit = job.memoryLimit
    pruning.stop = job.stop
    return pruning
  }

  /// What a cell needs from the dense model.
  func parts(of cell: CompareCell) -> [DensePart] {
    let pruning = pruning(cell)
    var parts: [DensePart] = []
    switch pruning.allocation {
    case .owl: parts.append(.outlierRatios)
    case .dlp: parts.append(.medianScores)
    case .alphaPruning: parts.append(.hillExponents)
    case .shapley: parts.append(.values)
    case .uniform, .search, .given: break
    }
    if pruning.weighting == .gradient { parts.append(.sensitivity) }
    return parts
  }

  /// The model's name in tables: its folder's, or its whole path where two folders have one name.
  func name(ofModel index: Int) -> String {
    Path.names(of: job.models.map(\.path))[index]
  }

  /// The names of what to prune to: `70 %`, `2:4`.
  func name(ofTarget index: Int) -> String { job.targets[index].label }

  /// A row in words: the method and how the sparsity is shared, and whatever else rows differ in.
  func words(ofRow index: Int) -> [String] {
    let row = rows[index]
    var words = [row.pruner.name]
    if job.recipes.count > 1 { words.append(row.recipe.rawValue) }
    words.append(row.rule.rawValue)
    if job.estimators.count > 1 { words.append(row.game?.estimator.name ?? "") }
    if job.granularities.count > 1 { words.append(row.game?.granularity.rawValue ?? "") }
    return words
  }

  /// The titles of those words.
  var titles: [String] {
    var titles = ["method"]
    if job.recipes.count > 1 { titles.append("recipe") }
    titles.append("allocation")
    if job.estimators.count > 1 { titles.append("estimator") }
    if job.granularities.count > 1 { titles.append("players") }
    return titles
  }

  /// How an absent player is pruned in the game of a cell, in words.
  private func probe(of cell: CompareCell) -> String {
    guard let probe = pruning(cell).game?.settings.probe else { return "" }
    return "probe \(SparsityPattern.unstructured(probe.sparsity ?? 0).label)"
  }

  /// A task in words, and in words that suit a file's name.
  func words(of task: CompareTask) -> [String] {
    switch task {
    case .dense(let model): ["dense", name(ofModel: model)]
    case .part(let part, let cell):
      [part.words, name(ofModel: cell.model), "seed \(cell.seed)"] + (part == .values ? [probe(of: cell)] : [])
    case .cell(let cell):
      [name(ofModel: cell.model)] + words(ofRow: cell.row).filter { !$0.isEmpty } + [
        name(ofTarget: cell.target), "seed \(cell.seed)",
      ]
    }
  }
}

extension ShapleyEstimator {
  /// Draws at another place, where it draws anything.
  fileprivate mutating func draw(seed: Int) {
    // No estimator refuses a seed.
    try? set(FieldReader(["seed": JSON(seed)], source: "the comparison"))
  }
}

extension SparsityPattern {
  /// `70 %` or `2:4`.
  package var label: String {
    if let groups { return groups }
    let percent = (100 * sparsity).fixed(6)
    return "\(percent.trimmingZeros) %"
  }
}
