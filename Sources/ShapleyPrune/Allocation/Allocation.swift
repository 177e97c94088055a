/// How the sparsity of a model is shared among its parts.
///
///     job.allocation = .shapley(spread: .auto)
///     job.allocation = .owl()
///     job.allocation = .given(try AllocationFile("budgets.json"))
public enum Allocation: Sendable {
  /// The same pattern for every linear.
  case uniform
  /// OWL's map of outlier ratios; λ is 0.08 in the paper.
  case owl(spread: Double = OWL.usualSpread)
  /// DLP's map of relative importances; α is 0.15 as published.
  case dlp(spread: Double = DLP.usualSpread)
  /// AlphaPruning's map of the exponents of weights' spectra; ε is 0.3 in the authors' code.
  case alphaPruning(spread: Double = AlphaPruning.usualSpread, tail: SpectrumTail = AlphaPruning.usualTail)
  /// From Shapley values: more valuable parts are pruned less.
  case shapley(ShapleySource = .game(), spread: Spread = .usual, map: ImportanceMap = ImportanceMap())
  /// What a search comes to that changes one of the above a little, again and again.
  case search(AllocationSearch = AllocationSearch())
  /// What a file says.
  case given(AllocationFile)

  /// The name in records.
  public var name: String {
    switch self {
    case .uniform: "uniform"
    case .owl: "owl"
    case .dlp: "dlp"
    case .alphaPruning: "alphapruning"
    case .shapley: "shapley"
    case .search: "search"
    case .given(let file): file.source
    }
  }

  /// Whether a calibration text is needed to share out the sparsity.
  var looksAtInputs: Bool {
    switch self {
    // Values that are given need a text only where the spread is searched on it.
    case .shapley(.values, .auto, _), .shapley(.game, _, _): true
    case .owl, .dlp, .search: true
    case .uniform, .alphaPruning, .given, .shapley: false
    }
  }
}

/// Where Shapley values come from.
public enum ShapleySource: Sendable {
  /// Windows that the values are taken on unless said otherwise.
  public static let usualWindows = 16

  /// A game on the first calibration samples.
  case game(GameSettings = GameSettings(), windows: Int = ShapleySource.usualWindows)
  /// Values that were taken before.
  case values(ShapleyRecord)
}

/// How far the sparsities of parts lie apart.
public enum Spread: Equatable, Sendable {
  /// As far as the scaling's usual spread says.
  case usual
  /// So far.
  case number(Double)
  /// As far as serves best, of several that are tried on calibration text that is held back for it.
  case auto
}

/// What turns importances into sparsities, apart from the spread.
public struct ImportanceMap: Sendable {
  /// What happens to the importances first.
  public var scaling: ImportanceScaling
  /// The least sparsity of a player.
  public var floor: Double
  /// The greatest sparsity of a player.
  public var ceiling: Double

  /// A map; exponential and without bounds unless said otherwise.
  public init(scaling: ImportanceScaling = .exponential, floor: Double = 0, ceiling: Double = 1) {
    self.scaling = scaling
    self.floor = floor
    self.ceiling = ceiling
  }
}
