import Support
import Tensor

/// Weights in forms that other programs save and no architecture here reads, known by the names of their tensors.
enum ForeignWeights {
  /// Ends of names, and what tensors of these names mean.
  private static let forms: [(endings: [String], meaning: String)] = [
    (
      [
        ".qweight", ".qzeros", ".g_idx", ".scales", ".weight_scale", ".weight_scale_inv", ".weight_packed", ".SCB",
        ".absmax", ".quant_map",
      ],
      "the weights are quantised; dequantise them first"
    ),
    (
      [".qkv_proj.weight", ".W_pack.weight", ".query_key_value.weight", ".gate_up_proj.weight"],
      "several linears are fused into one; split it into those that model_type has"
    ),
    (
      [".lora_A.weight", ".lora_B.weight", ".lora_A.default.weight", ".lora_B.default.weight"],
      "this is an adapter; merge it into its base model first"
    ),
  ]

  /// What to say, instead of which tensor is missing or has another shape; nil where the checkpoint has no such form.
  static func error(in checkpoint: Checkpoint) -> ModelError? {
    let names = checkpoint.shards.flatMap { $0.entries.map { "\($0.name)" } }
    func failure(_ name: String, _ reason: String) -> ModelError {
      let file = checkpoint.shard(of: TensorName(name))?.path ?? checkpoint.directory
      return .document(DocumentError(file, field: "tensor '\(name)'", reason: reason))
    }
    for (endings, meaning) in forms {
      if let name = names.first(where: { name in endings.contains { name.hasSuffix($0) } }) {
        return failure(name, meaning)
      }
    }
    let part = "model.language_model."
    return names.first { $0.hasPrefix(part) }.map {
      failure($0, "this is the text model of a larger one; take 'language_model.' off the names, and only its tensors")
    }
  }
}
