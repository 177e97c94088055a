import Support
import Tensor

/// OPT: learned positions, layer norms before or after attention and MLP, biases, ReLU.
///
/// Zhang et al., "OPT: Open Pre-trained Transformer Language Models" (2022).
public struct OPT: CausalLM {
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

  /// The fields of `config.json`.
  public let configuration: Configuration
  /// The blocks in order.
  public var blocks: [any TransformerBlock]
  /// Numbers in the checkpoint, tied ones counted once.
  public let parameterCount: Int
  /// (vocabulary, embedding) each.
  private let tables: Vocabulary
  /// (positions + 2, hidden): the first two rows are padding's, so position p stands in row p + 2.
  private let positions: StoredMatrix
  /// project_in, (hidden, embedding), where the two sizes differ.
  private let projectIn: StoredMatrix?
  /// project_out, (embedding, hidden), where the two sizes differ.
  private let projectOut: StoredMatrix?
  private let finalNorm: LayerNorm?

  private static let positionOffset = 2

  /// Columns of the hidden states.
  public var hiddenSize: Int { configuration.hiddenSize }
  /// Tokens that a sequence may have.
  public var maximumPositions: Int { configuration.maximumPositions }
  /// The output projection, (vocabulary, embedding): the embedding table where the two are tied.
  public var head: StoredMatrix { tables.head }

  init(
    _ configuration: Configuration, _ reader: inout WeightReader, _ progress: ((Int, Int) -> Void)?
  ) throws(ModelError) {
    let hidden = configuration.hiddenSize
    let narrow = configuration.embeddingSize
    // Files saved from the bare decoder lack the outer name.
    let prefix = reader.has("decoder.embed_positions.weight") ? "decoder" : "model.decoder"
    self.configuration = configuration
    tables = try reader.vocabulary(embedding: "\(prefix).embed_tokens.weight", configuration)
    positions = try reader.matrix(
      "\(prefix).embed_positions.weight", configuration.maximumPositions + Self.positionOffset, hidden)
    let projects = narrow != hidden
    projectIn = projects ? try reader.matrix("\(prefix).project_in.weight", hidden, narrow) : nil
    projectOut = projects ? try reader.matrix("\(prefix).project_out.weight", narrow, hidden) : nil
    blocks = try reader.blocks(configuration.blockCount, progress) { (index, reader) throws(ModelError) in
      try OPTBlock("\(prefix).layers.\(index)", configuration, &reader)
    }
    finalNorm = configuration.hasFinalNorm ? try LayerNorm("\(prefix).final_layer_norm", hidden, &reader) : nil
    parameterCount = reader.parameterCount
  }

  /// The sum of the tokens' and the positions' embeddings, (tokens, hidden).
  public func embed(_ tokens: TokenBatch, position: Int) -> Matrix {
    var hidden = embeddingRows(tables.embedding, tokens.tokens)
    if let projectIn { hidden = matmul(hidden, transposed: projectIn) }
    let rows = tokens.tokens.indices.map { position + $0 % tokens.length + Self.positionOffset }
    hidden.add(embeddingRows(positions, rows))
    return hidden
  }

  /// The final norm and the projection, as far as the model has them: (tokens, embedding).
  public func headInputs(_ hidden: Matrix) -> Matrix {
    let normalized = finalNorm.map { $0(hidden) } ?? hidden
    return projectOut.map { matmul(normalized, transposed: $0) } ?? normalized
  }
}

/// A layer norm with its weight and bias, each (hidden).
struct LayerNorm: Sendable {
  private let weight: [Float]
  private let bias: [Float]
  private static let epsilon: Float = 1e-5

  init(_ name: String, _ count: Int, _ reader: inout WeightReader) throws(ModelError) {
    weight = try reader.vector("\(name).weight", count)
    bias = try reader.vector("\(name).bias", count)
  }

  func callAsFunction(_ x: Matrix) -> Matrix { x.layerNormalized(weight: weight, bias: bias, epsilon: Self.epsilon) }
}

/// One block of OPT.
struct OPTBlock: LinearsBlock {
  private let attentionNorm: LayerNorm  // self_attn_layer_norm
  private let mlpNorm: LayerNorm  // final_layer_norm, though it is not the model's final one
  var linears: BlockLinears

  private let shape: AttentionShape
  private let isPreNorm: Bool

  init(_ name: String, _ configuration: OPT.Configuration, _ reader: inout WeightReader) throws(ModelError) {
    shape = configuration.attention
    isPreNorm = configuration.isPreNorm
    attentionNorm = try LayerNorm("\(name).self_attn_layer_norm", configuration.hiddenSize, &reader)
    mlpNorm = try LayerNorm("\(name).final_layer_norm", configuration.hiddenSize, &reader)
    linears = try BlockLinears(name, configuration.linears, &reader)
  }

  func attend(_ hidden: inout Matrix, sequences: Int, cache: KeyValueCache?, observing observer: InputObserver?) {
    let x = isPreNorm ? attentionNorm(hidden) : hidden
    let projected = linears.outputs(of: [.key, .value, .query], x, observing: observer)
    let mixed = causalAttention(projected[2], projected[0], projected[1], shape, sequences: sequences, cache: cache)
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
  public static let opt = Self(rawValue: "opt") { json throws(ModelError) in try OPT.Configuration(json) }
}

extension OPT.Configuration: ModelConfiguration {
  var linears: [[LinearLayout]] {
    let (hidden, inner) = (hiddenSize, intermediateSize)
    func linear(_ role: LinearRole, _ module: String, _ outputs: Int, _ inputs: Int) -> LinearLayout {
      LinearLayout(role: role, module: module, outputs: outputs, inputs: inputs, hasBias: hasBias)
    }
    return [
      [
        linear(.key, "self_attn.k_proj", hidden, hidden), linear(.value, "self_attn.v_proj", hidden, hidden),
        linear(.query, "self_attn.q_proj", hidden, hidden),
      ],
      [linear(.output, "self_attn.out_proj", hidden, hidden)],
      [linear(.fc1, "fc1", inner, hidden)],
      [linear(.fc2, "fc2", hidden, inner)],
    ]
  }

  func load(_ reader: inout WeightReader, _ progress: ((Int, Int) -> Void)?) throws(ModelError) -> any CausalLM {
    try OPT(self, &reader, progress)
  }

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
