import Support
import Tensor

extension Llama {
  /// The fields of `config.json` that LLaMA 1, 2 and 3 need, in the classic spelling and in that of transformers 5.
  public struct Configuration: Sendable, Equatable {
    /// Columns of the hidden states.
    public var hiddenSize: Int
    /// Columns between gate, up and down.
    public var intermediateSize: Int
    /// Number of blocks.
    public var blockCount: Int
    /// Heads of the attention.
    public var attention: AttentionShape
    /// Entries of the vocabulary.
    public var vocabularySize: Int
    /// Tokens that a sequence may have.
    public var maximumPositions: Int
    /// Added to the mean square in every norm.
    public var epsilon: Float
    /// Base of the rotary frequencies.
    public var theta: Double
    /// Scaling of the rotary frequencies.
    public var scaling: RotaryEmbedding.Scaling
    /// Whether query, key, value and output have biases.
    public var attentionBias: Bool
    /// Whether gate, up and down have biases.
    public var mlpBias: Bool
    /// Whether the head is the embedding table.
    public var isTied: Bool
  }
}

extension Llama.Configuration {
  init(_ json: Configuration) throws(ModelError) {
    try json.require("hidden_act", "silu")
    hiddenSize = try json.size("hidden_size")
    intermediateSize = try json.size("intermediate_size")
    blockCount = try json.size("num_hidden_layers", limit: 1 << 16)
    let heads = try json.size("num_attention_heads")
    let keyValueHeads = try json.size("num_key_value_heads", default: heads)
    guard heads % keyValueHeads == 0 else {
      throw json.invalid("num_key_value_heads", "\(keyValueHeads) does not divide the \(heads) attention heads")
    }
    if json["head_dim"] == nil, hiddenSize % heads != 0 {
      throw json.invalid(
        "num_attention_heads", "\(heads) does not divide hidden_size \(hiddenSize), and there is no head_dim")
    }
    let headDimension = try json.size("head_dim", default: hiddenSize / heads)
    guard headDimension % 2 == 0 else {
      throw json.invalid("head_dim", "\(headDimension) is odd; rotary embedding turns columns in pairs")
    }
    attention = AttentionShape(heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension)
    vocabularySize = try json.size("vocab_size")
    maximumPositions = try json.size("max_position_embeddings", default: 2048, limit: 1 << 31)
    epsilon = Float(try json.positive("rms_norm_eps", default: 1e-6))
    attentionBias = try json.flag("attention_bias", default: false)
    mlpBias = try json.flag("mlp_bias", default: false)
    isTied = try json.flag("tie_word_embeddings", default: false)
    (theta, scaling) = try Self.rotary(json)
  }

  /// Throws unless all columns of a head are turned.
  private static func requireWholeHeads(_ share: JSON?, _ field: String, _ json: Configuration) throws(ModelError) {
    guard let share, !share.isNull else { return }
    guard share.double == 1 else {
      throw json.unsupported(field, share.double.map { "\($0)" } ?? share.kind, supported: "1")
    }
  }

  /// `rope_parameters` of transformers 5, else `rope_theta` and `rope_scaling`.
  private static func rotary(_ json: Configuration) throws(ModelError) -> (Double, RotaryEmbedding.Scaling) {
    try requireWholeHeads(json["partial_rotary_factor"], "partial_rotary_factor", json)
    let field = json["rope_parameters"] != nil ? "rope_parameters" : "rope_scaling"
    guard let value = json[field] else { return (try json.positive("rope_theta", default: 10000), .none) }
    guard let object = value.object else { throw json.invalid(field, "an object must stand here") }
    let outer = try json.positive("rope_theta", default: 10000)
    let theta = try json.positive("rope_theta", in: object, named: field, default: outer)
    try requireWholeHeads(object["partial_rotary_factor"], "\(field).partial_rotary_factor", json)
    guard let kind = object["rope_type"] ?? object["type"] else {
      // A factor without a type asks for some scaling, and nobody can tell which.
      guard object["factor"] == nil else { throw json.invalid("\(field).rope_type", "this field is missing") }
      return (theta, .none)
    }
    switch kind.text {
    case "default":
      return (theta, .none)
    case "linear":
      return (theta, .linear(factor: try json.positive("factor", in: object, named: field)))
    case "llama3":
      let original = try json.positive("original_max_position_embeddings", in: object, named: field)
      let low = try json.positive("low_freq_factor", in: object, named: field)
      let high = try json.positive("high_freq_factor", in: object, named: field)
      guard low < high else {
        throw json.invalid("\(field).high_freq_factor", "\(high) must exceed low_freq_factor \(low)")
      }
      guard let positions = Int(exactly: original) else {
        throw json.invalid("\(field).original_max_position_embeddings", "a whole number must stand here")
      }
      let factor = try json.positive("factor", in: object, named: field)
      return (theta, .llama3(factor: factor, lowFrequency: low, highFrequency: high, originalPositions: positions))
    default:
      let found = kind.text.map { "'\($0)'" } ?? kind.kind
      throw json.unsupported("\(field).rope_type", found, supported: "default, linear, llama3")
    }
  }
}
