import Support
import Tensor

/// LLaMA 1, 2 and 3: pre-norm blocks of rotary attention and a gated MLP.
///
/// Touvron et al., "LLaMA" (2023); Grattafiori et al., "The Llama 3 Herd of Models" (2024).
struct Llama: Decoder {
  var trunk: Trunk
  let parameterCount: Int
  let norm: RMSNorm

  fileprivate init(
    _ configuration: Configuration, _ reader: WeightReader, _ progress: ((Int, Int) -> Void)?
  ) throws(ModelError) {
    // Files saved from the bare decoder lack the outer name.
    let prefix = reader.has("norm.weight") ? "" : "model."
    trunk = try Trunk(configuration.sizes, reader, below: prefix, progress) { (name) throws(ModelError) in
      try LlamaBlock(name, configuration, reader)
    }
    norm = try RMSNorm("\(prefix)norm", configuration, reader)
    parameterCount = reader.parameterCount
  }

  /// The rows of the embedding table; the position enters in the attention only.
  func embed(_ tokens: [Int], positions: [Int]) -> Matrix { trunk.embed(tokens) }

  /// The final norm.
  func headInputs(_ hidden: Matrix) -> Matrix { norm(hidden) }
}

/// A norm by the root of the mean square, with its weight, (hidden) or (columns of a head).
struct RMSNorm: Sendable {
  let weight: [Float]
  let epsilon: Float

  fileprivate init(
    _ name: String, _ configuration: Llama.Configuration, _ reader: WeightReader, count: Int? = nil
  ) throws(ModelError) {
    weight = try reader.vector("\(name).weight", count ?? configuration.sizes.hiddenSize)
    epsilon = configuration.epsilon
  }

  func callAsFunction(_ x: Matrix) -> Matrix { x.rmsNormalized(weight: weight, epsilon: epsilon) }

  /// Normalises each of the heads in a row by itself.
  func normalizeHeads(of x: inout Matrix) { x.applyRMSNorm(weight: weight, epsilon: epsilon) }
}

/// One block of LLaMA.
struct LlamaBlock: LinearsBlock {
  let attentionNorm: RMSNorm
  let mlpNorm: RMSNorm
  let queryNorm: RMSNorm?
  let keyNorm: RMSNorm?
  var linears: BlockLinears

  let shape: AttentionShape
  let rotary: RotaryEmbedding

  fileprivate init(_ name: String, _ configuration: Llama.Configuration, _ reader: WeightReader) throws(ModelError) {
    shape = configuration.sizes.attention
    rotary = configuration.rotary
    attentionNorm = try RMSNorm("\(name).input_layernorm", configuration, reader)
    mlpNorm = try RMSNorm("\(name).post_attention_layernorm", configuration, reader)
    let head = configuration.normalizesHeads ? shape.headDimension : nil
    queryNorm = try head.map { (head) throws(ModelError) in
      try RMSNorm("\(name).self_attn.q_norm", configuration, reader, count: head)
    }
    keyNorm = try head.map { (head) throws(ModelError) in
      try RMSNorm("\(name).self_attn.k_norm", configuration, reader, count: head)
    }
    linears = try BlockLinears(name, configuration.linears, reader)
  }

  func attend(_ hidden: inout Matrix, sequences: Int, caches: SequenceCaches?, observing observer: InputObserver?) {
    var projected = linears.outputs(of: [.query, .key, .value], attentionNorm(hidden), observing: observer)
    prepareHeads(&projected, caches?.positions ?? positions(rows: hidden.rows, sequences: sequences))
    let mixed = causalAttention(projected[0], projected[1], projected[2], shape, sequences: sequences, caches: caches)
    linears.add(.output, mixed, to: &hidden, observing: observer)
  }

  /// Queries and keys as the attention takes them: normalised, where the model does that, and turned by their positions.
  func prepareHeads(_ projected: inout [Matrix], _ positions: [Int]) {
    queryNorm?.normalizeHeads(of: &projected[0])
    keyNorm?.normalizeHeads(of: &projected[1])
    for i in 0...1 { rotary.apply(to: &projected[i], positions: positions) }
  }

  func transform(_ hidden: inout Matrix, observing observer: InputObserver?) {
    var gated = linears.outputs(of: [.gate, .up], mlpNorm(hidden), observing: observer)
    gated[0].applySiLU(times: gated[1])
    linears.add(.down, gated[0], to: &hidden, observing: observer)
  }
}

extension ModelDirectory.Architecture {
  /// LLaMA 1, 2 and 3.
  public static let llama = Self(rawValue: "llama") { json throws(DocumentError) in
    var biased = try biasedAttention(json)
    if try json.flag("mlp_bias", default: false) { biased.formUnion([.gate, .up, .down]) }
    var configuration = try Llama.Configuration(json, biased: biased)
    // transformers' LLaMA has no window; a file that names one was trained with it.
    if json.optional("sliding_window") != nil, try json.flag("use_sliding_window", default: true) {
      try configuration.limitPositions(toWindowOf: json)
    }
    return configuration
  }

  /// The linears of the attention that have biases: all or none, as `attention_bias` says.
  static func biasedAttention(_ json: FieldReader) throws(DocumentError) -> Set<LinearRole> {
    try json.flag("attention_bias", default: false) ? [.query, .key, .value, .output] : []
  }
}

extension Llama {
  /// The fields of `config.json`, in the classic spelling and in that of transformers 5.
  struct Configuration: ModelConfiguration {
    var sizes: ModelSizes
    let linears: [[LinearLayout]]
    /// Added to the mean square in every norm.
    fileprivate let epsilon: Float
    /// Whether every query and key head is normalised before it is turned.
    var normalizesHeads = false
    fileprivate let rotary: RotaryEmbedding

    /// Reads the configuration of LLaMA, or of a model that has LLaMA's blocks and its own defaults of the positions, of
    /// the key/value heads (nil: as many as there are heads) and of a head's columns (nil: the hidden states', shared out).
    init(
      _ json: FieldReader, positions: Int = 2048, keyValueHeads grouped: Int? = nil, headDimension usual: Int? = nil,
      biased: Set<LinearRole>
    ) throws(DocumentError) {
      // Two names of one function.
      try json.require("hidden_act", "silu", "swish")
      // An absent field has the model's default; null stands for as many as there are heads.
      let absent = json.json["num_key_value_heads"] == nil ? grouped : nil
      sizes = try ModelSizes(
        json, keyValueHeads: json.optionalSize("num_key_value_heads") ?? absent,
        headDimension: json.optionalSize("head_dim") ?? usual, positions: positions, isTied: false)
      epsilon = Float(try json.optional("rms_norm_eps")?.positive() ?? 1e-6)
      rotary = try RotaryEmbedding(
        json, headDimension: sizes.attention.headDimension, positions: sizes.maximumPositions)

      let (hidden, inner) = (sizes.hiddenSize, try json.size("intermediate_size"))
      let all = sizes.attention.heads * sizes.attention.headDimension
      let shared = sizes.attention.keyValueHeads * sizes.attention.headDimension
      func linear(_ role: LinearRole, _ module: String, _ outputs: Int, _ inputs: Int) -> LinearLayout {
        LinearLayout(role: role, module: module, outputs: outputs, inputs: inputs, hasBias: biased.contains(role))
      }
      linears = [
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
  }
}
