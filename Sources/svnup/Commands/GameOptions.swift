import ShapleyPrune
import Support

/// An option that gives a setting of a method.
struct MethodOption: Sendable {
  let option: any OptionDeclaration
  /// The setting's key.
  let key: String
  /// The value on a command line, as files have it.
  let json: @Sendable (Arguments) -> JSON

  init<Value>(_ option: Option<Value>, sets key: String, _ format: FieldFormat<Value>) {
    (self.option, self.key, json) = (option, key, { format.write($0[option]) })
  }
}

extension [MethodOption] {
  /// Gives a method the settings that the command line has for it; the others stay as they are.
  func apply(_ arguments: Arguments, to method: inout some Configurable) throws(DocumentError) {
    let given = filter { arguments.isGiven($0.option) }.map { ($0.key, $0.json(arguments)) }
    try method.set(FieldReader(JSON(members: given), source: "the options"))
  }

  /// Refuses options that none of the chosen methods of a registry has as a setting; `flag` is that of the method.
  func validate<Method>(
    _ arguments: Arguments, _ registry: Registry<Method>, chosen names: [String], by flag: String
  ) throws(UsageError) {
    for setting in self {
      let owners = registry.names(having: setting.key)
      if names.contains(where: owners.contains) { continue }
      try arguments.refuse([setting.option], unless: "\(flag) \(owners.alternatives)")
    }
  }
}

/// The cooperative game that the parts of a model play, and the estimator of its Shapley values.
package enum GameOptions {
  private static let usual = GameSettings()
  private static let window = SlidingWindowShapley()
  private static let permutation = PermutationShapley()

  package static let players = Option<Granularity?>(
    "players", .word, defaultText: "\(usual.granularity.rawValue); blocks with --absence bypassed",
    help: "Who plays and gets a sparsity: every block, attention and MLP of every block, or every linear.")
  package static let estimator = Option<(any ShapleyEstimator)?>(
    "estimator", .estimator,
    defaultText: "\(usual.estimator.name); \(PruneRecipe.best.estimator.name) for pruning by admm or alps",
    help: """
      Exact values (2^n evaluations, up to \(ExactShapley.playerLimit) players), those of the game within a window around each \
      player, the means over random orders of the players, or the integral of derivatives along the diagonal (a forward and a \
      backward pass a node for all players).
      """)
  package static let windowLength = Option(
    "window", .integer(1...SlidingWindowShapley.lengthLimit), default: window.length,
    help: "Consecutive players in a window; 1 is leave-one-out.")
  package static let placement = Option<WindowPlacement>(
    "placement", .word, default: window.placement,
    help: "One window centred on the player, or the mean over every window that holds it, from the same evaluations."
  ).advanced
  package static let evaluations = Option(
    "evaluations", .integer(2...100_000_000), default: permutation.budget,
    help: "Coalitions that random orders may take.")
  package static let tolerance = Option<Double?>(
    "tolerance", .number(0...1e9, excludingLower: true), defaultText: "none",
    help: "Draw no more orders when every standard error is at most this."
  ).advanced
  package static let nodes = Option(
    "nodes", .integer(1...DiagonalShapley.nodeLimit), default: DiagonalShapley().nodes,
    help: "Points of the diagonal at which derivatives are taken.")
  package static let absence = Option<GameSettings.Absence>(
    "absence", .word, default: .pruned,
    help: "What a player outside a coalition is: skipped, or pruned by the probe."
  ).advanced
  package static let probeMethod = Option<any Pruner>(
    "probe-method", .pruner, default: GameSettings.Probe().pruner,
    help: "How an absent player is pruned, by a method of 'svnup prune'."
  ).advanced
  package static let value = Option<LayerGame.Value>(
    "value", .word, default: usual.value,
    help: "What a coalition is worth: minus the mean NLL, or minus the perplexity."
  ).advanced

  /// The settings of estimators but the seed, which the samples share.
  private static let estimatorSettings = [
    MethodOption(windowLength, sets: "window", .integer()), MethodOption(placement, sets: "placement", .word),
    MethodOption(evaluations, sets: "budget", .integer()),
    MethodOption(tolerance, sets: "tolerance", FieldFormat.number().orNull),
    MethodOption(nodes, sets: "nodes", .integer()),
  ]

  package static let estimation: [any OptionDeclaration] = [estimator] + estimatorSettings.map(\.option)

  /// The options without the probe's sparsity, whose default differs from command to command.
  package static let all: [any OptionDeclaration] = [players] + estimation + [absence, probeMethod, value]

  /// The estimator of a command line; `recipe` is that of the method of pruning.
  static func chosenEstimator(_ arguments: Arguments, for recipe: PruneRecipe) -> any ShapleyEstimator {
    // What is skipped has no derivatives.
    arguments[estimator] ?? (arguments[absence] == .bypassed ? usual.estimator : recipe.estimator)
  }

  /// Refuses options that the chosen estimator or the chosen absence would ignore.
  package static func validate(
    _ arguments: Arguments, probeSparsity: Option<some Sendable>, for recipe: PruneRecipe = .published
  ) throws(UsageError) {
    let estimator = chosenEstimator(arguments, for: recipe)
    try estimatorSettings.validate(arguments, Registries.estimators, chosen: [estimator.name], by: "--estimator")
    if arguments[absence] == .bypassed {
      try arguments.refuse([probeSparsity, probeMethod], unless: "--absence pruned")
      if estimator.usesDerivatives {
        throw UsageError("--estimator \(estimator.name): it goes with --absence pruned only")
      }
      if arguments[players] == .linears {
        throw UsageError("--players linears: a linear cannot be skipped, so it goes with --absence pruned only")
      }
    }
  }

  /// The game that a command line asks for.
  ///
  /// - Parameter probeSettings: the options of the probe's method, where the command has some.
  static func settings(
    _ arguments: Arguments, probeSparsity: Double?, probeSettings: [MethodOption] = [],
    for recipe: PruneRecipe = .published
  ) throws -> GameSettings {
    var settings = GameSettings()
    let isBypassing = arguments[absence] == .bypassed
    settings.granularity = arguments[players] ?? (isBypassing ? .blocks : usual.granularity)
    settings.estimator = chosenEstimator(arguments, for: recipe)
    let seed = MethodOption(InputOptions.seed, sets: "seed", .integer())
    try (estimatorSettings + [seed]).apply(arguments, to: &settings.estimator)
    var pruner = arguments[probeMethod]
    try probeSettings.apply(arguments, to: &pruner)
    settings.probe = isBypassing ? nil : GameSettings.Probe(pruner, sparsity: probeSparsity)
    settings.value = arguments[value]
    return settings
  }
}
