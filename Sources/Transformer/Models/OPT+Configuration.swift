import Support
import Tensor

extension OPT {
  /// The fields of `config.json` that OPT needs.
  public struct Configuration: Sendable, Equatable {
    /// Columns of the hidden states.
    public var hiddenSize: Int
    /// Columns of the embedding table; where they differ from `hiddenSize`, projections stand at both ends.
    public var embeddingSize: Int
    /// Columns between fc1 and fc2.
    public var intermediateSize: Int
    /// Number of blocks.
    public var blockCount: Int
    /// Heads of the attention.
    public var attention: AttentionShape
    /// Entries of the vocabulary.
    public var vocabularySize: Int
    /// Tokens that a sequence may have.
    public var maximumPositions: Int
    /// Whether norms stand in front of attention and MLP, or behind them (350m).
    public var isPreNorm: Bool
    /// Whether a norm follows the last block.
    public var hasFinalNorm: Bool
    /// Whether the linears have biases.
    public var hasBias: Bool
    /// Whether the head is the embedding table.
    public var isTied: Bool
  }
}

extension OPT.Configuration {
  init(_ json: Configuration) throws(ModelError) {
    try json.require("activation_function", "relu")
    guard try json.flag("layer_norm_elementwise_affine", default: true) else {
      throw json.unsupported("layer_norm_elementwise_affine", "false", supported: "true")
    }
    hiddenSize = try json.size("hidden_size")
    embeddingSize = try json.size("word_embed_proj_dim", default: hiddenSize)
    intermediateSize = try json.size("ffn_dim")
    blockCount = try json.size("num_hidden_layers", limit: 1 << 16)
    let heads = try json.size("num_attention_heads")
    guard hiddenSize % heads == 0 else {
      throw json.invalid("num_attention_heads", "\(heads) does not divide hidden_size \(hiddenSize)")
    }
    attention = AttentionShape(heads: heads, keyValueHeads: heads, headDimension: hiddenSize / heads)
    vocabularySize = try json.size("vocab_size")
    maximumPositions = try json.size("max_position_embeddings", default: 2048)
    isPreNorm = try json.flag("do_layer_norm_before", default: true)
    let removesFinalNorm = try json.flag("_remove_final_layer_norm", default: false)
    hasFinalNorm = isPreNorm && !removesFinalNorm
    hasBias = try json.flag("enable_bias", default: true)
    isTied = try json.flag("tie_word_embeddings", default: true)
  }
}
