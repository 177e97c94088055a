import Support
import Tensor

/// OPT: learned positions, layer norms before or after attention and MLP, biases, ReLU.
///
/// Zhang et al., "OPT: Open Pre-trained Transformer Language Models" (2022).
struct OPT: Decoder {
  var trunk: Trunk
  let parameterCount: Int
  /// (positions + 2, hidden): the first two rows are padding's, so position p stands in row p + 2.
  private let positionTable: StoredMatrix
  /// project_in, (hidden, embedding), where the two sizes differ.
  private let projectIn: StoredMatrix?
  /// project_out, (embedding, hidden), where the two sizes differ.
  let projectOut: StoredMatrix?
  let finalNorm: LayerNorm?

  private static let positionOffset = 2

  fileprivate init(
    _ configuration: Configuration, _ reader: WeightReader, _ progress: ((Int, Int) -> Void)?
  ) throws(ModelError) {
    let (hidden, narrow) = (configuration.sizes.hiddenSize, configuration.sizes.embeddingSize)
    // Files saved from the bare decoder lack the outer name.
    let prefix = reader.has("decoder.embed_positions.weight") ? "decoder." : "model.decoder."
    trunk = try Trunk(configuration.sizes, reader, below: prefix, progress) { (name) throws(ModelError) in
      try OPTBlock(name, configuration, reader)
    }
    positionTable = try reader.matrix(
      "\(prefix)embed_positions.weight", configuration.sizes.maximumPositions + Self.positionOffset, hidden)
    projectIn = narrow == hidden ? nil : try reader.matrix("\(prefix)project_in.weight", hidden, narrow)
    projectOut = narrow == hidden ? nil : try reader.matrix("\(prefix)project_out.weight", narrow, hidden)
    finalNorm = configuration.hasFinalNorm ? try LayerNorm("\(prefix)final_layer_norm", hidden, reader) : nil
    parameterCount = reader.parameterCount
  }

  /// The sum of the tokens' and the positions' embeddings.
  func embed(_ tokens: [Int], positions: [Int]) -> Matrix {
    var hidden = trunk.embed(tokens)
    if let projectIn { hidden = matmul(hidden, transposed: projectIn) }
    hidden.add(positionTable.rows(positions.map { $0 + Self.positionOffset }))
    return hidden
  }

  /// The final norm and the projection, as far as the model has them.
  func headInputs(_ hidden: Matrix) -> Matrix {
    let normalized = finalNorm.map { $0(hidden) } ?? hidden
    return projectOut.map { matmul(normalized, transposed: $0) } ?? normalized
  }
}

/// A layer norm with its weight and bias, each (hidden).
struct LayerNorm: Sendable {
  let weight: [Float]
  private let bias: [Float]
  static let epsilon: Float = 1e-5

  fileprivate init(_ name: String, _ count: Int, _ reader: WeightReader) throws(ModelError) {
    weight = try reader.vector("\(name).weight", count)
    bias = try reader.vector("\(name).bias", count)
  }

  func callAsFunction(_ x: Matrix) -> Matrix { x.layerNormalized(weight: weight, bias: bias, epsilon: Self.epsilon) }
}

/// One block of OPT.
struct OPTBlock: LinearsBlock {
  let attentionNorm: LayerNorm  // self_attn_layer_norm
  let mlpNorm: LayerNorm  // final_layer_norm, though it is not the model's final one
  var linears: BlockLinears

  let shape: AttentionShape
  let isPreNorm: Bool

  fileprivate init(_ name: String, _ configuration: OPT.Configuration, _ reader: WeightReader) throws(ModelError) {
    shape = configuration.sizes.attention
    isPreNorm = configuration.isPreNorm
    attentionNorm = try LayerNorm("\(name).self_attn_layer_norm", configuration.sizes.hiddenSize, reader)
    mlpNorm = try LayerNorm("\(name).final_layer_norm", configuration.sizes.hiddenSize, reader)
    linears = try BlockLinears(name, configuration.linears, reader)
  }

  func attend(_ hidden: inout Matrix, sequences: Int, caches: SequenceCaches?, observing observer: InputObserver?) {
    let x = isPreNorm ? attentionNorm(hidden) : hidden
    let projected = linears.outputs(of: [.key, .value, .query], x, observing: observer)
    let mixed = causalAttention(projected[2], projected[0], projected[1], shape, sequences: sequences, caches: caches)
    linears.add(.output, mixed, to: &hidden, observing: observer)
    if !isPreNorm { hidden = attentionNorm(hidden) }
  }

  func transform(_ hidden: inout Matrix, observing observer: InputObserver?) {
    let y = isPreNorm ? mlpNorm(hidden) : hidden
    var inner = linears.outputs(of: [.fc1], y, observing: observer)[0]
    inner.applyReLU()
    linears.add(.fc2, inner, to: &hidden, observing: observer)
    if !isPreNorm { hidden = mlpNorm(hidden) }
  }
}

extension ModelDirectory.Architecture {
  /// OPT.
  public static let opt = Self(rawValue: "opt") { json throws(DocumentError) in try OPT.Configuration(json) }
}

extension OPT {
  /// The fields of `config.json`.
  fileprivate struct Configuration: ModelConfiguration {
    let sizes: ModelSizes
    let linears: [[LinearLayout]]
    /// Whether norms stand in front of attention and MLP, or behind them (350m).
    let isPreNorm: Bool
    /// Whether a norm follows the last block.
    let hasFinalNorm: Bool

    init(_ json: FieldReader) throws(DocumentError) {
      try json.require("activation_function", "relu")
      if let affine = json.optional("layer_norm_elementwise_affine"), try !affine.bool() {
        throw affine.unsupported("false", supported: "true")
      }
      let narrow = try json.size("word_embed_proj_dim", default: json.size("hidden_size"))
      sizes = try ModelSizes(json, embeddingSize: narrow, positions: 2048, isTied: true)
      isPreNorm = try json.flag("do_layer_norm_before", default: true)
      let removesFinalNorm = try json.flag("_remove_final_layer_norm", default: false)
      hasFinalNorm = isPreNorm && !removesFinalNorm

      let (hidden, inner) = (sizes.hiddenSize, try json.size("ffn_dim"))
      let hasBias = try json.flag("enable_bias", default: true)
      func linear(_ role: LinearRole, _ module: String, _ outputs: Int, _ inputs: Int) -> LinearLayout {
        LinearLayout(role: role, module: module, outputs: outputs, inputs: inputs, hasBias: hasBias)
      }
      linears = [
        [
          linear(.key, "self_attn.k_proj", hidden, hidden), linear(.value, "self_attn.v_proj", hidden, hidden),
          linear(.query, "self_attn.q_proj", hidden, hidden),
        ],
        [linear(.output, "self_attn.out_proj", hidden, hidden)],
        [linear(.fc1, "fc1", inner, hidden)],
        [linear(.fc2, "fc2", hidden, inner)],
      ]
    }

    func load(_ reader: WeightReader, _ progress: ((Int, Int) -> Void)?) throws(ModelError) -> any CausalLM {
      try OPT(self, reader, progress)
    }
  }
}
