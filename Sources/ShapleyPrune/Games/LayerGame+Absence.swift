import Tensor
import Transformer

extension LayerGame {
  /// What takes the place of an absent player.
  public enum Absence: Sendable {
    /// Nothing: the hidden states pass unchanged. Not for linears, which have no residual connection of their own.
    case bypassed
    /// The player with its linears pruned; here the forms of all blocks of the model.
    case replaced([PrunedForm])
  }
}

extension LayerGame.Absence {
  var isBypassing: Bool { if case .bypassed = self { true } else { false } }

  /// The absence with its forms made ready to be multiplied often, as far as memory allows: without their zeros where that is faster, and
  /// the others in full and packed.
  func prepared(for model: any CausalLM, sparseBytes: Int, packedBytes: Int) -> LayerGame.Absence {
    guard case .replaced(var forms) = self else { return self }
    func total(_ bytes: (PrunedForm, any TransformerBlock) -> Int) -> Int {
      zip(forms, model.blocks).reduce(0) { $0 + bytes($1.0, $1.1) }
    }
    if total({ $0.sparseByteCount(for: $1) }) <= sparseBytes {
      forms = zip(forms, model.blocks).map { $0.keepingSparse(for: $1) }
    }
    if total({ $0.packedByteCount(for: $1) }) <= packedBytes {
      forms = zip(forms, model.blocks).map { $0.packed(for: $1) }
    }
    return .replaced(forms)
  }

  /// Absent players as a pruner leaves them.
  ///
  /// Every block is pruned with statistics of the dense model, so that pruned and intact players can be combined.
  /// Throws `PruningError`.
  ///
  ///     let absence = try LayerGame.Absence.pruned(model, by: WandaPruner(), to: 0.7, calibration: samples)
  public static func pruned(
    _ model: any CausalLM, by pruner: any Pruner, to sparsity: Double, calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) -> LayerGame.Absence {
    try pruned(
      model, by: ModelPruner(pruner, propagation: .dense), to: sparsity, calibration: calibration, progress: progress)
  }

  package static func pruned(
    _ model: any CausalLM, by modelPruner: ModelPruner, to sparsity: Double, calibration: TokenBatch,
    progress: ((_ completed: Int, _ total: Int) -> Void)? = nil
  ) throws(PruningError) -> LayerGame.Absence {
    var copy = model
    var forms: [PrunedForm] = []
    let patterns = Array(repeating: BlockPattern(.unstructured(sparsity)), count: model.blocks.count)
    _ = try modelPruner.prune(&copy, patterns: patterns, calibration: calibration, progress: progress) { index, block in
      let dense = model.blocks[index]
      forms.append(PrunedForm(block, from: dense, leavingOutZeros: true))
      // One pruned block at a time is held in full.
      block = dense
    }
    return .replaced(forms)
  }
}
