import Tensor

/// LLaMA 1, 2 and 3: pre-norm blocks of rotary attention and a gated MLP.
///
/// Touvron et al., "LLaMA" (2023); Grattafiori et al., "The Llama 3 Herd of Models" (2024).
public struct Llama: CausalLM {
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
struct LlamaBlock: LinearFields {
  private let attentionNorm: [Float]  // input_layernorm.weight
  private var query: Linear  // self_attn.q_proj, (heads · head dimension, hidden)
  private var key: Linear  // self_attn.k_proj, (key/value heads · head dimension, hidden)
  private var value: Linear  // self_attn.v_proj, as the key
  private var output: Linear  // self_attn.o_proj, (hidden, heads · head dimension)
  private let mlpNorm: [Float]  // post_attention_layernorm.weight
  private var gate: Linear  // mlp.gate_proj, (intermediate, hidden)
  private var up: Linear  // mlp.up_proj, as the gate
  private var down: Linear  // mlp.down_proj, (hidden, intermediate)

  private let shape: AttentionShape
  private let rotary: RotaryEmbedding
  private let epsilon: Float

  init(
    _ name: String, _ configuration: Llama.Configuration, _ rotary: RotaryEmbedding, _ reader: inout WeightReader
  ) throws(ModelError) {
    shape = configuration.attention
    self.rotary = rotary
    epsilon = configuration.epsilon
    let hidden = configuration.hiddenSize
    let all = shape.heads * shape.headDimension
    let shared = shape.keyValueHeads * shape.headDimension
    let bias = configuration.attentionBias
    attentionNorm = try reader.vector("\(name).input_layernorm.weight", hidden)
    query = try reader.linear("\(name).self_attn.q_proj", inputs: hidden, outputs: all, bias: bias)
    key = try reader.linear("\(name).self_attn.k_proj", inputs: hidden, outputs: shared, bias: bias)
    value = try reader.linear("\(name).self_attn.v_proj", inputs: hidden, outputs: shared, bias: bias)
    output = try reader.linear("\(name).self_attn.o_proj", inputs: all, outputs: hidden, bias: bias)
    let inner = configuration.intermediateSize
    let mlpBias = configuration.mlpBias
    mlpNorm = try reader.vector("\(name).post_attention_layernorm.weight", hidden)
    gate = try reader.linear("\(name).mlp.gate_proj", inputs: hidden, outputs: inner, bias: mlpBias)
    up = try reader.linear("\(name).mlp.up_proj", inputs: hidden, outputs: inner, bias: mlpBias)
    down = try reader.linear("\(name).mlp.down_proj", inputs: inner, outputs: hidden, bias: mlpBias)
  }

  let roles: [LinearRole] = [.query, .key, .value, .output, .gate, .up, .down]

  static func field(_ role: LinearRole) -> WritableKeyPath<Self, Linear> {
    switch role {
    case .query: return \.query
    case .key: return \.key
    case .value: return \.value
    case .output: return \.output
    case .gate: return \.gate
    case .up: return \.up
    case .down: return \.down
    case .fc1, .fc2: preconditionFailure("a block of LLaMA has no \(role.rawValue)")
    }
  }

  func apply(
    _ sublayer: Sublayer, to hidden: inout Matrix, sequences: Int, cache: KeyValueCache?,
    observing observer: InputObserver?
  ) {
    switch sublayer {
    case .attention: attend(&hidden, sequences: sequences, cache: cache, observing: observer)
    case .mlp: transform(&hidden, observing: observer)
    }
  }

  private func attend(
    _ hidden: inout Matrix, sequences: Int, cache: KeyValueCache?, observing observer: InputObserver?
  ) {
    let length = hidden.rows / max(sequences, 1)
    let x = hidden.rmsNormalized(weight: attentionNorm, epsilon: epsilon)
    observer?(x, [.query, .key, .value])
    var projected = Linear.outputs(of: [query, key, value], x)
    let position = cache?.count ?? 0
    rotary.apply(to: &projected[0], position: position, length: length)
    rotary.apply(to: &projected[1], position: position, length: length)
    let mixed = causalAttention(
      projected[0], projected[1], projected[2], shape, sequences: sequences, cache: cache)
    observer?(mixed, [.output])
    output.add(mixed, to: &hidden)
  }

  private func transform(_ hidden: inout Matrix, observing observer: InputObserver?) {
    let y = hidden.rmsNormalized(weight: mlpNorm, epsilon: epsilon)
    observer?(y, [.gate, .up])
    var gated = Linear.outputs(of: [gate, up], y)
    gated[0].applySiLU(times: gated[1])
    observer?(gated[0], [.down])
    down.add(gated[0], to: &hidden)
  }
}
