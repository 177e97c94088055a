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
  /// Beside the model it holds the mixed weights, as they are stored. The sums do not depend on strips or threads.
  ///
  /// Throws `Interruption` where the stop token says stop; nothing is kept then.
  ///
  /// Complexity: a forward and a backward pass for each of the presences.
  public mutating func derivatives(at presences: [Double]) throws -> [[Double]]? {
    guard case .replaced(let forms) = absence, forms.count == model.blocks.count else { return nil }
    var counter = (completed: 0, total: presences.count * strips.count * model.blocks.count)
    forwardStepsAsked += presences.count * Self.passesOfNode * steps.count
    return try presences.map { presence in try derivatives(at: presence, forms, &counter) }
  }

  private func derivatives(
    at presence: Double, _ forms: [PrunedForm], _ counter: inout (completed: Int, total: Int)
  ) throws -> [Double] {
    let mixed = MemoryPool.shared.phase { model.mixed(with: forms, share: Float(1 - presence)) }
    let players = playersByRole()
    var sums = [Double](repeating: 0, count: playerCount)
    var losses: [Double] = []
    let predicted = windows.sequences * (windows.length - 1)
    for strip in strips {
      guard !stop.isStopRequested else { throw Interruption(location: nil, coalitions: 0) }
      var last = model.blocks.count
      losses += mixed.backward(strip, scale: 1 / Double(predicted)) { block, role, inputs, gradient in
        if block != last {
          counter.completed += last - block
          progress?(counter.completed, counter.total)
          last = block
        }
        guard let player = players[block][role] else { return }
        let direction = forms[block].direction(of: role, model.blocks[block])
        // Row by row, so that strips add up to the same number.
        for product in matmul(gradient, direction).rowProducts(with: inputs) { sums[player] += product }
      }
    }
    // The slope of the worth in -L.
    let slope = value == .nll ? 1 : Math.exp(losses.reduce(0, +) / Double(predicted))
    return sums.map { $0 * slope }
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
    _ forecast: MemoryForecast, _ windows: BatchShape, probe: any Pruner
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
