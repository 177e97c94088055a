import Support
import Tensor
import Transformer

/// The extension of the game to mixtures of present and absent players.
///
/// At presence x every linear has the weight W + (1 - x) d, d being the pruned weight less the dense one. The derivative of the
/// loss L along d at one linear is the sum over tokens of ⟨G d, X⟩, for its inputs X and the gradient G of L at its outputs.
extension LayerGame {
  /// Forward steps that a forward and a backward pass come to: forwards, forwards once more within every block, the gradients, and
  /// the products with d.
  static let passesOfNode = 4

  /// The derivatives on the diagonal; nil where absent players are bypassed.
  ///
  /// Beside the model it holds the mixed weights, as they are stored. What the store holds is not measured again. The numbers do not
  /// depend on strips, on threads, or on the store.
  ///
  /// Throws what the store throws, and `Interruption` where the stop token says stop; what was measured until then is in the store.
  ///
  /// Complexity: a forward and a backward pass for each of the presences.
  public mutating func derivatives(at presences: [Double]) throws -> [[Double]]? {
    forwardStepsAsked += presences.count * Self.passesOfNode * steps.count
    let wanted = presences.map { (presence: $0, windows: Array(0..<windows.sequences)) }
    return try slopes(wanted)?.map(value.derivatives)
  }

  /// The slopes of some windows at some presences; nil where absent players are bypassed.
  func slopes(_ wanted: [(presence: Double, windows: [Int])]) throws -> [[DiagonalSlope]]? {
    guard case .replaced(let forms) = absence else { return nil }
    let missing = wanted.map { presence, windows in
      windows.filter { measurements?.slope(at: presence, window: $0) == nil }
    }
    // A game that was made for what is known has no forms.
    guard forms.count == model.blocks.count || missing.allSatisfy(\.isEmpty) else { return nil }
    var counter = (completed: 0, total: missing.reduce(0) { $0 + $1.count } * model.blocks.count)
    return try zip(wanted, missing).map { wanted, missing in
      var measured = try measure(missing, at: wanted.presence, forms, &counter)
      for window in wanted.windows where measured[window] == nil {
        measured[window] = measurements?.slope(at: wanted.presence, window: window)
      }
      return wanted.windows.compactMap { measured[$0] }
    }
  }

  /// The slopes of windows that the store does not hold, which are entered there.
  private func measure(
    _ missing: [Int], at presence: Double, _ forms: [PrunedForm], _ counter: inout (completed: Int, total: Int)
  ) throws -> [Int: DiagonalSlope] {
    guard !missing.isEmpty else { return [:] }
    let mixed = MemoryPool.shared.phase { model.mixed(with: forms, share: Float(1 - presence)) }
    let players = playersByRole()
    var measured: [Int: DiagonalSlope] = [:]
    var rest = missing[...]
    for strip in windows[sequences: missing].strips(ofRows: memory.stripRows) {
      guard !stop.isStopRequested else { throw try interruption() }
      let derivatives = try slopes(of: strip, mixed, forms, players, &counter)
      for (window, slope) in zip(rest, derivatives) {
        measured[window] = slope
        try measurements?.enter(slope, at: presence, window: window)
      }
      rest = rest.dropFirst(strip.sequences)
    }
    return measured
  }

  /// The slopes of the windows of a strip, by one walk through the mixed model and back.
  private func slopes(
    of strip: TokenBatch, _ mixed: any CausalLM, _ forms: [PrunedForm], _ players: [[LinearRole: Int]],
    _ counter: inout (completed: Int, total: Int)
  ) throws -> [DiagonalSlope] {
    let predicted = strip.length - 1
    var sums = [[Double]](repeating: [Double](repeating: 0, count: playerCount), count: strip.sequences)
    var last = model.blocks.count
    let losses = mixed.backward(strip, scale: 1 / Double(predicted)) { block, role, inputs, gradient in
      if block != last {
        counter.completed += (last - block) * strip.sequences
        progress?(counter.completed, counter.total)
        last = block
      }
      guard let player = players[block][role] else { return }
      let direction = forms[block].direction(of: role, model.blocks[block])
      for (row, product) in matmul(gradient, direction).rowProducts(with: inputs).enumerated() {
        sums[row / strip.length][player] += product
      }
    }
    return sums.enumerated().map { window, derivatives in
      let ofWindow = losses[window * predicted..<(window + 1) * predicted]
      return DiagonalSlope(mean: ofWindow.reduce(0, +) / Double(predicted), derivatives: derivatives)
    }
  }

  /// For every block, the player that each of its linears belongs to.
  private func playersByRole() -> [[LinearRole: Int]] {
    var players = [[LinearRole: Int]](repeating: [:], count: model.blocks.count)
    for step in steps {
      for (player, roles) in zip(step.players, step.roles) {
        for role in roles { players[step.block][role] = player }
      }
    }
    return players
  }

  /// What derivatives hold: the model and its forms, the mixed weights, and one strip on its way back.
  static func derivativesFootprint(
    _ forecast: MemoryForecast, _ windows: BatchShape, probe: GameSettings.Probe
  ) -> Footprint {
    // A linear's dense, pruned and mixed weight in Float, or its direction and the product with it.
    let largest = forecast.shape.linears.map(\.count).max() ?? 0
    return Footprint(
      "derivatives",
      [forecast.weights] + PrunedForm.footprint(forecast, probe) + PrunedForm.footprint(packed: forecast, probe)
        + [forecast.copy, Footprint.Part("directions", 12 * largest)] + forecast.gradients(windows))
  }
}

extension CausalLM {
  /// The model with every linear's weight moved by a share of the way to its pruned form, rounded to the type it is stored in.
  fileprivate func mixed(with forms: [PrunedForm], share: Float) -> Self {
    var result = self
    for (index, form) in forms.enumerated() {
      var block = blocks[index]
      for role in block.roles {
        var weight = blocks[index][role].weight.widened()
        weight.add(form.direction(of: role, blocks[index]), times: share)
        block[role].weight = StoredMatrix(weight, as: blocks[index][role].weight.elementType)
      }
      result.blocks[index] = block
    }
    return result
  }
}

extension PrunedForm {
  /// The pruned weight of a linear less its dense one: (outputs, inputs).
  fileprivate func direction(of role: LinearRole, _ dense: any TransformerBlock) -> Matrix {
    var result = block(dense, roles: [role])[role].weight.widened()
    result.add(dense[role].weight.widened(), times: -1)
    return result
  }
}
