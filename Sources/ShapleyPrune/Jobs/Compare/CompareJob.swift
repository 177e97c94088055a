import Support
import Transformer

/// The comparison of ways of pruning: a grid of models, methods, allocations, targets and seeds, every cell of which is a
/// model that is pruned and measured.
///
///     var job = try CompareJob([ModelSource("opt-125m")], calibration: .text("c4.txt"), evaluations: [.text("wiki.txt")])
///     job.methods = [WandaPruner(), SparseGPTPruner()]
///     job.rules = [.uniform, .owl, .shapley]
///     job.targets = [.unstructured(0.5), .unstructured(0.7)]
///     let comparison = try job.run(in: "study")
///     print(comparison.markdown)
///
/// What several cells need from the dense model, such as Shapley values, is measured once. Every result is a file in the
/// folder, complete or not there, so that a later run goes on where one was ended, and so that other machines can share the
/// work (`plan`, `ComparePlan.work`, `ComparePlan.merge`).
public struct CompareJob: Sendable {
  /// The models.
  public var models: [ModelSource]
  /// The text whose activations tell which weights matter.
  public var calibration: Corpus
  /// The texts to measure perplexity on; nothing is tuned on them.
  public var evaluations: [Corpus]
  /// Tasks to ask, files of JSON lines as `EvaluateJob` reads them; nothing is tuned on them.
  public var tasks: [String] = []
  /// Only the first items of each task; nil for all.
  public var items: Int?
  /// The methods of pruning.
  public var methods: [any Pruner] = [SparseGPTPruner(), PruneRecipe.usualPruner]
  /// What goes with each method.
  public var recipes: [RecipeChoice] = [.usual]
  /// How sparsities are shared.
  public var rules: [Rule] = [.uniform, .owl, .shapley]
  /// The estimators of Shapley values; none for the one of each recipe.
  public var estimators: [any ShapleyEstimator] = []
  /// Who plays for Shapley values.
  public var granularities: [Granularity] = [GameSettings().granularity]
  /// What to prune to; N:M is for every linear the same, so that it goes with the uniform rule only.
  public var targets: [SparsityPattern] = [.unstructured(GameSettings.Probe.usualSparsity)]
  /// How many seeds samples are drawn with, from 0 on.
  public var seeds = 1
  /// Samples to draw from the calibration text.
  public var samples = Calibration.usualSamples
  /// Tokens of a window and of a sample; nil for a model's positions, at most 2,048.
  public var sequenceLength: Int?
  /// Calibration samples that Shapley values are taken on.
  public var windows = ShapleySource.usualWindows
  /// Only the first windows of the texts that are measured; nil for all.
  public var evaluationWindows: Int?
  /// Bytes that each cell may take; nil for no limit.
  public var memoryLimit: Int?
  /// Who is told how the work goes.
  public var events: any JobEvents = SilentEvents()
  /// Asked before every task, and in it before every piece of work of a game, whether to stop.
  public var stop = StopToken()

  /// The most seeds.
  package static let seedLimit = 1000

  /// A rule by which sparsities are shared, without its settings, which are the usual ones.
  public enum Rule: String, CaseIterable, Sendable {
    /// The same for every linear.
    case uniform
    /// OWL's outlier ratios.
    case owl
    /// DLP's medians.
    case dlp
    /// AlphaPruning's exponents.
    case alphaPruning = "alphapruning"
    /// Shapley values.
    case shapley
  }

  /// Which settings go with a method.
  public enum RecipeChoice: String, CaseIterable, Sendable {
    /// Those that the method has where nobody says otherwise.
    case usual
    /// Those of SparseGPT as it was published.
    case published
    /// Those that came out best.
    case best

    func recipe(for pruner: any Pruner) -> PruneRecipe {
      switch self {
      case .usual: pruner.recipe
      case .published: .published
      case .best: .best
      }
    }
  }

  /// A comparison with the usual settings.
  public init(_ models: [ModelSource], calibration: Corpus, evaluations: [Corpus]) {
    self.models = models
    self.calibration = calibration
    self.evaluations = evaluations
  }

  /// Does everything that is not in the folder yet, and puts the results together.
  ///
  /// Throws `SettingError` for a setting that cannot be carried out, what reading the files throws, and `Interruption` where
  /// the token said to stop. A cell that cannot be pruned as asked is told of in the result, and the others go on.
  public func run(in folder: String) throws -> Comparison {
    let plan = try ComparePlan(self, folder: folder, replacing: true)
    var clock = CompareClock(total: plan.taskCount)
    let run = try plan.prepared(events: events, stop: stop)
    for task in run.grid.tasks {
      if stop.isStopRequested {
        throw Interruption(location: folder, measured: plan.resultCount(run.grid), unit: "results")
      }
      // Within a task games ask again; whatever else it does ends at once.
      stop.end()
      let done = try run.carryOut(task)
      if let note = clock.note(of: task, done, run.grid) { events.note(note) }
    }
    guard case .comparison(let comparison) = try plan.merge(events: events) else {
      throw DocumentError(folder, reason: "results were removed while others were computed; run the same again")
    }
    return comparison
  }

  /// Writes down what there is to do, for many machines.
  ///
  /// A folder may hold results of another comparison: what both have in common is not computed again.
  ///
  /// Throws `SettingError` for a setting that cannot be carried out, and what reading the files throws.
  ///
  /// - Parameters:
  ///   - folder: where the plan and the results go.
  ///   - replacing: whether the plan of another comparison may be replaced there, whose tasks have other numbers.
  public func plan(in folder: String, replacing: Bool = true) throws -> ComparePlan {
    let plan = try ComparePlan(self, folder: folder, replacing: replacing)
    // A run tells these where it reads the weights.
    for note in models.flatMap(\.directory.notes) { events.note(note) }
    return plan
  }

  /// Throws where settings do not go together.
  func check() throws {
    func demand(_ isMet: Bool, _ setting: SettingError.Setting, _ reason: String) throws(SettingError) {
      if !isMet { throw SettingError(setting, nil, reason) }
    }
    try demand(!models.isEmpty, .models, "there is nothing to compare")
    try demand(!evaluations.isEmpty, .data, "there is nothing to measure on")
    try demand(!methods.isEmpty && !recipes.isEmpty, .methods, "there is nothing to compare")
    try demand(!rules.isEmpty, .allocations, "there is nothing to compare")
    try demand(!targets.isEmpty, .sparsities, "there is nothing to compare")
    try demand((1...Self.seedLimit).contains(seeds), .seeds, "there must be 1 to \(Self.seedLimit)")
    for (value, setting) in [
      (samples, SettingError.Setting.samples), (windows, .valueWindows), (evaluationWindows, .windows), (items, .items),
    ] { try SettingError.demandOne(value, setting) }
    for pruner in methods { try pruner.checkSettings(.methods) }
    for estimator in estimators { try estimator.checkSettings(.estimator) }
    let texts = evaluations.map { (setting: SettingError.Setting.data, path: $0.path) } + tasks.map { (.task, $0) }
    for (setting, path) in [(.calibration, calibration.path)] + texts {
      try demand(
        path.map { !TextInput(path: $0).isStandardInput } ?? true, setting,
        "it is read more than once, so that it must be a file")
    }
    if !rules.contains(.uniform), let groups = targets.lazy.compactMap(\.groups).first {
      throw SettingError(.patterns, groups, "it is the same for every linear: add the uniform allocation")
    }
    var places: Set<[UInt8]> = []
    for model in models {
      let place = (try? FileSystem.resolve(model.path)) ?? model.path
      if !places.insert(Array(place.utf8)).inserted { throw SettingError(.models, model.path, "it is there twice") }
      for granularity in granularities where rules.contains(.shapley) {
        var settings = GameSettings()
        settings.granularity = granularity
        for estimator in estimators { try estimator.check(playerCount: settings.playerCount(model.directory)) }
      }
    }
  }
}
