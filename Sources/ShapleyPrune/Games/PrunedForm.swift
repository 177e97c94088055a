import Tensor
import Transformer

/// A block as pruning left it, kept as what tells it from the dense block.
///
/// Where a method only clears weights, that is one bit a weight; where it changes those that stay, the weights as
/// stored.
///
///     let form = PrunedForm(pruned.blocks[3], from: dense.blocks[3])
///     let mixed = form.block(dense.blocks[3], roles: [.query, .key])  // only these two are pruned
public struct PrunedForm: Sendable {
  private enum Weight: Sendable {
    case cleared(ZeroMask)
    case changed(StoredMatrix)
  }

  private var weights: [LinearRole: Weight]

  /// What the forms of all blocks hold: masks and one block in full, or all weights.
  static func footprint(_ forecast: MemoryForecast, _ pruner: any Pruner) -> [Footprint.Part] {
    guard !pruner.updatesWeights else { return [forecast.copy] }
    let linears = forecast.linearsOfBlock
    return [
      Footprint.Part("masks", linears * Double(forecast.shape.blockCount) / 8),
      Footprint.Part("a pruned block", linears * Double(forecast.shape.storedByteCount)),
    ]
  }

  /// What the dense blocks hold when they are packed, and their forms too where that fits.
  static func footprint(packed forecast: MemoryForecast, _ pruner: (any Pruner)?) -> [Footprint.Part] {
    let dense = forecast.packedWeights(blocks: forecast.shape.blockCount)
    guard let pruner else { return dense }
    // Forms that are masks are in full beside their panels.
    let form = pruner.updatesWeights ? 4 : 4 + forecast.shape.storedByteCount
    let all = forecast.packedWeights(blocks: forecast.shape.blockCount, bytesPerWeight: 4 + form)
    return all.isEmpty ? dense : all
  }

  /// The form of a block that was pruned from `dense`; O(weights).
  ///
  /// - Precondition: the linears of both have the same shapes.
  public init(_ pruned: any TransformerBlock, from dense: any TransformerBlock) {
    weights = dense.roles.reduce(into: [:]) { weights, role in
      let weight = pruned[role].weight
      weights[role] = ZeroMask(from: dense[role].weight, to: weight).map(Weight.cleared) ?? .changed(weight)
    }
  }

  /// The dense block with some of its linears, or all of them, in this form; O(weights of those).
  public func block(_ dense: any TransformerBlock, roles: [LinearRole]? = nil) -> any TransformerBlock {
    var block = dense
    for role in roles ?? dense.roles {
      switch weights[role] {
      case .cleared(let mask)?: block[role].weight = mask.applied(to: dense[role].weight)
      case .changed(let weight)?: block[role].weight = weight
      case nil: break
      }
    }
    return block
  }

  /// The same form with its linears in full and packed.
  func packed(for dense: any TransformerBlock) -> PrunedForm {
    let block = block(dense)
    var result = self
    for role in weights.keys { result.weights[role] = .changed(block[role].weight.packed()) }
    return result
  }

  /// Bytes that `packed(for:)` takes beside the form.
  func packedByteCount(for dense: any TransformerBlock) -> Int {
    weights.reduce(0) { sum, entry in
      let weight = dense[entry.key].weight
      return switch entry.value {
      case .cleared: sum + 4 * weight.count + weight.byteCount
      case .changed: sum + 4 * weight.count
      }
    }
  }

  /// Bytes that the form takes beside the dense block.
  package var byteCount: Int {
    weights.values.reduce(0) { sum, weight in
      switch weight {
      case .cleared(let mask): sum + mask.byteCount
      case .changed(let weight): sum + weight.byteCount
      }
    }
  }
}
