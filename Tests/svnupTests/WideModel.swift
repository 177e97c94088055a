import Support
import Tensor
import TestSupport

/// A LLaMA of random weights in BF16 whose linears are large enough to gain by their zeros, with the tokenizer of the embedded model.
struct WideModel {
  static let linears = 14
  private static let vocabulary = 1024

  /// Two blocks of 7 linears of 65,536 or 131,072 weights.
  private var (hidden, intermediate, blocks) = (256, 512, 2)
  /// One of so many weights of a linear is not zero.
  private var step = 1

  /// Writes the model into a folder that does not exist.
  static func write(to folder: String) throws { try WideModel().write(to: folder) }

  /// Writes one whose linears have 74 MiB, four fifths of them zeros.
  static func writeLarge(to folder: String) throws {
    try WideModel(hidden: 1024, intermediate: 2816, blocks: 3, step: 5).write(to: folder)
  }

  private func write(to folder: String) throws {
    let writer = try DirectoryWriter(target: folder, replacing: false)
    let configuration: JSON = [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
      "vocab_size": JSON(Self.vocabulary), "hidden_size": JSON(hidden), "intermediate_size": JSON(intermediate),
      "num_hidden_layers": JSON(blocks), "num_attention_heads": 4, "num_key_value_heads": 4,
      "max_position_embeddings": 512, "rms_norm_eps": JSON(1e-5), "rope_theta": JSON(10000.0),
      "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2,
    ]
    try writer.write("config.json", configuration.encoded())
    for name in try FileSystem.list(Inputs.embedded) where name.hasPrefix("tokenizer") {
      try writer.write(name, try File.contents(of: Path.join(Inputs.embedded, name)))
    }
    var seed: UInt64 = 0
    try SafetensorsWriter.write(
      shapes.map { (TensorName($0.name), "BF16", $0.shape, 2 * $0.shape.reduce(1, *)) }, metadata: [],
      to: try writer.create("model.safetensors")
    ) { name throws(CheckpointError) in
      seed += 1
      let shape = shapes.first { TensorName($0.name) == name }?.shape ?? []
      let isLinear = shapes.contains { TensorName($0.name) == name && $0.name.hasSuffix("_proj.weight") }
      let (rows, columns) = (shape.count == 2 ? shape[0] : 1, shape.last ?? 0)
      // Norms are near 1, so that nothing vanishes on its way.
      var weight =
        shape.count == 2
        ? Matrix.random(rows, columns, seed: seed, scale: 0.05)
        : Matrix(rows: 1, columns: columns, elements: Array(repeating: 1, count: columns))
      if isLinear, step > 1 {
        weight.withMutableElements { for index in 0..<rows * columns where index % step != 0 { $0[index] = 0 } }
      }
      return .matrix(StoredMatrix(weight, as: .bfloat16))
    }
    try writer.commit()
  }

  private var shapes: [(name: String, shape: [Int])] {
    let vocabulary = Self.vocabulary
    var shapes = [("model.embed_tokens.weight", [vocabulary, hidden])]
    for block in 0..<blocks {
      let prefix = "model.layers.\(block)."
      for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
        shapes.append((prefix + "self_attn.\(name).weight", [hidden, hidden]))
      }
      for name in ["gate_proj", "up_proj"] { shapes.append((prefix + "mlp.\(name).weight", [intermediate, hidden])) }
      shapes.append((prefix + "mlp.down_proj.weight", [hidden, intermediate]))
      for name in ["input_layernorm", "post_attention_layernorm"] {
        shapes.append((prefix + "\(name).weight", [hidden]))
      }
    }
    return shapes + [("model.norm.weight", [hidden]), ("lm_head.weight", [vocabulary, hidden])]
  }
}
