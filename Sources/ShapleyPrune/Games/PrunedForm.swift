import Tensor
import Transformer

/// A block as pruning left it, kept as what tells it from the dense block.
///
/// Where a method only clears weights, that is one bit a weight; where it changes those that stay, the weights as
/// stored. What is multiplied without its zeros, where there are enough, is stored without them, too.
///
///     let form = PrunedForm(pruned.blocks[3], from: dense.blocks[3])
///     let mixed = form.block(dense.blocks[3], roles: [.query, .key])  // only these two are pruned
public struct PrunedForm: Sendable {
  private enum Weight: Sendable {
    /// `sparse`: whether the weight is multiplied without its zeros.
    case cleared(ZeroMask, sparse: Bool)
    case changed(StoredMatrix)
  }

  private var weights: [LinearRole: Weight]

  /// What the forms of all blocks hold: masks and one block in full, or all weights.
  static func footprint(_ forecast: MemoryForecast, _ probe: GameSettings.Probe) -> [Footprint.Part] {
    let (linears, stored) = (forecast.linearsOfBlock, Double(forecast.shape.storedByteCount))
    let blocks = Double(forecast.shape.blockCount)
    guard !probe.pruner.updatesWeights else {
      let sparse = sparse(forecast, probe)
      return [Footprint.Part("pruned weights", (sparse.bytes + (linears - sparse.weights) * stored) * blocks)]
    }
    return [Footprint.Part("masks", linears * blocks / 8), Footprint.Part("a pruned block", linears * stored)]
  }

  /// What the dense blocks hold when they are packed, and their forms too where that fits.
  static func footprint(packed forecast: MemoryForecast, _ probe: GameSettings.Probe?) -> [Footprint.Part] {
    let blocks = forecast.shape.blockCount
    let dense = forecast.packedWeights(blocks: blocks)
    guard let probe else { return dense }
    let sparse = sparse(forecast, probe)
    if sparse.weights > 0 {
      let bytes = sparse.bytes * Double(blocks)
      let isKept = !probe.pruner.updatesWeights && bytes <= Double(forecast.memory.sparseFormBytes)
      return dense + (isKept ? [Footprint.Part("pruned weights", bytes)] : [])
    }
    // Forms that are masks are in full beside their panels.
    let form = probe.pruner.updatesWeights ? 4 : 4 + Double(forecast.shape.storedByteCount)
    let all = forecast.packedWeights(blocks: blocks, bytesPerWeight: 4 + form)
    return all.isEmpty ? dense : all
  }

  /// The weights of a block's linears whose zeros are left out, and what their forms take.
  private static func sparse(
    _ forecast: MemoryForecast, _ probe: GameSettings.Probe
  ) -> (weights: Double, bytes: Double) {
    let zeros = probe.sparsity ?? GameSettings.Probe.usualSparsity
    let stored = forecast.shape.storedByteCount
    guard let type = ElementType.allCases.first(where: { $0.byteCount == stored }),
      zeros >= StoredMatrix.breakEven(type, for: .manyTokens)
    else { return (0, 0) }
    let weights = forecast.shape.linears.reduce(0) { sum, linear in
      sum + (StoredMatrix.isLargeEnough(Int(linear.count), for: .manyTokens, modelBytes: .max) ? linear.count : 0)
    }
    return (weights, weights * (0.125 + (1 - zeros) * Double(stored)))
  }

  /// The form of a block that was pruned from a dense one; O(weights).
  ///
  /// - Parameters:
  ///   - pruned: the block as pruning left it.
  ///   - dense: the block as it was.
  ///   - leavingOutZeros: whether linears with enough zeros are multiplied without them.
  /// - Precondition: the linears of both have the same shapes.
  public init(
    _ pruned: any TransformerBlock, from dense: any TransformerBlock, leavingOutZeros: Bool = false
  ) {
    weights = dense.roles.reduce(into: [:]) { weights, role in
      let weight = pruned[role].weight
      let faster = leavingOutZeros ? weight.inFasterForm(for: .manyTokens, modelBytes: .max) : weight
      weights[role] =
        ZeroMask(from: dense[role].weight, to: weight).map { .cleared($0, sparse: faster.isCompressed) }
        ?? .changed(faster)
    }
  }

  /// The dense block with some of its linears, or all of them, in this form; O(weights of those).
  public func block(_ dense: any TransformerBlock, roles: [LinearRole]? = nil) -> any TransformerBlock {
    var block = dense
    for role in roles ?? dense.roles {
      switch weights[role] {
      case .cleared(let mask, let sparse)?:
        let weight = dense[role].weight
        block[role].weight = sparse ? mask.compressed(weight) : mask.applied(to: weight)
      case .changed(let weight)?: block[role].weight = weight
      case nil: break
      }
    }
    return block
  }

  /// The same form with what is multiplied without its zeros made once and for all.
  func keepingSparse(for dense: any TransformerBlock) -> PrunedForm {
    var result = self
    for (role, weight) in weights {
      guard case .cleared(let mask, sparse: true) = weight else { continue }
      result.weights[role] = .changed(mask.compressed(dense[role].weight))
    }
    return result
  }

  /// Bytes that `keepingSparse(for:)` takes beside the form.
  func sparseByteCount(for dense: any TransformerBlock) -> Int {
    weights.reduce(0) { sum, entry in
      guard case .cleared(let mask, sparse: true) = entry.value else { return sum }
      return sum + mask.byteCount + mask.keptCount * dense[entry.key].weight.elementType.byteCount
    }
  }

  /// The same form with its other linears in full and packed.
  func packed(for dense: any TransformerBlock) -> PrunedForm {
    var result = self
    for (role, weight) in weights {
      switch weight {
      case .cleared(_, sparse: true): break
      case .cleared(let mask, _): result.weights[role] = .changed(mask.applied(to: dense[role].weight).packed())
      case .changed(let weight): result.weights[role] = .changed(weight.packed())
      }
    }
    return result
  }

  /// Bytes that `packed(for:)` takes beside the form.
  func packedByteCount(for dense: any TransformerBlock) -> Int {
    weights.reduce(0) { sum, entry in
      let weight = dense[entry.key].weight
      return switch entry.value {
      case .cleared(_, sparse: true): sum
      case .cleared: sum + 4 * weight.count + weight.byteCount
      case .changed(let weight): sum + (weight.isCompressed ? 0 : 4 * weight.count)
      }
    }
  }

  /// Bytes that the form takes beside the dense block.
  package var byteCount: Int {
    weights.values.reduce(0) { sum, weight in
      switch weight {
      case .cleared(let mask, _): sum + mask.byteCount
      case .changed(let weight): sum + weight.residentByteCount
      }
    }
  }
}
