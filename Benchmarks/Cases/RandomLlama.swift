import Support
import Tensor
import Transformer

/// A LLaMA of random weights: the shape counts for speed, the numbers do not.
struct RandomLlama {
  let blocks: Int
  let hidden: Int
  let heads: Int
  let intermediate: Int
  let vocabulary: Int
  let positions: Int

  /// The standard deviation of the weights: as models are initialised.
  static let deviation = 0.02

  /// Weights of the blocks and of the head: what every token is multiplied by.
  var multipliedParameters: Int { blocks * (4 * hidden + 3 * intermediate) * hidden + vocabulary * hidden }
  /// All weights, the norms' left out.
  var parameters: Int { multipliedParameters + vocabulary * hidden }

  private typealias Entry = (name: TensorName, type: String, shape: [Int], byteCount: Int)

  /// Writes the model into a temporary folder, loads it from there, and removes the folder.
  ///
  /// One weight at a time is in memory beside those that are loaded.
  func loaded(as type: ElementType) throws -> any CausalLM {
    let folder = Resources.scratch
    let parent = Path.parent(of: folder)
    let needed = parameters * type.byteCount
    let free = try FileSystem.freeBytes(at: parent)
    guard free > needed else {
      throw FileError(
        parent, "write a random model", reason: "it has \(free) free bytes and the model takes \(needed)",
        failureKind: .cannotCreate)
    }
    let writer = try DirectoryWriter(target: folder, replacing: false)
    try writer.write("config.json", configuration.encoded())
    var seed: UInt64 = 0
    try SafetensorsWriter.write(
      entries(type), metadata: [], to: try writer.create("model.safetensors")
    ) { name throws(CheckpointError) in
      seed += 1
      return .matrix(weight(name, type, seed: seed))
    }
    try writer.commit()
    defer { FileSystem.removeTree(folder) }
    return try ModelDirectory(path: folder).loadModel()
  }

  private var configuration: JSON {
    [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu",
      "vocab_size": JSON(vocabulary),
      "hidden_size": JSON(hidden), "intermediate_size": JSON(intermediate), "num_hidden_layers": JSON(blocks),
      "num_attention_heads": JSON(heads), "num_key_value_heads": JSON(heads),
      "max_position_embeddings": JSON(positions), "rms_norm_eps": JSON(1e-5), "rope_theta": JSON(10000.0),
      "tie_word_embeddings": false,
    ]
  }

  /// The tensors with their shapes; those of one dimension are norms.
  private var shapes: [(name: String, shape: [Int])] {
    var shapes: [(name: String, shape: [Int])] = [("model.embed_tokens.weight", [vocabulary, hidden])]
    for index in 0..<blocks {
      let block = "model.layers.\(index)"
      shapes.append(("\(block).input_layernorm.weight", [hidden]))
      for name in ["q", "k", "v", "o"] { shapes.append(("\(block).self_attn.\(name)_proj.weight", [hidden, hidden])) }
      shapes.append(("\(block).post_attention_layernorm.weight", [hidden]))
      for name in ["gate", "up"] { shapes.append(("\(block).mlp.\(name)_proj.weight", [intermediate, hidden])) }
      shapes.append(("\(block).mlp.down_proj.weight", [hidden, intermediate]))
    }
    shapes.append(("model.norm.weight", [hidden]))
    shapes.append(("lm_head.weight", [vocabulary, hidden]))
    return shapes
  }

  private func entries(_ type: ElementType) -> [Entry] {
    shapes.map { (TensorName($0.name), type.rawValue, $0.shape, $0.shape.reduce(type.byteCount, *)) }
  }

  private func weight(_ name: TensorName, _ type: ElementType, seed: UInt64) -> StoredMatrix {
    let shape = shapes.first { TensorName($0.name) == name }?.shape ?? []
    guard shape.count == 2 else {
      return StoredMatrix(Matrix(rows: 1, columns: hidden, elements: Array(repeating: 1, count: hidden)), as: type)
    }
    // A uniform number in -a..<a has the deviation a / sqrt(3).
    let scale = Float(Self.deviation * 3.0.squareRoot())
    return StoredMatrix(.uniform(shape[0], shape[1], seed: seed, scale: scale), as: type)
  }
}
