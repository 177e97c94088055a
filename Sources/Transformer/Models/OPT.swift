import Tensor

/// OPT: learned positions, layer norms before or after attention and MLP, biases, ReLU.
///
/// Zhang et al., "OPT: Open Pre-trained Transformer Language Models" (2022).
public struct OPT: CausalLM {
  /// The fields of `config.json`.
  public let configuration: Configuration
  /// The blocks in order.
  public var blocks: [any TransformerBlock]
  /// Numbers in the checkpoint, tied ones counted once.
  public let parameterCount: Int
  /// (vocabulary, embedding).
  private let embedding: StoredMatrix
  /// (positions + 2, hidden): the first two rows are padding's, so position p stands in row p + 2.
  private let positions: StoredMatrix
  /// project_in, (hidden, embedding), where the two sizes differ.
  private let projectIn: StoredMatrix?
  /// project_out, (embedding, hidden), where the two sizes differ.
  private let projectOut: StoredMatrix?
  private let finalNorm: LayerNorm?
  private let ownHead: StoredMatrix?

  private static let positionOffset = 2

  /// Columns of the hidden states.
  public var hiddenSize: Int { configuration.hiddenSize }
  /// Tokens that a sequence may have.
  public var maximumPositions: Int { configuration.maximumPositions }
  /// The output projection, (vocabulary, embedding): the embedding table where the two are tied.
  public var head: StoredMatrix { ownHead ?? embedding }

  init(
    _ configuration: Configuration, _ reader: WeightReader, _ progress: ((Int, Int) -> Void)?
  ) throws(ModelError) {
    var reader = reader
    let hidden = configuration.hiddenSize
    let narrow = configuration.embeddingSize
    let vocabulary = configuration.vocabularySize
    // Files saved from the bare decoder lack the outer name.
    let prefix = reader.has("decoder.embed_tokens.weight") ? "decoder" : "model.decoder"
    self.configuration = configuration
    embedding = try reader.matrix("\(prefix).embed_tokens.weight", vocabulary, narrow)
    positions = try reader.matrix(
      "\(prefix).embed_positions.weight", configuration.maximumPositions + Self.positionOffset, hidden)
    let projects = narrow != hidden
    projectIn = projects ? try reader.matrix("\(prefix).project_in.weight", hidden, narrow) : nil
    projectOut = projects ? try reader.matrix("\(prefix).project_out.weight", narrow, hidden) : nil
    var blocks: [any TransformerBlock] = []
    for index in 0..<configuration.blockCount {
      blocks.append(try OPTBlock("\(prefix).layers.\(index)", configuration, &reader))
      progress?(blocks.count, configuration.blockCount)
    }
    self.blocks = blocks
    finalNorm = configuration.hasFinalNorm ? try LayerNorm("\(prefix).final_layer_norm", hidden, &reader) : nil
    ownHead = configuration.isTied ? nil : try reader.matrix("lm_head.weight", vocabulary, narrow)
    parameterCount = reader.parameterCount
  }

  /// The sum of the tokens' and the positions' embeddings, (tokens, hidden).
  public func embed(_ tokens: TokenBatch, position: Int) -> Matrix {
    var hidden = embeddingRows(embedding, tokens.tokens)
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
struct OPTBlock: LinearFields {
  private let attentionNorm: LayerNorm  // self_attn_layer_norm
  private var key: Linear  // self_attn.k_proj, (hidden, hidden)
  private var value: Linear  // self_attn.v_proj
  private var query: Linear  // self_attn.q_proj
  private var output: Linear  // self_attn.out_proj
  private let mlpNorm: LayerNorm  // final_layer_norm, though it is not the model's final one
  private var fc1: Linear  // fc1, (intermediate, hidden)
  private var fc2: Linear  // fc2, (hidden, intermediate)

  private let shape: AttentionShape
  private let isPreNorm: Bool

  init(_ name: String, _ configuration: OPT.Configuration, _ reader: inout WeightReader) throws(ModelError) {
    let hidden = configuration.hiddenSize
    let inner = configuration.intermediateSize
    let bias = configuration.hasBias
    shape = configuration.attention
    isPreNorm = configuration.isPreNorm
    attentionNorm = try LayerNorm("\(name).self_attn_layer_norm", hidden, &reader)
    key = try reader.linear("\(name).self_attn.k_proj", inputs: hidden, outputs: hidden, bias: bias)
    value = try reader.linear("\(name).self_attn.v_proj", inputs: hidden, outputs: hidden, bias: bias)
    query = try reader.linear("\(name).self_attn.q_proj", inputs: hidden, outputs: hidden, bias: bias)
    output = try reader.linear("\(name).self_attn.out_proj", inputs: hidden, outputs: hidden, bias: bias)
    mlpNorm = try LayerNorm("\(name).final_layer_norm", hidden, &reader)
    fc1 = try reader.linear("\(name).fc1", inputs: hidden, outputs: inner, bias: bias)
    fc2 = try reader.linear("\(name).fc2", inputs: inner, outputs: hidden, bias: bias)
  }

  let roles: [LinearRole] = [.key, .value, .query, .output, .fc1, .fc2]

  static func field(_ role: LinearRole) -> WritableKeyPath<Self, Linear> {
    switch role {
    case .key: return \.key
    case .value: return \.value
    case .query: return \.query
    case .output: return \.output
    case .fc1: return \.fc1
    case .fc2: return \.fc2
    case .gate, .up, .down: preconditionFailure("a block of OPT has no \(role.rawValue)")
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
    let x = isPreNorm ? attentionNorm(hidden) : hidden
    observer?(x, [.key, .value, .query])
    let projected = Linear.outputs(of: [query, key, value], x)
    let mixed = causalAttention(
      projected[0], projected[1], projected[2], shape, sequences: sequences, cache: cache)
    observer?(mixed, [.output])
    output.add(mixed, to: &hidden)
    if !isPreNorm { hidden = attentionNorm(hidden) }
  }

  private func transform(_ hidden: inout Matrix, observing observer: InputObserver?) {
    let y = isPreNorm ? mlpNorm(hidden) : hidden
    observer?(y, [.fc1])
    var inner = fc1(y)
    inner.applyReLU()
    observer?(inner, [.fc2])
    fc2.add(inner, to: &hidden)
    if !isPreNorm { hidden = mlpNorm(hidden) }
  }
}
