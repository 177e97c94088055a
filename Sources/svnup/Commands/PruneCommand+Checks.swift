import ShapleyPrune

// Options of a pruning that do not go together, or would be ignored.
extension PruneCommand {
  package static func validate(_ arguments: Arguments) throws(UsageError) {
    let method = method(arguments)
    let allocation = allocationChoice(arguments)
    // A file says how sparse each block becomes; a target beside it is checked against it.
    let isFile = if case .file = allocation { true } else { false }
    if !isFile || arguments.isGiven(pattern) { try arguments.requireExactlyOne(of: [sparsity, pattern]) }
    if !isDry(arguments) {
      _ = try arguments.required(output)
    } else {
      if !arguments.isGiven(output) { try arguments.refuse([OutputOptions.force], unless: "--output") }
      try arguments.refuse([journal] + ReportOptions.all, unless: "a run that prunes, with --output and no --dry-run")
    }
    try validateAllocation(arguments)
    let isShapley = usesValues(arguments)
    let game = GameOptions.all + [probeSparsity, windows] + (allocation == .search ? [] : [journal])
    if isShapley {
      if arguments.isGiven(values) { try arguments.refuse(game, unless: "values that this run takes itself") }
      try GameOptions.validate(arguments, probeSparsity: probeSparsity, for: method.recipe)
    } else {
      try arguments.refuse(
        [values] + game, unless: allocation == .search ? "--start values" : "--allocation shapley or search")
    }
    let probe = isShapley && arguments[GameOptions.absence] == .pruned ? arguments[GameOptions.probeMethod] : nil
    try methodSettings.validate(
      arguments, Registries.pruners, chosen: [method.name, probe?.name].compactMap(\.self), by: "--method")
    if !arguments.isGiven(data) { try arguments.refuse([TextOptions.format], unless: "--data") }
    if !arguments.isGiven(InputOptions.calibration) {
      try arguments.refuse([TextOptions.calibrationFormat], unless: "--calibration")
      if !arguments.isGiven(data) {
        try arguments.refuse([TextOptions.field, TextOptions.documents], unless: "--calibration or --data")
      }
    }
    if let reason = reasonForCalibration(arguments, method) {
      _ = try arguments.required(InputOptions.calibration, by: reason)
    }
    if !arguments.isGiven(InputOptions.calibration) {
      try arguments.refuse([InputOptions.samples, InputOptions.seed, sequential], unless: "--calibration")
      if !arguments.isGiven(data) {
        try arguments.refuse([InputOptions.sequenceLength], unless: "--calibration or --data")
      }
    }
  }

  private static func validateAllocation(_ arguments: Arguments) throws(UsageError) {
    let allocation = allocationChoice(arguments)
    if arguments.isGiven(pattern), allocation != .uniform {
      throw arguments.usageError(
        "--pattern gives every block the same sparsity, so it goes with --allocation uniform only")
    }
    switch allocation {
    case .uniform, .file:
      try arguments.refuse([spread], unless: "--allocation owl, dlp, alphapruning, shapley or search")
    case .owl, .dlp, .alphaPruning, .shapley, .search: break
    }
    if allocation != .search { try arguments.refuse([start, generations], unless: "--allocation search") }
    if !usesValues(arguments) {
      let condition = allocation == .search ? "--start values" : "--allocation shapley or search"
      try arguments.refuse([scaling, floor, ceiling] + (allocation == .search ? [spread] : []), unless: condition)
    }
    guard arguments[floor] <= arguments[ceiling] else {
      throw arguments.usageError("--floor \(arguments[floor]): the ceiling is \(arguments[ceiling])")
    }
    if let target = arguments[sparsity], !(arguments[floor]...arguments[ceiling]).contains(target) {
      throw arguments.usageError(
        "--sparsity \(target): no mean of sparsities from \(arguments[floor]) to \(arguments[ceiling]) can be that")
    }
    if !usesValues(arguments), arguments[spread] == .auto {
      throw arguments.usageError("--spread auto goes with --allocation shapley")
    }
  }

  /// Why this run takes activations of a calibration text; nil where it takes none.
  private static func reasonForCalibration(_ arguments: Arguments, _ method: any Pruner) -> String? {
    if method.statistics > .none { return "--method \(method.name)" }
    if arguments[targets] == .dense { return "--targets dense" }
    if arguments[weighting] ?? method.recipe.weighting == .gradient, !arguments.isGiven(pattern) {
      return "--weighting gradient"
    }
    switch allocationChoice(arguments) {
    case .owl: return "--allocation owl"
    case .dlp: return "--allocation dlp"
    case .shapley:
      return arguments.isGiven(values) && arguments[spread] != .auto ? nil : "--allocation shapley"
    case .search: return "--allocation search"
    case .uniform, .alphaPruning, .file: return nil
    }
  }
}
