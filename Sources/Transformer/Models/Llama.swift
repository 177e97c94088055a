import Support
import Tensor

/// LLaMA 1, 2 and 3: pre-norm blocks of rotary attention and a gated MLP.
///
/// Touvron et al., "LLaMA" (2023); Grattafiori et al., "The Llama 3 Herd of Models" (2024).
public struct Llama: CausalLM {
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
    /// Whether every query and key head is normalised before it is turned.
    public var normalizesHeads = false
    /// Entries of the vocabulary.
    public var vocabularySize: Int
    /// Tokens that a sequence may have: never more than the attention's window, where it has one.
    public var maximumPositions: Int
    /// Added to the mean square in every norm.
    public var epsilon: Float
    /// Base of the rotary frequencies.
    public var theta: Double
    /// Scaling of the rotary frequencies.
    public var scaling: RotaryEmbedding.Scaling
    /// The linears that have biases.
    public var biased: Set<LinearRole>
    /// Whether the head is the embedding table.
    public var isTied: Bool
  }

  /// The fields of `config.json`.
  public let configuration: Configuration
  /// The blocks in order.
  public var blocks: [any TransformerBlock]
  /// Numbers in the checkpoint, tied ones counted once.
  public let parameterCount: Int
  /// (vocabulary, hidden).
  private let embedding: StoredMatrix
  /// The final norm, (hidden).
  private let norm: [Float]
  private let ownHead: StoredMatrix?

  /// Columns of the hidden states.
  public var hiddenSize: Int { configuration.hiddenSize }
  /// Tokens that a sequence may have.
  public var maximumPositions: Int { configuration.maximumPositions }
  /// The output projection, (vocabulary, hidden): the embedding table where the two are tied.
  public var head: StoredMatrix { ownHead ?? embedding }

  init(
    _ configuration: Configuration, _ reader: WeightReader, _ progress: ((Int, Int) -> Void)?
  ) throws(ModelError) {
    var reader = reader
    let hidden = configuration.hiddenSize
    let vocabulary = configuration.vocabularySize
    self.configuration = configuration
    embedding = try reader.matrix("model.embed_tokens.weight", vocabulary, hidden)
    let rotary = RotaryEmbedding(
      headDimension: configuration.attention.headDimension, theta: configuration.theta, scaling: configuration.scaling)
    var blocks: [any TransformerBlock] = []
    for index in 0..<configuration.blockCount {
      blocks.append(try LlamaBlock("model.layers.\(index)", configuration, rotary, &reader))
      progress?(blocks.count, configuration.blockCount)
    }
    self.blocks = blocks
    norm = try reader.vector("model.norm.weight", hidden)
    ownHead = configuration.isTied ? nil : try reader.matrix("lm_head.weight", vocabulary, hidden)
    parameterCount = reader.parameterCount
  }

  /// The rows of the embedding table, (tokens, hidden); the position enters in the attention only.
  public func embed(_ tokens: TokenBatch, position: Int) -> Matrix { embeddingRows(embedding, tokens.tokens) }

  /// The final norm, (tokens, hidden).
  public func headInputs(_ hidden: Matrix) -> Matrix {
    hidden.rmsNormalized(weight: norm, epsilon: configuration.epsilon)
  }
}

/// One block of LLaMA.
struct LlamaBlock: LinearsBlock {
  private let attentionNorm: [Float]  // input_layernorm.weight
  private let mlpNorm: [Float]  // post_attention_layernorm.weight
  private let queryNorm: [Float]?  // self_attn.q_norm.weight
  private let keyNorm: [Float]?  // self_attn.k_norm.weight
  var linears: BlockLinears

  private let shape: AttentionShape
  private let rotary: RotaryEmbedding
  private let epsilon: Float

  init(
    _ name: String, _ configuration: Llama.Configuration, _ rotary: RotaryEmbedding, _ reader: inout WeightReader
  ) throws(ModelError) {
    shape = configuration.attention
    self.rotary = rotary
    epsilon = configuration.epsilon
    attentionNorm = try reader.vector("\(name).input_layernorm.weight", configuration.hiddenSize)
    mlpNorm = try reader.vector("\(name).post_attention_layernorm.weight", configuration.hiddenSize)
    let head = shape.headDimension
    let normalizes = configuration.normalizesHeads
    queryNorm = normalizes ? try reader.vector("\(name).self_attn.q_norm.weight", head) : nil
    keyNorm = normalizes ? try reader.vector("\(name).self_attn.k_norm.weight", head) : nil
    linears = try BlockLinears(name, configuration.linears, &reader)
  }

  func attend(_ hidden: inout Matrix, sequences: Int, cache: KeyValueCache?, observing observer: InputObserver?) {
    let length = hidden.rows / max(sequences, 1)
    let x = hidden.rmsNormalized(weight: attentionNorm, epsilon: epsilon)
    var projected = linears.outputs(of: [.query, .key, .value], x, observing: observer)
    if let queryNorm { projected[0].applyRMSNorm(weight: queryNorm, epsilon: epsilon) }
    if let keyNorm { projected[1].applyRMSNorm(weight: keyNorm, epsilon: epsilon) }
    let position = cache?.count ?? 0
    rotary.apply(to: &projected[0], position: position, length: length)
    rotary.apply(to: &projected[1], position: position, length: length)
    let mixed = causalAttention(projected[0], projected[1], projected[2], shape, sequences: sequences, cache: cache)
    linears.add(.output, mixed, to: &hidden, observing: observer)
  }

  func transform(_ hidden: inout Matrix, observing observer: InputObserver?) {
    let y = hidden.rmsNormalized(weight: mlpNorm, epsilon: epsilon)
    var gated = linears.outputs(of: [.gate, .up], y, observing: observer)
    gated[0].applySiLU(times: gated[1])
    linears.add(.down, gated[0], to: &hidden, observing: observer)
  }
}

extension ModelDirectory.Architecture {
  /// LLaMA 1, 2 and 3.
  public static let llama = Self(rawValue: "llama") { json throws(ModelError) in
    var biased = try biasedAttention(json)
    if try json.flag("mlp_bias", default: false) { biased.formUnion([.gate, .up, .down]) }
    return try Llama.Configuration(json, biased: biased)
  }

  /// The linears of the attention that have biases: all or none, as `attention_bias` says.
  static func biasedAttention(_ json: Configuration) throws(ModelError) -> Set<LinearRole> {
    try json.flag("attention_bias", default: false) ? [.query, .key, .value, .output] : []
  }
}

extension Llama.Configuration: ModelConfiguration {
  var embeddingSize: Int { hiddenSize }

  var linears: [[LinearLayout]] {
    let (hidden, inner) = (hiddenSize, intermediateSize)
    let all = attention.heads * attention.headDimension
    let shared = attention.keyValueHeads * attention.headDimension
    func linear(_ role: LinearRole, _ module: String, _ outputs: Int, _ inputs: Int) -> LinearLayout {
      LinearLayout(role: role, module: module, outputs: outputs, inputs: inputs, hasBias: biased.contains(role))
    }
    return [
      [
        linear(.query, "self_attn.q_proj", all, hidden), linear(.key, "self_attn.k_proj", shared, hidden),
        linear(.value, "self_attn.v_proj", shared, hidden),
      ],
      [linear(.output, "self_attn.o_proj", hidden, all)],
      [linear(.gate, "mlp.gate_proj", inner, hidden), linear(.up, "mlp.up_proj", inner, hidden)],
      [linear(.down, "mlp.down_proj", hidden, inner)],
    ]
  }

  func load(_ reader: WeightReader, _ progress: ((Int, Int) -> Void)?) throws(ModelError) -> any CausalLM {
    try Llama(self, reader, progress)
  }

  /// Reads the configuration of LLaMA, or of a model that has LLaMA's blocks and its own defaults of the positions, of the
  /// key/value heads (nil: as many as there are heads) and of a head's columns (nil: the hidden states', shared out).
  init(
    _ json: Configuration, positions: Int = 2048, keyValueHeads grouped: Int? = nil, headDimension usual: Int? = nil,
    biased: Set<LinearRole>
  ) throws(ModelError) {
    try json.require("hidden_act", "silu")
    hiddenSize = try json.size("hidden_size")
    intermediateSize = try json.size("intermediate_size")
    blockCount = try json.size("num_hidden_layers", limit: 1 << 16)
    let heads = try json.size("num_attention_heads")
    // An absent field has the model's default; null stands for as many as there are heads.
    let absent = json.root["num_key_value_heads"] == nil ? grouped : nil
    let keyValueHeads = try json.size("num_key_value_heads", default: absent ?? heads)
    guard heads % keyValueHeads == 0 else {
      throw json.invalid("num_key_value_heads", "\(keyValueHeads) does not divide the \(heads) attention heads")
    }
    if json["head_dim"] == nil, usual == nil, hiddenSize % heads != 0 {
      throw json.invalid(
        "num_attention_heads", "\(heads) does not divide hidden_size \(hiddenSize), and there is no head_dim")
    }
    let headDimension = try json.size("head_dim", default: usual ?? hiddenSize / heads)
    guard headDimension % 2 == 0 else {
      throw json.invalid("head_dim", "\(headDimension) is odd; rotary embedding turns columns in pairs")
    }
    attention = AttentionShape(heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension)
    vocabularySize = try json.size("vocab_size")
    maximumPositions = try json.size("max_position_embeddings", default: positions, limit: 1 << 31)
    epsilon = Float(try json.positive("rms_norm_eps", default: 1e-6))
    self.biased = biased
    isTied = try json.flag("tie_word_embeddings", default: false)
    (theta, scaling) = try RotaryEmbedding.settings(json, positions: maximumPositions)
  }
}
